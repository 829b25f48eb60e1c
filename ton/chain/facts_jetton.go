package chain

import (
	"context"
	"fmt"

	"github.com/tonaiagent/mpcnode/ton"
)

// JettonWallet returns where a jetton with that master keeps what an account holds of it, by the master's proven word.
func (c *Client) JettonWallet(ctx context.Context, master, owner ton.Address) (ton.Address, error) {
	ctx, cancel := context.WithTimeout(ctx, factsTimeout)
	defer cancel()
	l, err := c.look(ctx)
	if err != nil {
		return ton.Address{}, fmt.Errorf("find jetton wallet: %w", err)
	}
	return (&prover{look: l, own: owner}).walletOf(ctx, master, owner)
}

// jetton proves the own jetton wallet, and what is known of who receives.
func (p *prover) jetton(ctx context.Context, j ton.Jetton, f *ton.Facts) error {
	if p.claim.Asset == ton.Native {
		return p.coinsV1(ctx, j, f)
	}
	if err := p.jettonWallet(ctx, f); err != nil || j.Destination.IsZero() {
		return err
	}
	acc, err := p.account(ctx, j.Destination)
	if err != nil {
		return err
	}
	f.Receiver = ton.Receiver{Account: acc}
	if f.Receiver.Wallet, err = p.walletOf(ctx, f.Master, j.Destination); err != nil {
		return err
	}
	if j.Payload.Swap.Venue != "" {
		return p.swap(ctx, j, f)
	}
	return p.receiver(ctx, f)
}

// receiver finds out whether what is received is an order.
func (p *prover) receiver(ctx context.Context, f *ton.Facts) error {
	v, ok := p.vouches(f.Receiver.Account)
	if !ok {
		return nil
	}
	f.Receiver.Role, f.Receiver.Venue = v.Role, v.Venue
	if v.Role != ton.RoleSale && v.Role != ton.RoleAuction {
		return nil
	}
	return p.listed(ctx, &f.Receiver)
}

// jettonWallet proves that the destination is the own wallet of the jetton that was claimed: its master says so, whose
// word is what makes a jetton wallet (TEP-74).
func (p *prover) jettonWallet(ctx context.Context, f *ton.Facts) error {
	master, ok := ton.JettonMaster(p.claim.Asset)
	if !ok {
		return fmt.Errorf("asset %q is no jetton", p.claim.Asset)
	}
	wallet, err := p.walletOf(ctx, master, p.own)
	if err != nil {
		return err
	}
	if wallet != f.Account.Address {
		return fmt.Errorf("the own wallet of %s is %s", p.claim.Asset, wallet)
	}
	if err := p.holding(ctx, master, f); err != nil {
		return err
	}
	f.Role, f.Owner, f.Master = ton.RoleJettonWallet, p.own, master
	f.Program, err = p.program(ctx, master)
	return err
}

// program says whose staked coins a jetton stands for, if the policy says so.
func (p *prover) program(ctx context.Context, master ton.Address) (ton.Program, error) {
	acc, err := p.account(ctx, master)
	if err != nil {
		return "", err
	}
	v, _ := p.vouches(acc, ton.RoleJetton)
	return v.Program, nil
}

// walletOf asks a master for an account's jetton wallet. A master may be upgraded at any time, so it is asked anew on
// every block: that costs less than reading its state, which must be done to know that it is the same.
func (p *prover) walletOf(ctx context.Context, master, owner ton.Address) (ton.Address, error) {
	return p.wallets.get([2]ton.Address{master, owner}, func() (ton.Address, error) {
		r, err := p.results(ctx, master, "get_wallet_address", ton.AddressSlice(owner))
		if err != nil {
			return ton.Address{}, err
		}
		wallet := r.Address()
		return wallet, r.Err()
	})
}

// holding reads what a proven jetton wallet keeps. Nothing is deployed there before the first jettons come.
func (p *prover) holding(ctx context.Context, master ton.Address, f *ton.Facts) error {
	if f.Account.Status != ton.StatusActive {
		return nil
	}
	acc, err := p.contract(ctx, f.Account.Address)
	if err != nil {
		return err
	}
	f.Account = acc
	r, err := p.results(ctx, acc.Address, "get_wallet_data")
	if err != nil {
		return err
	}
	balance, owner, of := r.Amount(), r.Address(), r.Address()
	if r.Err() != nil {
		return r.Err()
	}
	if owner != p.own || of != master {
		return fmt.Errorf("jetton wallet %s is that of %s for master %s", acc.Address, owner, of)
	}
	f.Balance = balance
	f.Locked, err = p.locked(ctx, acc.Address)
	return err
}

// locked reads the status of a governed jetton's wallet (github.com/ton-blockchain/stablecoin-contract): others have no
// such method, and nobody can lock them, or mean by it that an airdrop was claimed (TEP-177).
func (p *prover) locked(ctx context.Context, wallet ton.Address) (bool, error) {
	r, err := p.results(ctx, wallet, "get_status")
	if ton.NoSuchMethod(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if _, err := p.run(ctx, wallet, "is_claimed"); !ton.NoSuchMethod(err) {
		return false, err
	}
	locked := r.Bool()
	return locked, r.Err()
}
