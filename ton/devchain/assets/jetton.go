package assets

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/ton/jetton"
	"github.com/xssnick/tonutils-go/ton/nft"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// opInternalTransfer is how jettons arrive at a wallet (TEP-74).
const opInternalTransfer = 0x178d4519

// Metadata is what a token says about itself (TEP-64), on the chain. Jettons of one admin differ in it.
type Metadata struct {
	Name, Symbol string
	Decimals     uint8
}

func (m Metadata) cell() (*cell.Cell, error) {
	var c nft.ContentOnchain
	err := errors.Join(c.SetAttribute("name", m.Name), c.SetAttribute("symbol", m.Symbol),
		c.SetAttribute("decimals", strconv.Itoa(int(m.Decimals))))
	if err != nil {
		return nil, err
	}
	return c.ContentCell()
}

// Jetton is a jetton on a chain.
type Jetton struct {
	Master, Admin ton.Address

	chain *devchain.Chain
}

// NewJetton deploys the master of a jetton, of which there is none yet.
func NewJetton(c *devchain.Chain, admin ton.Address, m Metadata) (*Jetton, error) {
	content, err := m.cell()
	if err != nil {
		return nil, fmt.Errorf("describe jetton: %w", err)
	}
	master := newContract(minterCode, cell.BeginCell().MustStoreCoins(0).MustStoreAddr(friendly(admin)).
		MustStoreRef(content).MustStoreRef(walletCode))
	if err := master.deploy(c, admin); err != nil {
		return nil, fmt.Errorf("deploy jetton: %w", err)
	}
	return &Jetton{master.address, admin, c}, nil
}

// Mint adds to what an owner has, in the jetton's smallest units, and deploys the owner's wallet if need be.
func (j *Jetton) Mint(owner ton.Address, amount ton.Nano) error {
	body, err := j.mintBody(owner, amount)
	if err != nil {
		return fmt.Errorf("mint: %w", err)
	}
	before, err := j.Balance(context.Background(), owner)
	if err != nil {
		return fmt.Errorf("mint: %w", err)
	}
	if err := j.chain.Deliver(devchain.Message{From: j.Admin, To: j.Master, Value: attached, Bounce: true, Body: body}); err != nil {
		return fmt.Errorf("mint: %w", err)
	}
	after, err := j.Balance(context.Background(), owner)
	if err != nil {
		return fmt.Errorf("mint: %w", err)
	}
	if got, err := after.Sub(before); err != nil || got != amount {
		return fmt.Errorf("mint: the master refused: %v has %s, before it was %s", owner, after.Format(0), before.Format(0))
	}
	return nil
}

func (j *Jetton) mintBody(owner ton.Address, amount ton.Nano) (*cell.Cell, error) {
	rest := cell.BeginCell().MustStoreAddr(friendly(j.Master)).MustStoreAddr(friendly(j.Admin)).
		MustStoreCoins(0).MustStoreBoolBit(false).EndCell() // from, response, nothing forwarded
	return tlb.ToCell(&jetton.MintPayload{
		ToAddress: friendly(owner), Amount: coins(passed),
		MasterMsg: jetton.MintPayloadMasterMsg{Opcode: opInternalTransfer, JettonAmount: coins(amount), RestData: rest},
	})
}

// Wallet is the address of an owner's wallet, whether or not it is there yet.
func (j *Jetton) Wallet(owner ton.Address) ton.Address {
	return newContract(walletCode, cell.BeginCell().MustStoreCoins(0).MustStoreAddr(friendly(owner)).
		MustStoreAddr(friendly(j.Master)).MustStoreRef(walletCode)).address
}

// Balance is what an owner's wallet says that it holds; zero when it isn't there.
func (j *Jetton) Balance(ctx context.Context, owner ton.Address) (ton.Nano, error) {
	r, err := get(ctx, j.chain, j.Wallet(owner), "get_wallet_data")
	if e, ok := errors.AsType[lite.ContractExecError](err); ok && e.Code == lite.ErrCodeContractNotInitialized {
		return ton.Nano{}, nil
	}
	if err != nil {
		return ton.Nano{}, fmt.Errorf("read jetton wallet: %w", err)
	}
	n, err := r.Int(0)
	if err != nil {
		return ton.Nano{}, fmt.Errorf("read jetton wallet: %w", err)
	}
	return ton.NanoFromBig(n)
}
