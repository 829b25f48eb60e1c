package ton

import (
	"fmt"
	"time"

	"github.com/xssnick/tonutils-go/address"
	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Status is an account's state in the sense of block.tlb. The zero value is unknown, on which nothing may be built.
type Status uint8

const (
	StatusUnknown Status = iota
	StatusAbsent
	StatusUninit
	StatusActive
	StatusFrozen
)

// Account is one account as one masterchain block saw it.
type Account struct {
	Address  Address
	Status   Status
	Balance  Nano
	LastLT   uint64    // logical time of its last transaction, 0 for none
	LastHash [32]byte  // hash of that transaction
	CodeHash [32]byte  // zero unless active
	Seqno    uint32    // of a pinned wallet code; 0 for an absent or uninit account
	Known    Version   // the pinned wallet code it runs, "" for none
	MCSeqno  uint32    // the masterchain block the state is proven for
	Time     time.Time // gen_utime of that block
	Proven   bool      // checked against that block; on network dev: served by the configured liteserver

	shard     *tlb.ShardAccount // what emulation runs on
	data      walletData        // of a pinned wallet code
	libraries *cell.Cell        // dictionary of the library cells that it was given; nil: none
}

// NewAccount reads the state of account a that a masterchain block saw; a nil shard stands for an account that isn't
// there. A shard that holds another account's state is an error.
func NewAccount(a Address, shard *tlb.ShardAccount, mcSeqno uint32, at time.Time, proven bool) (Account, error) {
	acc := Account{Address: a, Status: StatusAbsent, MCSeqno: mcSeqno, Time: at, Proven: proven, shard: absentShard()}
	if shard == nil {
		return acc, nil
	}
	if shard.Account == nil || len(shard.LastTransHash) != 32 {
		return Account{}, fmt.Errorf("read account %s: shard account is incomplete", a)
	}
	var state tlb.AccountState
	if err := tlb.Parse(&state, shard.Account); err != nil {
		return Account{}, fmt.Errorf("read account %s: %w", a, err)
	}
	acc.shard, acc.LastLT, acc.LastHash = shard, shard.LastTransLT, [32]byte(shard.LastTransHash)
	if !state.IsValid {
		return acc, nil
	}
	if err := acc.readState(&state); err != nil {
		return Account{}, fmt.Errorf("read account %s: %w", a, err)
	}
	return acc, nil
}

func (a *Account) readState(state *tlb.AccountState) (err error) {
	if owner, err := fromTonutils(state.Address); err != nil || owner != a.Address {
		return fmt.Errorf("state is that of %s", state.Address)
	}
	if a.Balance, err = NanoFromBig(state.Balance.Nano()); err != nil {
		return fmt.Errorf("balance: %w", err)
	}
	switch state.Status {
	case tlb.AccountStatusUninit:
		a.Status = StatusUninit
	case tlb.AccountStatusFrozen:
		a.Status = StatusFrozen
	case tlb.AccountStatusActive:
		a.Status = StatusActive
		a.readCode(state.StateInit.Code, state.StateInit.Data)
	default:
		return fmt.Errorf("status %q is not known", state.Status)
	}
	return nil
}

// readCode leaves Known empty for a pinned code whose data is not what that code keeps: it would not behave as such.
func (a *Account) readCode(code, data *cell.Cell) {
	if code == nil {
		return
	}
	a.CodeHash = [32]byte(code.HashKey())
	v, ok := pinned[a.CodeHash]
	if !ok {
		return
	}
	if d, seqno, err := readWalletData(v, data); err == nil {
		a.Known, a.data, a.Seqno = v, d, seqno
	}
}

// CheckOwn refuses an account that doesn't run w's pinned code with w's key and id, that has extensions, or that
// takes no signatures: someone else could move its coins, or its seqno would not protect. An absent or uninit account
// passes: only w's StateInit can be deployed at its address.
func (a Account) CheckOwn(w Wallet) error {
	if err := w.check(); err != nil {
		return err
	}
	if a.Address != w.Address {
		return refuse(CodeWallet, "state is that of %s, the wallet is %s", a.Address, w.Address)
	}
	switch a.Status {
	case StatusAbsent, StatusUninit:
		return nil
	case StatusActive:
		return a.checkData(w)
	}
	return refuse(CodeWallet, "account is frozen or its state is not known")
}

func (a Account) checkData(w Wallet) error {
	switch {
	case a.Known != w.Version:
		return refuse(CodeWallet, "account runs code %x, not %s", a.CodeHash, w.Version)
	case a.data.publicKey != w.PublicKey:
		return refuse(CodeWallet, "account belongs to another key")
	case a.data.walletID != w.ID:
		return refuse(CodeWalletID, "account has wallet id %08x, the wallet is %08x", a.data.walletID, w.ID)
	case a.data.extensions:
		return refuse(CodeWallet, "account has extensions: they can send without a signature")
	case a.data.unsigned:
		return refuse(CodeWallet, "account takes no signatures")
	}
	return nil
}

// Data returns the data cell of an active account.
func (a Account) Data() (*cell.Cell, error) {
	init, err := a.stateInit()
	if err != nil {
		return nil, fmt.Errorf("read data of %s: %w", a.Address, err)
	}
	if init.Data == nil {
		return nil, fmt.Errorf("read data of %s: it has none", a.Address)
	}
	return init.Data, nil
}

// absentShard is what a shard keeps of an account that isn't there: account_none$0 (block.tlb).
func absentShard() *tlb.ShardAccount {
	return &tlb.ShardAccount{Account: cell.BeginCell().MustStoreBoolBit(false).EndCell(), LastTransHash: make([]byte, 32)}
}

func toTonutils(a Address) *address.Address {
	return address.NewAddress(0, byte(a.Workchain), a.Hash[:])
}

// fromTonutils takes addr_std only: an anycast address prints like the plain one and is another account.
func fromTonutils(a *address.Address) (Address, error) {
	if a == nil || a.Type() != address.StdAddress || a.Anycast() != nil || len(a.Data()) != 32 ||
		a.Workchain() != int32(int8(a.Workchain())) {
		return Address{}, refuse(CodeAddress, "%s is not a standard address", a)
	}
	return Address{Workchain: int8(a.Workchain()), Hash: [32]byte(a.Data())}, nil
}
