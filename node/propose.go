package node

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// graceForOrder is how long the coordinator waits for parties that come earlier in the request's order once enough others
// have allowed. It keeps the choice of signers the request's, not the network's.
const graceForOrder = 250 * time.Millisecond

// voice is what one party said to a proposal.
type voice struct {
	party     string
	statement wire.Statement
	answer    answer
	err       error // it said nothing
}

// answer adds reading to wire.Answer.
type answer struct{ wire.Answer }

func (a answer) has(code guard.Reason) bool {
	return slices.ContainsFunc(a.Reasons, func(r wire.Reason) bool { return r.Code == string(code) })
}

func (v voice) effect() guard.Effect {
	if v.err != nil {
		return guard.Unknown
	}
	return guard.Effect(v.answer.Effect)
}

// reason is the first that a party refused for, none of one that allows.
func (v voice) reason() (r wire.Reason) {
	if len(v.answer.Reasons) > 0 && v.effect() != guard.Allow {
		r = v.answer.Reasons[0]
	}
	return r
}

func (v voice) allows() bool { return v.effect() == guard.Allow && v.answer.Reserved }

// voices are what the parties said so far. One goroutine uses them.
type voices struct {
	self   string
	said   []voice
	coming <-chan voice // with room for every party
}

// of returns what a party said. Who answered about other bytes than this one read has said nothing.
func (vs *voices) of(party string) voice {
	said := func(v voice) bool { return v.party == party }
	i := slices.IndexFunc(vs.said, said)
	if i < 0 {
		return voice{party: party, err: errors.New("did not answer in time")}
	}
	v := vs.said[i]
	if party != vs.self && v.err == nil && v.answer.Payload != vs.of(vs.self).answer.Payload {
		v.err = errors.New("answered about another payload")
	}
	return v
}

// busy reports whether a party's wallet waits for another request.
func (vs *voices) busy() bool {
	return slices.ContainsFunc(vs.said, func(v voice) bool { return v.err == nil && v.answer.has(guard.ReasonWalletBusy) })
}

func (vs *voices) spoke(party string) bool {
	return slices.ContainsFunc(vs.said, func(v voice) bool { return v.party == party })
}

// propose asks every party, this one included, and returns once what came back suffices: everybody's word; or allows of
// those who sign, whatever the others say; or enough allows and a little patience. Who accounts for the wallet is always
// waited for. Who speaks later can still be heard.
func (n *Node) propose(ctx context.Context, in guard.Intent, p wire.Proposal) *voices {
	said := make(chan voice, len(n.manifest.Parties))
	raw := wire.Encode(p)
	for _, party := range n.manifest.Names() {
		n.spawn(func() {
			ctx, cancel := context.WithTimeout(n.ctx, min(proposeTimeout, in.Expires.Sub(n.env.Now())))
			defer cancel()
			v := voice{party: party, err: errors.New("failed while it was asked")}
			defer func() { said <- v }() // a fault of this node's is an answer too: nobody waits for it
			v = n.ask(ctx, party, in, p, raw)
		})
	}
	all := &voices{self: n.self, coming: said}
	var grace <-chan time.Time
	for len(all.said) < cap(said) && !n.chosen(in, all) {
		if grace == nil && all.spoke(n.self) && n.accounted(in, all) && n.pick(n.allowing(in, all)) != nil {
			grace = time.After(graceForOrder)
		}
		select {
		case v := <-said:
			all.said = append(all.said, v)
		case <-grace:
			return all
		case <-ctx.Done():
			return all
		}
	}
	return all
}

// chosen reports whether it is certain who signs, whatever the voices still to come say.
func (n *Node) chosen(in guard.Intent, all *voices) bool {
	var open []string // may still sign
	for _, party := range n.ordered(in.RequestID) {
		if !all.spoke(party) || all.of(party).allows() {
			open = append(open, party)
		}
	}
	signers := n.pick(open)
	return all.spoke(n.self) && n.accounted(in, all) && signers != nil && !slices.ContainsFunc(signers, func(p string) bool { return !all.spoke(p) })
}

// hearLate waits a little for who has not spoken.
func (n *Node) hearLate(all *voices) {
	grace := time.After(graceForOrder)
	for len(all.said) < len(n.manifest.Parties) {
		select {
		case v := <-all.coming:
			all.said = append(all.said, v)
		case <-grace:
			return
		}
	}
}

// allowing returns the parties that allow, in the request's order.
func (n *Node) allowing(in guard.Intent, all *voices) (parties []string) {
	for _, party := range n.ordered(in.RequestID) {
		if all.of(party).allows() {
			parties = append(parties, party)
		}
	}
	return parties
}

// ask gets one party's answer: by a call, or from this node's own guard, for which admit has verified the request.
func (n *Node) ask(ctx context.Context, party string, in guard.Intent, p wire.Proposal, raw []byte) voice {
	v := voice{party: party}
	if party == n.self {
		v.statement, v.err = n.judge(ctx, in, p)
	} else {
		v.statement, v.err = callPeer[wire.Statement](ctx, n, party, wire.FramePropose, raw)
	}
	switch {
	case v.err != nil:
	case party == n.self:
		v.err = v.statement.Read(&v.answer.Answer)
	default: // it will be shown to the other signers, who take only what its party signed
		v.err = n.openStatement(v.statement, wire.KindAnswer, &v.answer.Answer)
	}
	if v.err == nil && (v.statement.Party != party || v.statement.Kind != wire.KindAnswer || v.answer.Request != in.Request) {
		v.err = errors.New("answered something else than it was asked")
	}
	if v.err != nil {
		n.log.Warn("party did not answer a proposal", "peer", party, "err", v.err)
	}
	return v
}

// refusal is how a request ends that too few parties allow.
type refusal struct {
	state  State
	reason wire.Reason
}

// choose picks the signers: the first `need` parties that allow, required parties before all others, in the order that
// the request's own id gives. Parties seen at fault lately come last.
func (n *Node) choose(in guard.Intent, all *voices) ([]string, *refusal) {
	allow := n.allowing(in, all)
	if signers := n.pick(allow); signers != nil {
		return signers, n.unaccounted(in, all)
	}
	var silent []string
	for _, party := range n.manifest.Names() {
		if all.of(party).err != nil {
			silent = append(silent, party)
		}
	}
	if n.pick(slices.Concat(allow, silent)) != nil {
		return nil, &refusal{StateFailed, wire.Reason{Code: codeQuorum}}
	}
	own := all.of(n.self)
	if len(own.answer.Reasons) > 0 {
		return nil, &refusal{StateDenied, own.answer.Reasons[0]}
	}
	return nil, &refusal{StateDenied, wire.Reason{Code: codeRefusedByPeer}}
}

// pick returns `need` of the parties with every required one among them, or nil.
func (n *Node) pick(from []string) []string {
	for _, required := range n.manifest.Required {
		if !slices.Contains(from, required) {
			return nil
		}
	}
	rank := func(p string) int {
		switch {
		case slices.Contains(n.manifest.Required, p):
			return 0
		case n.faults.cooling(p, n.env.Now()):
			return 2
		}
		return 1
	}
	from = slices.Clone(from)
	slices.SortStableFunc(from, func(a, b string) int { return rank(a) - rank(b) })
	if len(from) < n.manifest.Need {
		return nil
	}
	return from[:n.manifest.Need]
}

// ordered returns the parties in the request's own order.
func (n *Node) ordered(requestID string) []string {
	return InOrder(requestID, n.manifest.Names())
}

// InOrder returns parties in the order that a request id gives them: by Digest("order/v1", request id, party).
func InOrder(requestID string, parties []string) []string {
	parties = slices.Clone(parties)
	slices.SortFunc(parties, func(a, b string) int {
		x, y := digest.Sum(digest.Order, requestID, a), digest.Sum(digest.Order, requestID, b)
		return bytes.Compare(x[:], y[:])
	})
	return parties
}
