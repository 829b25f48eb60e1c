package guard

import (
	"fmt"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/guard/policy"
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
	v := slices.Concat(e.payloadOwner(), e.validity(), e.query(), e.agentsOwn())
	return slices.Concat(v, e.messages(), e.confidence(), e.opinionsOutdated(), e.objections(policy.IntentLayer))
}

// known returns the reason of a refusal by package ton; a code that is not in the catalogue is undecodable.
func known(c ton.Code) Reason {
	if _, ok := catalogue[Reason(c)]; ok {
		return Reason(c)
	}
	return Reason(ton.CodeUndecodable)
}

// agentsOwn checks that a payload which the agent brought is the one that is judged.
func (e *evaluation) agentsOwn() []Verdict {
	if e.c.Intent.Payload == nil {
		return nil
	}
	if hash, err := ton.PayloadHash(e.c.Intent.Payload); err != nil || hash != e.c.Tx.SigningHash {
		return []Verdict{deny(ReasonIntentPayload, fmt.Sprintf("%x", e.c.Tx.SigningHash), fmt.Sprintf("%x", hash))}
	}
	return nil
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
	from := e.latest()
	if u := e.c.Tx.ValidUntil; !u.After(from) || u.After(from.Add(most)) {
		return []Verdict{deny(ReasonIntentValidity, clock(u), clock(from.Add(most)))}
	}
	return nil
}

// latest is the later of the local and the chain's clock.
func (e *evaluation) latest() time.Time { return latest(e.at, e.now) }

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
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
