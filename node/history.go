package node

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/node/wire"
)

const (
	// historyStep is how many audit entries are read at once, historyDepth how many in all, when requests are listed.
	historyStep  = 500
	historyDepth = 10_000

	// MaxRequests is how many requests one listing gives.
	MaxRequests = 500

	actionDecide = "decide" // of the guard's audit entries
)

// RequestOf returns a request once it is settled, or as it stands after wait. An agent sees its own requests only: to it
// those of others don't exist. With agent "" any request is returned.
func (n *Node) RequestOf(ctx context.Context, agent, id string, wait time.Duration) (Request, error) {
	r, err := n.lookUp(ctx, id)
	if err != nil {
		return r, err
	}
	if agent != "" && r.Agent != agent {
		return Request{}, unknownRequest(id)
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return n.await(ctx, r)
}

// lookUp returns a request as it stands.
func (n *Node) lookUp(ctx context.Context, id string) (r Request, err error) {
	if j := n.jobs.get(id); j != nil {
		r, _ = j.state()
		return r, nil
	}
	ok := false
	err = n.ledger.View(ctx, func(tx guard.Tx) (err error) {
		if r, ok, err = readRequest(tx, id); err != nil {
			return err
		}
		r, err = n.asExecuted(tx, r)
		return err
	})
	if err == nil && !ok {
		err = unknownRequest(id)
	}
	return r, err
}

// asExecuted shows what the chain has made of a request that nobody here delivers: its caller broadcasts it, another node
// does, or it failed when a signature may have existed. That fails for good once the payload is proven dead.
func (n *Node) asExecuted(tx guard.Tx, r Request) (Request, error) {
	refused := r.State == StateDenied // here: others may have signed it, and nobody may have said so
	if r.State != StateSigned && r.State != StateSent && r.State != StatePending && !r.MaybeSigned && !refused {
		return r, nil
	}
	p, known, err := n.guard.Payload(tx, r.Payload)
	if err != nil || !known || refused && (p.State != guard.Executed || p.RequestID != r.ID) {
		return r, err
	}
	switch p.State {
	case guard.Executed:
		if r.State, r.MaybeSigned = StateConfirmed, false; r.Effect == guard.Allow {
			r.Reason = wire.Reason{} // why it had failed; what this node's guard said against it stays
		}
	case guard.Dead:
		r.Reason, r.MaybeSigned = wire.Reason{Code: codePayloadDead}, false
		if r.State != StateFailed {
			r.State = StateExpired
		}
	default:
		r.LiveUntil = time.Unix(p.ValidUntil, 0).UTC()
	}
	return r, nil
}

// asShown is asExecuted as of now.
func (n *Node) asShown(ctx context.Context, r Request) (shown Request, err error) {
	err = n.ledger.View(context.WithoutCancel(ctx), func(tx guard.Tx) error {
		shown, err = n.asExecuted(tx, r)
		return err
	})
	return shown, err
}

// wait returns a job's request once it is settled, or as it stands when ctx ends.
func (n *Node) wait(ctx context.Context, j *job) (Request, error) {
	r, err := j.wait(ctx)
	if err != nil {
		return r, err
	}
	return n.asShown(ctx, r)
}

func unknownRequest(id string) *Problem {
	return problemf(404, "unknown_request", "no request %.80q here", id)
}

// Requests returns the requests that this node decided last, newest first, at most limit. The audit log gives the order.
func (n *Node) Requests(ctx context.Context, limit int) (all []Request, err error) {
	ids, err := n.decidedLast(ctx, min(limit, MaxRequests))
	if err != nil {
		return nil, err
	}
	return all, n.ledger.View(ctx, func(tx guard.Tx) error {
		for _, id := range ids {
			r, ok, err := readRequest(tx, id)
			if err != nil {
				return err
			}
			if !ok { // it was not admitted: it has a decision and no record
				continue
			}
			if r, err = n.asExecuted(tx, r); err != nil {
				return err
			}
			all = append(all, r)
		}
		return nil
	})
}

// decidedLast walks the audit log backwards.
func (n *Node) decidedLast(ctx context.Context, limit int) (ids []string, err error) {
	end := n.auditSize()
	for last := end - min(end, historyDepth); end > last && len(ids) < limit; end -= min(end, historyStep) {
		page, err := n.decidedIn(ctx, end-min(end, historyStep), end)
		if err != nil {
			return nil, err
		}
		for _, id := range slices.Backward(page) {
			if len(ids) < limit && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

// decidedIn returns the requests of the decisions in one part of the audit log.
func (n *Node) decidedIn(ctx context.Context, from, to uint64) (ids []string, err error) {
	return ids, n.ledger.Entries(ctx, from, int(to-from), func(e audit.Entry) bool {
		if e.Action == actionDecide {
			ids = append(ids, e.Request)
		}
		return true
	})
}

// Verdict is what one layer said.
type Verdict = guard.Verdict

// Verdicts returns what every layer of this node's guard said when it last decided a request. They hold numbers: they
// are for this party's people, never for agents.
func (n *Node) Verdicts(ctx context.Context, requestID string) (all []Verdict, err error) {
	return all, n.ledger.RequestEntries(ctx, requestID, 0, maxListed, func(e audit.Entry) bool {
		if e.Action == actionDecide {
			all = verdictsOf(e.Details)
		}
		return true
	})
}

// verdictsOf reads back what guard wrote: "02 intent": "allow", or "deny CODE observed=VALUE limit=VALUE".
func verdictsOf(details audit.Details) (all []guard.Verdict) {
	for _, d := range details {
		number, layer, found := strings.Cut(d.K, " ")
		if !found || len(number) != 2 {
			continue
		}
		said, observed, _ := strings.Cut(d.V, " observed=")
		effect, code, _ := strings.Cut(said, " ")
		v := guard.Verdict{Layer: guard.Layer(layer), Effect: effectOf(effect), Reason: guard.Reason(code)}
		v.Observed, v.Limit = observed, ""
		if i := strings.LastIndex(observed, " limit="); i >= 0 {
			v.Observed, v.Limit = observed[:i], observed[i+len(" limit="):]
		}
		all = append(all, v)
	}
	return all
}

func effectOf(s string) guard.Effect {
	for _, e := range []guard.Effect{guard.Allow, guard.Escalate} {
		if e.String() == s {
			return e
		}
	}
	return guard.Deny
}
