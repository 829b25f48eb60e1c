package contracts

import (
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Account is a policy wallet as a spend meets it.
type Account struct {
	State
	Address ton.Address
	Balance ton.Nano // after storage fees and the import of the message: what the contract sees
}

// Check refuses with a *Refusal what the contract would refuse in a block at the time now, with the same exit code, if
// the signature is good. What it lets pass the contract executes, unless the account changes in between.
func Check(a Account, s Spend, now time.Time) error {
	if err := a.Check(); err != nil {
		return err
	}
	return a.Admit(s, now)
}

// Admit is Check of an account whose state has been checked, as that of ReadState has.
func (a Account) Admit(s Spend, now time.Time) error {
	if err := a.checkHeader(s, now); err != nil {
		return err
	}
	if err := a.checkLimits(s, now); err != nil {
		return err
	}
	rule, ok := a.Rules[s.To]
	if !ok {
		return refuse(ExitDestination, "destination 0:%x is not on the list", s.To)
	}
	return rule.admit(a, s, now)
}

func (a Account) checkHeader(s Spend, now time.Time) error {
	until := s.ValidUntil.Unix()
	switch {
	case until < 0 || until > 1<<32-1:
		return refuse(ExitCut, "valid_until %s does not fit 32 bits", s.ValidUntil)
	case a.Frozen:
		return refuse(ExitFrozen, "wallet is frozen")
	case s.WalletID != a.Config.WalletID:
		return refuse(ExitWalletID, "spend is for wallet id %08x, this wallet is %08x", s.WalletID, a.Config.WalletID)
	case until <= now.Unix():
		return refuse(ExitExpired, "spend is valid until %s, it is %s", s.ValidUntil, now)
	case s.Seqno != a.Seqno:
		return refuse(ExitSeqno, "spend has seqno %d, wallet is at %d", s.Seqno, a.Seqno)
	case a.Address != ton.Address{Hash: s.Account}:
		return refuse(ExitAccount, "spend is for 0:%x, this wallet is %s", s.Account, a.Address)
	}
	return nil
}

func (a Account) checkLimits(s Spend, now time.Time) error {
	spent, count := a.Window.At(now).Sum()
	switch {
	case s.Amount.Cmp(a.Config.PerTx) > 0:
		return refuse(ExitPerTx, "amount %s exceeds %s a transaction", s.Amount, a.Config.PerTx)
	case exceeds(spent, s.Amount, a.Config.PerDay):
		return refuse(ExitPerDay, "amount %s and %s spent exceed %s a day", s.Amount, spent, a.Config.PerDay)
	case exceeds(s.Amount, a.Config.Reserve, a.Balance):
		return refuse(ExitReserve, "balance %s is less than amount %s and reserve %s", a.Balance, s.Amount, a.Config.Reserve)
	case count >= int(a.Config.MaxCount):
		return refuse(ExitCount, "%d spends in a day, at most %d are allowed", count, a.Config.MaxCount)
	case s.ValidUntil.Unix() > now.Unix()+int64(a.Config.MaxValidity):
		return refuse(ExitValidity, "spend is valid until %s, at most %d s ahead are allowed", s.ValidUntil, a.Config.MaxValidity)
	}
	return nil
}

// exceeds reports whether x+y > limit. A sum beyond every amount exceeds any limit.
func exceeds(x, y, limit ton.Nano) bool {
	sum, err := x.Add(y)
	return err != nil || sum.Cmp(limit) > 0
}

// admit checks the body of a spend against the rule of its destination.
func (rule Rule) admit(a Account, s Spend, now time.Time) error {
	if s.Body == nil {
		return rule.want(KindPlain)
	}
	if s.Body.GetType() != cell.OrdinaryCellType {
		return refuse(ExitShortBody, "body is an exotic cell")
	}
	if s.Body.BitsSize() == 0 && s.Body.RefsNum() == 0 {
		return rule.want(KindPlain)
	}
	op := read(s.Body).uint(32)
	switch {
	case s.Body.BitsSize() < 32:
		return refuse(ExitShortBody, "body of %d bits is shorter than an operation", s.Body.BitsSize())
	case op == 0:
		return rule.want(KindPlain)
	case op == opJettonTransfer:
		if err := rule.want(KindJetton); err != nil {
			return err
		}
		return rule.Jetton.admit(a, s, now)
	}
	if err := rule.want(KindOps); err != nil {
		return err
	}
	return a.Config.wantOp(uint32(op))
}

func (rule Rule) want(k Kinds) error {
	if rule.Kinds&k == 0 {
		return refuse(ExitKind, "destination may get kinds %d, this is kind %d", rule.Kinds, k)
	}
	return nil
}

func (c Config) wantOp(op uint32) error {
	for _, listed := range c.Ops {
		if op == listed {
			return nil
		}
	}
	return refuse(ExitOpNotListed, "operation %08x is not listed", op)
}
