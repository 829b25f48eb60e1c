package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
)

// decide is what every node does with another's proposal: verify the agent's signature for itself, and then what it does
// with its own.
func (n *Node) decide(ctx context.Context, from string, p wire.Proposal) (wire.Statement, error) {
	in, err := n.readProposal(ctx, from, p)
	if err != nil {
		return wire.Statement{}, err
	}
	return n.judge(ctx, in, p)
}

// judge reads the payload, looks at the chain, lets the guard decide, and answers once that is on disk. It returns an error
// only when nothing was decided. The agent's signature has been verified here.
func (n *Node) judge(ctx context.Context, in guard.Intent, p wire.Proposal) (wire.Statement, error) {
	c := n.caseOf(ctx, in, p.Payload)
	d, last, err := n.record(ctx, c, p)
	if err != nil {
		return wire.Statement{}, err
	}
	n.logDecision(in, d)
	a := wire.Answer{Request: in.Request, Payload: c.Tx.SigningHash, Effect: uint8(d.Effect), Reasons: codes(d),
		PolicyHash: d.PolicyHash, Reserved: d.Reserved, Seq: d.Seq}
	if d.Reserved {
		var ok bool
		if a.Nonce, a.Attempt, ok = n.attempts.next(in.Request, a.Payload, last, in.Expires, n.env.Now()); !ok {
			return wire.Statement{}, errors.New("too many attempts are open at this node")
		}
	}
	return n.state(wire.KindAnswer, a), nil
}

// readProposal verifies the agent's signed request for itself, and that the coordinator is who the agent named.
func (n *Node) readProposal(ctx context.Context, from string, p wire.Proposal) (guard.Intent, error) {
	in, err := n.verified(ctx, p.Request)
	if err != nil {
		return in, err
	}
	if err := addressed(p.Request, pathRequests); err != nil {
		return in, err
	}
	if err := n.stillAsked(in); err != nil {
		return in, err
	}
	if err := n.takeToken(ctx, in.Agent, "by "+from); err != nil {
		return in, err // a coordinator could repeat one request for ever, and every decision is kept
	}
	if in.Coordinator != from {
		return in, fmt.Errorf("refuse proposal: the agent named %q as coordinator, it came from %s", in.Coordinator, from)
	}
	first, err := n.firstSight(ctx, in)
	if err != nil {
		return in, err
	}
	if first {
		if err := p.Request.Fresh(n.env.Now()); err != nil {
			return in, err
		}
	}
	return in, nil
}

// stillAsked refuses, before anything is written, what has expired or holds longer than anybody may ask for.
func (n *Node) stillAsked(in guard.Intent) error {
	now := n.env.Now()
	if !now.Before(in.Expires) || in.Expires.After(now.Add(maxExpires)) {
		return fmt.Errorf("refuse proposal: the request expires at %s, it is %s here", in.Expires.Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	return nil
}

// firstSight reports whether this node has not seen the request before; only then must its signature be fresh. Another
// body under the same id is refused.
func (n *Node) firstSight(ctx context.Context, in guard.Intent) (first bool, err error) {
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		r, ok, err := readRequest(tx, in.RequestID)
		if err == nil && ok && r.Digest != in.Request {
			return errors.New("refuse proposal: another body is known here under the same idempotency key")
		}
		first = !ok
		return err
	})
	return first, err
}

// caseOf gathers what the guard judges: what the bytes do, the proven states, what emulation shows, and what validators
// say meanwhile. What can't be had is left empty, and the guard refuses it.
func (n *Node) caseOf(ctx context.Context, in guard.Intent, payload []byte) (c guard.Case) {
	c = guard.Case{Intent: in, Payload: payload}
	w, ok := n.wallets.find(in.Wallet)
	if !ok {
		return c
	}
	t, err := n.decode(w, in, payload)
	if err != nil {
		if !errors.As(err, &c.Refusal) {
			c.Refusal = &ton.Refusal{Code: ton.CodeUndecodable, Reason: err.Error()}
		}
		return c
	}
	c.Tx = t
	if c.Account, err = n.account(ctx, w, t.Seqno); err != nil { // moves on the time by which a pause ends, too
		n.log.Warn("account state can't be had", "request", in.RequestID, "wallet", w.ID, "err", err)
		return c
	}
	if n.stopped(ctx, in) {
		return c // the guard refuses before it looks at more
	}
	heard := n.consult(ctx, c)
	defer func() { c.Opinions = heard() }()
	n.examine(ctx, w, &c)
	if c.Outcome == nil || c.Outcome.Complete() {
		return c
	}
	// Coins may have come since: that they are missing only the newest state can say.
	if acc, err := n.look(ctx, w); err == nil && acc.LastLT != c.Account.LastLT {
		c.Account = acc
		n.examine(ctx, w, &c)
	}
	return c
}

// examine fills in what is proven of where the messages of c go, and what emulation shows on its account.
func (n *Node) examine(ctx context.Context, w guard.WalletRecord, c *guard.Case) {
	c.Outcome = nil
	if err := n.prove(ctx, w, c); err != nil {
		n.log.Warn("destinations can't be proven", "request", c.Intent.RequestID, "wallet", w.ID, "err", err)
		return
	}
	c.Contract = guard.ReadContract(w, c.Account, c.Payload)
	outcome, err := n.custodyOf(w).simulate(c.Account, c.Tx, c.Payload)
	if err == nil {
		c.Outcome = &outcome
		c.Deliveries, err = n.deliveries(w, *c)
	}
	if err != nil {
		n.log.Warn("payload can't be emulated", "request", c.Intent.RequestID, "wallet", w.ID, "err", err)
	}
}

// decode reads the payload as one of who is to carry it to the chain.
func (n *Node) decode(w guard.WalletRecord, in guard.Intent, payload []byte) (ton.Transaction, error) {
	if in.Type == guard.Gasless {
		return ton.DecodeGasless(w.TON(), payload, n.env.Now())
	}
	return ton.Decode(w.TON(), payload)
}

// reader is decode for a payload whose time is over.
func reader(in guard.Intent) func(ton.Wallet, []byte) (ton.Transaction, error) {
	if in.Type == guard.Gasless {
		return ton.ReadGasless
	}
	return ton.Decode
}

// stopped reports whether a trip stops everything, so that no work is spent on what will be refused.
func (n *Node) stopped(ctx context.Context, in guard.Intent) (stopped bool) {
	set, err := n.tripsNow(ctx)
	return err != nil || set.Stops(in.Wallet, in.Agent)
}

// record lets the guard decide and keeps the request and what would explain its payload: one synced transaction. It
// also returns the last attempt for which a share was released.
func (n *Node) record(ctx context.Context, c guard.Case, p wire.Proposal) (d guard.Decision, last int, err error) {
	defer n.metrics.stage("decide")()
	now := n.env.Now()
	err = n.ledger.Do(ctx, func(tx guard.Tx) error {
		if d, err = n.guard.Decide(tx, now, c); err != nil {
			return err
		}
		if d.Has(guard.ReasonWalletBusy) {
			return nil // not admitted: the same key may be sent again
		}
		r, known, err := readRequest(tx, c.Intent.RequestID)
		if err != nil {
			return err
		}
		if !known {
			r = newRequest(c.Intent, DeliverSigned, now)
		}
		if !known || d.Reserved && len(r.Signature) == 0 { // what was signed stays as it was signed
			r.Effect, r.Payload, r.Deploy = d.Effect, c.Tx.SigningHash, c.Account.Status != ton.StatusActive
		}
		if !d.Reserved && !known {
			r.State, r.Reason = StateDenied, codes(d)[0]
		}
		writeRequest(tx, r, now)
		if !d.Reserved {
			return n.refused(tx, c)
		}
		last, err = n.reserved(tx, c.Tx.SigningHash, p)
		return err
	})
	return d, last, err
}

// refused lists a payload for deletion that is remembered though it was refused, unless it goes with its seqno.
func (n *Node) refused(tx guard.Tx, c guard.Case) error {
	p, _, err := n.guard.Payload(tx, c.Tx.SigningHash)
	if err == nil && p.State == guard.Seen && c.Intent.Query != nil {
		schedulePayload(tx, c.Tx.SigningHash, time.Unix(max(p.ValidUntil, p.RequestExpires), 0))
	}
	return err
}

// reserved keeps what would explain the payload, unless that is known, and returns its last attempt.
func (n *Node) reserved(tx guard.Tx, payload [32]byte, p wire.Proposal) (last int, err error) {
	record, _, err := n.guard.Payload(tx, payload)
	if err != nil {
		return 0, err
	}
	e, err := readEvidence(tx, payload)
	if err == nil && !e.Found {
		writeEvidence(tx, payload, wire.Evidence{Proposal: p})
		schedulePayload(tx, payload, time.Unix(max(record.ValidUntil, record.RequestExpires), 0))
	}
	return int(record.Attempt), err
}

// codes returns the refusals in the order in which they are reported, without numbers.
func codes(d guard.Decision) (reasons []wire.Reason) {
	for _, v := range d.Refusals() {
		reasons = append(reasons, wire.Reason{Layer: string(v.Layer), Code: string(v.Reason)})
	}
	return reasons
}

// logDecision writes the one info line that a request has at a node that takes part; the coordinator's says how it ended.
func (n *Node) logDecision(in guard.Intent, d guard.Decision) {
	n.metrics.decided(d)
	level := slog.LevelInfo
	if in.Coordinator == n.self {
		level = slog.LevelDebug
	}
	first := d.First()
	n.log.Log(n.ctx, level, "decided", "request", in.RequestID, "wallet", in.Wallet, "agent", in.Agent, "effect", d.Effect,
		"layer", first.Layer, "reason", first.Reason, "seq", d.Seq)
}
