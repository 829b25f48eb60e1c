package ton

import (
	"fmt"
	"time"

	"github.com/xssnick/tonutils-go/tvm"
)

// Delivery is what one message of a payload does at the own jetton wallet or item that it goes to. The zero value is
// nothing, which Check refuses where one matters.
type Delivery struct {
	Ran         bool
	ComputeExit int32 // 0 and 1 are success
	ActionExit  int32 // 0 is success, −1: the phase did not run
	Skipped     uint16
	Messages    []Message // emitted, in order, with a Notice where that is what they bring
	Owner       Address   // item: whose it is afterwards
	GasUsed     uint64
}

// carries reports whether what becomes of a message is decided by the account that it goes to, of which f was proven.
func (f Facts) carries() bool {
	return f.Role == RoleJettonWallet || f.Role == RoleNFTItem || f.Role == RoleTelemint && f.Owner != Address{}
}

// Deliver shows what the messages that o emitted do at own jetton wallets and items, in a block at the time now: one
// Delivery a message, in order, each on what those before have left. The other destinations' are zero. The facts are
// those of the messages, in the same order; an error means that nothing can be said.
func (e *Emulator) Deliver(w Wallet, o Outcome, facts []Facts, now time.Time) ([]Delivery, error) {
	if len(o.sent) != len(o.Messages) || len(facts) != len(o.Messages) {
		return nil, fmt.Errorf("emulate deliveries: %d facts about %d messages of which %d can be run", len(facts), len(o.Messages), len(o.sent))
	}
	done := make([]Delivery, len(facts))
	lanes := make(map[Address]*lane)
	for i, f := range facts {
		if !f.carries() {
			continue
		}
		l, err := lanes[f.Account.Address], error(nil)
		if l == nil {
			if l, err = e.lane(f.Account, w.GlobalID, now); err != nil {
				return nil, fmt.Errorf("emulate delivery of message %d: %w", i, err)
			}
			lanes[f.Account.Address] = l
		}
		if done[i], err = l.deliver(o.sent[i], f); err != nil {
			return nil, fmt.Errorf("emulate delivery of message %d: %w", i, err)
		}
	}
	return done, nil
}

// lane is one account on which messages arrive one after another.
type lane struct {
	e        *Emulator
	globalID int32
	block    *tvm.BlockContext
	acc      Account // as it was before the first
	account  *tvm.PreparedAccount
}

func (e *Emulator) lane(acc Account, globalID int32, now time.Time) (*lane, error) {
	if now.Unix() <= 0 || now.Unix() > 1<<32-1 { // the library would take its own clock for 0
		return nil, fmt.Errorf("block time %s does not fit 32 bits", now)
	}
	block, err := e.config.NewBlockContext(tvm.BlockOptions{Now: uint32(now.Unix()), GlobalID: globalID, Libraries: acc.collections()})
	if err != nil {
		return nil, err
	}
	account, err := tvm.PrepareAccount(acc.shard, toTonutils(acc.Address))
	if err != nil {
		return nil, err
	}
	return &lane{e: e, globalID: globalID, block: block, acc: acc, account: account}, nil
}

// run executes one message on what those before have left.
func (l *lane) run(in *tvm.PreparedMessage) (Outcome, *tvm.TransactionExecutionResult, error) {
	res, err := l.e.vm.EmulateTransaction(l.block, l.account, in, tvm.TransactionOptions{})
	if err != nil {
		return Outcome{}, nil, err
	}
	o := unaccepted(l.acc)
	if err := o.readResult(res); err != nil {
		return Outcome{}, nil, err
	}
	l.account = res.NextAccount
	return o, res, nil
}

// caught makes an error of a panic: the code that runs is anybody's, and the machine that runs it is large.
func caught(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("the machine can't run it: %v", r)
	}
}

// deliver runs a message that a wallet has emitted.
func (l *lane) deliver(msg tvm.OutMessage, f Facts) (d Delivery, err error) {
	defer caught(&err)
	in, err := tvm.PrepareParsedMessage(msg.Cell, msg.Msg)
	if err != nil {
		return Delivery{}, err
	}
	o, res, err := l.run(in)
	if err != nil {
		return Delivery{}, err
	}
	d = Delivery{Ran: true, ComputeExit: int32(res.ExitCode), ActionExit: o.ActionExit, Skipped: o.Skipped, Messages: o.Messages, GasUsed: uint64(res.GasUsed)}
	for i, m := range o.sent {
		d.Messages[i].Opcode, d.Messages[i].Detail = readNotice(m.Msg.AsInternal().Body)
	}
	if f.Role != RoleJettonWallet {
		d.Owner = l.owner()
	}
	return d, nil
}

// owner asks the item whose it is by now. One that doesn't say it is nobody's.
func (l *lane) owner() Address {
	acc, err := NewAccount(l.acc.Address, l.account.ShardAccount(), l.acc.MCSeqno, l.acc.Time, false)
	if err != nil {
		return Address{}
	}
	acc.libraries = l.acc.libraries
	out, err := l.e.RunGetter(acc, l.globalID, "get_nft_data")
	if err != nil {
		return Address{}
	}
	item, err := ReadItem(out)
	if err != nil {
		return Address{}
	}
	return item.Owner
}
