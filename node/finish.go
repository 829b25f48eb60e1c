package node

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/chain"
)

// resendEvery is how often the same bytes are sent again until the chain shows them: messages get lost.
const resendEvery = 2500 * time.Millisecond

// followEvery is the least time between two looks at one wallet, however fast blocks come.
const followEvery = 30 * time.Millisecond

// Deliver is how far the coordinator takes a request. It is no part of what is signed.
type Deliver string

const (
	DeliverSigned    Deliver = "signed"    // the caller broadcasts
	DeliverSent      Deliver = "sent"      // handed to a liteserver
	DeliverConfirmed Deliver = "confirmed" // executed, by this node's own mirror
)

// settle changes a request's state, on disk first. The record has what decide has put there.
func (n *Node) settle(j *job, change func(*Request)) { n.settleBy(n.ledger.Do, j, change) }

// settleBy is settle with the ledger's Do or DoSoon.
func (n *Node) settleBy(do func(context.Context, func(guard.Tx) error) error, j *job, change func(*Request)) {
	r, _ := j.state()
	err := do(context.WithoutCancel(n.ctx), func(tx guard.Tx) error {
		if kept, ok, err := readRequest(tx, r.ID); err != nil {
			return err
		} else if ok {
			kept.Deliver, kept.Created, kept.message = r.Deliver, r.Created, r.message
			if r.State != StateEvaluating { // it is being signed or was: the record may have the payload of an earlier try
				kept.Payload, kept.Deploy, kept.Effect, kept.Reason = r.Payload, r.Deploy, r.Effect, r.Reason
			}
			r = kept
		}
		fresh := len(r.Signature) == 0
		change(&r)
		writeRequest(tx, r, n.env.Now())
		listOpen(tx, r)
		if _, known, err := n.guard.Payload(tx, r.Payload); err != nil || !known || !fresh || len(r.Signature) != 64 {
			return err
		}
		return n.guard.Signed(tx, n.env.Now(), r.Payload, [64]byte(r.Signature))
	})
	if err != nil {
		n.log.Error("record request", "request", r.ID, "state", r.State, "err", err)
	}
	level := slog.LevelDebug
	if r.State.Final(r.Deliver) {
		level = slog.LevelInfo // one line a request and node
		n.metrics.outcome(r)
	}
	n.log.Log(n.ctx, level, "request", "request", r.ID, "wallet", r.Wallet, "agent", r.Agent, "state", r.State,
		"layer", r.Reason.Layer, "reason", r.Reason.Code, "message_hash", r.messageHash(), "dur_ms", n.env.Now().UnixMilli()-r.Created)
	j.set(func(to *Request) { *to = r })
}

// finish tells every party, and takes the signed message as far as was asked.
func (n *Node) finish(j *job, s signature) {
	r, _ := j.state()
	n.spawn(func() {
		n.sendReceipts(wire.Receipt{RequestID: r.ID, Request: r.Digest, Payload: r.Payload,
			Signature: s.value, Signers: s.signers, Answers: s.answers})
	})
	w := n.wallets.get(r.Wallet)
	if r.Deliver == DeliverSigned {
		n.spawn(func() { n.follow(w, r.Payload) })
		return
	}
	n.deliver(n.ctx, j, w, s.message) // past the request's expiry: the payload decides now
}

// deliver sends the message until its payload can't execute any more, and returns once the mirror shows what became of it. What a
// relayer carries it only waits for.
func (n *Node) deliver(ctx context.Context, j *job, w guard.WalletRecord, boc []byte) {
	var sent time.Time
	var seen uint32
	of, _ := j.state()
	until := n.validUntil(ctx, w, of.Payload)
	for ctx.Err() == nil {
		r, _ := j.state()
		if !r.Relayed && time.Since(sent) >= resendEvery && n.env.Now().Before(until) {
			sent = time.Now()
			if err := n.chain.Send(ctx, boc); err != nil {
				n.log.Warn("send message", "request", r.ID, "err", err)
			} else if r.State == StateSigned {
				sent := func(r *Request) { r.State = StateSent }
				if j.set(sent); r.Deliver == DeliverSent { // else it is no more than a step that a restart repeats
					n.settle(j, sent)
				}
			}
		}
		var state guard.State
		switch state, seen = n.payloadState(ctx, w, r.Payload, until, seen); state {
		case guard.Executed:
			n.settle(j, func(r *Request) { r.State = StateConfirmed })
			return
		case guard.Dead:
			n.settle(j, func(r *Request) { r.State, r.Reason = StateExpired, wire.Reason{Code: codePayloadDead} })
			return
		}
		n.waitForBlock(ctx, seen)
	}
}

// validUntil returns when the payload's time passes: by the guard's record, or, if the guard has refused it and so has forgotten
// it, by the payload itself.
func (n *Node) validUntil(ctx context.Context, w guard.WalletRecord, payload [32]byte) (until time.Time) {
	var e wire.Evidence
	err := n.ledger.View(ctx, func(tx guard.Tx) error {
		p, known, err := n.guard.Payload(tx, payload)
		if err == nil && known {
			until = time.Unix(p.ValidUntil, 0)
			return nil
		}
		e, err = readEvidence(tx, payload)
		return err
	})
	if err != nil || !e.Found {
		return until
	}
	in, err := n.guard.ParseIntent(e.Proposal.Request.Body)
	if err != nil {
		return until
	}
	if t, err := reader(in)(w.TON(), e.Proposal.Payload); err == nil {
		until = t.ValidUntil
	}
	return until
}

// follow keeps the mirror up with a payload that was signed, so that the wallet's next request finds it settled; without a
// seqno, with all that is live.
func (n *Node) follow(w guard.WalletRecord, payload [32]byte) {
	if n.mirror.follows.begin(w.ID) != nil {
		return // one follower a wallet: it sees whatever the chain does
	}
	defer n.mirror.follows.end(w.ID)
	seen := n.mirror.view(w.ID).block() // it was signed after that
	for n.ctx.Err() == nil {
		n.waitForBlock(n.ctx, seen)
		var state guard.State
		state, seen = n.payloadState(n.ctx, w, payload, time.Time{}, seen)
		if settled := state == guard.Executed || state == guard.Dead; settled && n.alone(w.ID) {
			return
		}
		if live, err := n.live(n.ctx, w, n.mirror.view(w.ID).seqno()); err != nil || !live.Known {
			return
		}
	}
}

// payloadState looks at the chain after the block seen, and returns what has become of the payload, as of which block. One that the
// guard doesn't know, or has only seen, is dead once its time, if it is given, has passed in a state up to which all is known.
func (n *Node) payloadState(ctx context.Context, w guard.WalletRecord, payload [32]byte, until time.Time, after uint32) (state guard.State, seen uint32) {
	acc, err := n.lookAfter(ctx, w, after)
	if err != nil {
		n.log.Warn("account state can't be had", "wallet", w.ID, "err", err)
		return "", 0
	}
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		p, known, err := n.guard.Payload(tx, payload)
		if state = p.State; err != nil || known && state != guard.Seen {
			return err
		}
		over, err := n.lapsed(tx, w, acc, until)
		if over {
			state = guard.Dead
		}
		return err
	})
	if err != nil {
		return "", acc.MCSeqno
	}
	return state, acc.MCSeqno
}

// lapsed reports whether what has a time, and isn't known to have executed, can't any more: the time has passed in a state up to
// which this node has read all transactions, and none of them is unexplained.
func (n *Node) lapsed(tx guard.Tx, w guard.WalletRecord, acc ton.Account, until time.Time) (bool, error) {
	if until.IsZero() || !guard.Passed(until, acc.Time) {
		return false, nil
	}
	pos, _, err := n.guard.Position(tx, w.ID)
	if err != nil || !pos.Complete(acc) {
		return false, err
	}
	unexplained, err := n.guard.Unexplained(tx, w.ID)
	return unexplained == 0, err
}

// waitForBlock returns at a block after the one seen, but not before followEvery, or after a second.
func (n *Node) waitForBlock(ctx context.Context, seen uint32) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	select {
	case <-time.After(followEvery):
	case <-ctx.Done():
		return
	}
	if _, err := n.chain.WaitHead(ctx, seen); errors.Is(err, chain.ErrUnavailable) {
		<-ctx.Done()
	}
}

// MessageHash returns the normalised hash of an external message (TEP-467), by which its transaction is found.
func MessageHash(boc []byte) ([32]byte, error) { return ton.ExternalHash(boc) }

// Broadcast sends a complete external message to the chain, once, and returns its normalised hash. It is for what people have
// signed elsewhere, such as the order of a policy wallet's owner: to the chain it is one message among all others.
func (n *Node) Broadcast(ctx context.Context, boc []byte) (hash [32]byte, err error) {
	if hash, err = MessageHash(boc); err != nil {
		return hash, &Problem{Status: 400, Code: "bad_request", Detail: err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err = n.chain.Send(ctx, boc)
	if errors.Is(err, chain.ErrRejected) {
		return hash, &Problem{Status: 409, Code: "message_refused", Detail: err.Error() + ": was it sent before, is its seqno the wallet's next, does the wallet hold coins?"}
	}
	return hash, chainProblem(err)
}

// Message returns what carries a signed request to the chain: the complete external message; of a gasless one the body for
// a relayer. There is none for a request that isn't signed, or whose payload isn't kept here because this node refused it.
func (n *Node) Message(ctx context.Context, r Request) ([]byte, error) {
	if len(r.Signature) != 64 || r.message != nil {
		return r.message, nil
	}
	var e wire.Evidence
	err := n.ledger.View(ctx, func(tx guard.Tx) (err error) {
		e, err = readEvidence(tx, r.Payload)
		return err
	})
	if err != nil || !e.Found {
		return nil, err
	}
	return r.carrier(n.wallets.get(r.Wallet), e.Proposal.Payload, [64]byte(r.Signature))
}
