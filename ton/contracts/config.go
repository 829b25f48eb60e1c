package contracts

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Config is the part of a policy that holds for every spend.
//
//	wallet_id:uint32 spender:bits256 per_tx:Coins per_day:Coins reserve:Coins max_count:uint16 max_validity:uint32
//	  ops:(HashmapE 32 Bool)
type Config struct {
	WalletID    uint32   // WalletID: binds network and subwallet
	Spender     [32]byte // Ed25519 key, RFC 8032 encoding
	PerTx       ton.Nano
	PerDay      ton.Nano // in any 24 hours
	Reserve     ton.Nano // what the balance must hold beyond a spend
	MaxCount    uint16   // spends in any 24 hours
	MaxValidity uint32   // seconds
	Ops         []uint32 // ascending; their effect on anything but TON is unlimited
}

// maxSubwallet bounds the 15 bits of a subwallet number, as in W5.
const maxSubwallet = 1<<15 - 1

// WalletID is the id of a wallet on the network globalID (−239 mainnet, −3 testnet), as W5 builds it.
func WalletID(globalID int32, subwallet uint16) (uint32, error) {
	if subwallet > maxSubwallet {
		return 0, fmt.Errorf("subwallet %d: at most %d", subwallet, maxSubwallet)
	}
	return (1<<31 | uint32(subwallet)) ^ uint32(globalID), nil
}

// Check refuses a configuration that the contract would refuse in set_policy, or that nobody should deploy with.
func (c Config) Check() error {
	switch {
	case c.Spender == [32]byte{}:
		return refuse(ExitBadPolicy, "spender's key is missing")
	case c.PerTx.Cmp(c.PerDay) > 0:
		return refuse(ExitBadPolicy, "per_tx %s is more than per_day %s", c.PerTx, c.PerDay)
	case c.PerDay.Cmp(ton.NanoOf(math.MaxUint64)) > 0:
		return refuse(ExitBadPolicy, "per_day %s does not fit 64 bits", c.PerDay)
	case c.Reserve.Cmp(ton.NanoOf(MinReserve)) < 0:
		return refuse(ExitBadPolicy, "reserve %s is less than %s", c.Reserve, ton.NanoOf(MinReserve))
	case c.MaxValidity == 0 || c.MaxValidity > MaxValidity:
		return refuse(ExitBadPolicy, "max_validity is %d s, want 1 to %d", c.MaxValidity, MaxValidity)
	case len(c.Ops) > MaxOps || depth(c.ops()) > maxOpsDepth:
		return refuse(ExitBadPolicy, "%d operations, at most %d", len(c.Ops), MaxOps)
	case slices.Contains(c.Ops, opJettonTransfer):
		return refuse(ExitBadPolicy, "a jetton transfer can't be a listed operation: it needs a rule with limits")
	}
	return nil
}

func (c Config) ops() *cell.Cell {
	var keys [][]byte
	for _, op := range c.Ops {
		keys = append(keys, binary.BigEndian.AppendUint32(nil, op))
	}
	return setOf(keys)
}

func (c Config) cell() *cell.Cell {
	b := cell.BeginCell().MustStoreUInt(uint64(c.WalletID), 32).MustStoreSlice(c.Spender[:], 256)
	storeCoins(storeCoins(storeCoins(b, c.PerTx), c.PerDay), c.Reserve)
	return b.MustStoreUInt(uint64(c.MaxCount), 16).MustStoreUInt(uint64(c.MaxValidity), 32).MustStoreMaybeRef(c.ops()).EndCell()
}

func readConfig(root *cell.Cell) (c Config, err error) {
	r := read(root)
	c.WalletID, c.Spender = uint32(r.uint(32)), r.bits256()
	c.PerTx, c.PerDay, c.Reserve = r.coins(), r.coins(), r.coins()
	c.MaxCount, c.MaxValidity = uint16(r.uint(16)), uint32(r.uint(32))
	ops := r.maybeRef()
	if err := r.end(); err != nil {
		return c, fmt.Errorf("read config: %w", err)
	}
	keys, err := readSet(ops, 32, MaxOps)
	if err != nil {
		return c, fmt.Errorf("read config: operations: %w", err)
	}
	for _, k := range keys {
		c.Ops = append(c.Ops, binary.BigEndian.Uint32(k))
	}
	slices.Sort(c.Ops)
	return c, nil
}
