package guard

import (
	"fmt"
	"strconv"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// killed is the layer before all others.
func (e *evaluation) killed() []Verdict {
	if v, stopped := e.trips.stopped(e.c.Intent.Wallet, e.c.Intent.Agent); stopped {
		return []Verdict{v}
	}
	return nil
}

// intent is layer 1: the request is genuine and in time, and the bytes do what it declares, in every field.
func (e *evaluation) intent() []Verdict {
	if v := e.request(); len(v) > 0 {
		return v
	}
	if r := e.c.Refusal; r != nil {
		return []Verdict{deny(known(r.Code), r.Reason, "")}
	}
	v := append(e.payloadOwner(), e.validity()...)
	payments := e.c.Intent.Payments()
	if n := len(e.c.Tx.Messages); n != len(payments) {
		return append(v, deny(ReasonIntentMessages, strconv.Itoa(n), strconv.Itoa(len(payments))))
	}
	for n, p := range payments {
		if differs := e.declared(n, p); len(differs) > 0 {
			v = append(v, differs...)
			break // the first message that is wrong tells enough
		}
	}
	return append(v, e.confidence()...)
}

// known returns the reason of a refusal by package ton; a code that is not in the catalogue is undecodable.
func known(c ton.Code) Reason {
	if _, ok := catalogue[Reason(c)]; ok {
		return Reason(c)
	}
	return Reason(ton.CodeUndecodable)
}

// request checks who asks, where, and until when.
func (e *evaluation) request() (v []Verdict) {
	i := e.c.Intent
	if i.Agent == "" || i.RequestID == "" || i.Request == [32]byte{} {
		return append(v, deny(ReasonRequestMissing, "", ""))
	}
	if i.Network != e.g.cfg.Network {
		v = append(v, deny(ReasonIntentNetwork, fmt.Sprintf("%x", i.Network), fmt.Sprintf("%x", e.g.cfg.Network)))
	}
	if _, ok := e.g.party(i.Coordinator); !ok {
		v = append(v, deny(ReasonIntentCoordinator, i.Coordinator, ""))
	}
	if !e.now.Before(i.Expires) || !e.at.Before(i.Expires) {
		v = append(v, deny(ReasonRequestExpired, clock(e.now), clock(i.Expires)))
	}
	if e.wallet == nil {
		v = append(v, deny(ReasonWalletUnknown, i.Wallet, ""))
	}
	return append(v, e.enrolment()...)
}

func (e *evaluation) enrolment() (v []Verdict) {
	if e.agent == nil {
		return append(v, deny(ReasonAgentUnknown, e.c.Intent.Agent, ""))
	}
	if e.agent.Suspended {
		v = append(v, deny(ReasonAgentSuspended, e.agent.ID, ""))
	}
	if !e.agent.validAt(e.now) {
		v = append(v, deny(ReasonAgentValidity, clock(e.now), ""))
	}
	if e.wallet != nil && !e.mayUse() {
		v = append(v, deny(ReasonAgentWallet, e.wallet.ID, ""))
	}
	return v
}

// payloadOwner checks that the payload is one of this wallet.
func (e *evaluation) payloadOwner() []Verdict {
	t, w := e.c.Tx, e.wallet
	if t.Wallet != w.Address || t.Version != w.Version || t.WalletID != w.WalletID || t.SigningHash == [32]byte{} {
		return []Verdict{deny(ReasonIntentWallet, t.Wallet.String(), w.Address.String())}
	}
	return nil
}

// validity checks that the payload has not run out, by the local clock and by the chain's, and that it will soon.
func (e *evaluation) validity() []Verdict {
	most := maxValidity
	if e.perms != nil && e.perms.MaxValidity < most {
		most = e.perms.MaxValidity
	}
	from := e.now
	if e.at.After(from) {
		from = e.at
	}
	if u := e.c.Tx.ValidUntil; !u.After(from) || u.After(from.Add(most)) {
		return []Verdict{deny(ReasonIntentValidity, clock(u), clock(from.Add(most)))}
	}
	return nil
}

// declared compares the nth message with what the request says it carries, field by field.
func (e *evaluation) declared(n int, p Payment) (v []Verdict) {
	i, m := e.c.Intent, e.c.Tx.Messages[n]
	differs := func(r Reason, is bool, observed, want string) {
		if is {
			v = append(v, deny(r, observed, want))
		}
	}
	differs(Reason(ton.CodeSendMode), m.Mode != 3, strconv.Itoa(int(m.Mode)), "3")
	differs(Reason(ton.CodeStateInit), m.Init != [32]byte{}, fmt.Sprintf("%x", m.Init), "")
	differs(ReasonIntentAsset, i.Asset != ton.Native, ton.Native, i.Asset)
	differs(ReasonIntentAmount, m.Value != p.Amount, m.Value.String(), p.Amount.String())
	differs(ReasonIntentDestination, m.To != p.Destination, m.To.String(), p.Destination.String())
	differs(ReasonIntentMemo, m.Comment != p.Memo, strconv.Quote(m.Comment), strconv.Quote(p.Memo))
	return append(v, e.meaning(n, p)...)
}

// meaning asks the destination's own state what the nth message does there.
func (e *evaluation) meaning(n int, p Payment) (v []Verdict) {
	m := e.c.Tx.Messages[n]
	if len(e.c.Dest) != len(e.c.Tx.Messages) || !e.fresh(e.c.Dest[n], m.To) {
		return []Verdict{deny(ReasonDestinationUnknown, m.To.String(), "")}
	}
	switch op := ton.Meaning(m, e.c.Dest[n]); {
	case op == ton.OpUnknown:
		v = append(v, deny(Reason(ton.CodeOperationUnknown), m.To.String(), ""))
	case string(op) != e.c.Intent.Type:
		v = append(v, deny(ReasonIntentType, string(op), e.c.Intent.Type))
	}
	if err := ton.CheckBounce(m, p.Form, e.c.Dest[n]); err != nil {
		v = append(v, deny(Reason(ton.CodeBounce), err.Error(), ""))
	}
	return v
}

// fresh reports whether a is the proven state of that address, of about the time of the own account's.
func (e *evaluation) fresh(a ton.Account, want ton.Address) bool {
	return a.Proven && a.Address == want && e.at.Sub(a.Time).Abs() <= maxDestAge
}

func (e *evaluation) confidence() []Verdict {
	if e.perms == nil || e.perms.MinConfidence == 0 {
		return nil // without permissions layer 4 refuses
	}
	i := e.c.Intent
	if !i.Confident || i.Confidence < e.perms.MinConfidence {
		return []Verdict{deny(ReasonConfidence, permille(i.Confidence), permille(e.perms.MinConfidence))}
	}
	return nil
}

func permille(p uint16) string { return fmt.Sprintf("%d.%03d", p/1000, p%1000) }

func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }
