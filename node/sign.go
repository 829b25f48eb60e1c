package node

import (
	"context"
	"errors"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/reqsig"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// How long the steps may take. A signer is told how many milliseconds it has, and that is less than the coordinator waits:
// so that who saw another fail can still say so, and isn't taken for the one that failed.
const (
	proposeTimeout = 8 * time.Second
	attemptTimeout = 4 * time.Second
	roundsTimeout  = attemptTimeout - 500*time.Millisecond
	maxTries       = 3
)

// Sign takes one agent's signed request from its bytes to a signature, if enough guards allow it. It returns once the
// request is settled, or as it stands when ctx ends; the work goes on. The error is a *Problem when the request was not
// admitted.
func (n *Node) Sign(ctx context.Context, e reqsig.Envelope, deliver Deliver) (Request, error) {
	in, known, err := n.admit(ctx, e) // 1
	if err != nil {
		return Request{}, err
	}
	if in.Type == guard.Gasless && deliver == DeliverSent {
		return Request{}, problemf(400, "bad_request", "deliver: a relayer sends what is gasless: want signed or confirmed")
	}
	asked := newRequest(in, deliver, n.env.Now())
	if known == nil {
		known = &asked
	} else if known.over(n.env.Now()) {
		return *known, nil
	}
	if known.State == StateFailed || known.State == StateEvaluating { // it is begun anew
		known.State, known.Reason, known.Deliver = StateEvaluating, wire.Reason{}, asked.Deliver
	}
	j, err := n.start(*known, in, e)
	if err != nil {
		return Request{}, err
	}
	return n.wait(ctx, j)
}

// start puts a request to work, unless it is at work already. One that was recorded before this node restarted goes on
// with the payload that was recorded.
func (n *Node) start(r Request, in guard.Intent, e reqsig.Envelope) (*job, error) {
	work, cancel := context.WithTimeout(n.ctx, in.Expires.Sub(n.env.Now()))
	j, fresh, free := n.jobs.start(r, n.alone(r.Wallet))
	switch {
	case !free:
		cancel()
		return nil, busy(in.Wallet)
	case !fresh:
		cancel()
		return j, nil
	}
	if !n.spawn(func() {
		defer cancel()
		defer j.failing()
		n.run(work, j, in, e)
	}) {
		cancel()
		n.jobs.end(j)
		return nil, problemf(503, "shutting_down", "this node is stopping: ask again, with the same Idempotency-Key, once it is back")
	}
	return j, nil
}

// run is one request's way through this node as its coordinator.
func (n *Node) run(ctx context.Context, j *job, in guard.Intent, e reqsig.Envelope) {
	defer n.jobs.end(j)
	if err := n.free(ctx, in); err != nil {
		j.reject(n.problemOf(in, err))
		return
	}
	payload, err := n.build(ctx, in, j) // 2
	if err != nil {
		j.reject(n.problemOf(in, err))
		return
	}
	voices := n.propose(ctx, in, wire.Proposal{Request: e, Payload: payload}) // 3
	own := voices.of(n.self)
	if own.answer.has(guard.ReasonWalletBusy) {
		own.err = busy(in.Wallet)
	}
	if own.err != nil {
		j.reject(n.problemOf(in, own.err))
		return
	}
	signers, refusal := n.choose(in, voices) // 4
	if refusal != nil && refusal.reason.Code == codeRefusedByPeer && voices.busy() {
		j.reject(n.problemOf(in, busy(in.Wallet))) // at the others: what it waits for this node has refused
		return
	}
	if refusal != nil {
		n.settle(j, func(r *Request) { r.State, r.Reason, r.Effect = refusal.state, refusal.reason, own.effect() })
		return
	}
	deploy, err := n.deploys(ctx, in.RequestID)
	if err != nil {
		j.reject(n.problemOf(in, err))
		return
	}
	j.set(func(r *Request) {
		r.State, r.Payload, r.Deploy, r.Effect, r.Reason = StateSigning, own.answer.Payload, deploy, own.effect(), own.reason()
	})
	w := n.wallets.get(in.Wallet)
	signed, err := n.custodyOf(w).sign(ctx, in, voices, signers) // 5 to 9
	if err == nil {
		r, _ := j.state()
		signed.message, err = r.carrier(w, payload, signed.value)
	}
	switch {
	case err == nil:
		n.keepProposal(in, wire.Proposal{Request: e, Payload: payload}, signed.answers)
		n.signed(j, signed)
	case errors.Is(err, errPending):
		n.settle(j, func(r *Request) { r.State = StatePending })
	default:
		n.settle(j, func(r *Request) { r.State, r.Reason, r.MaybeSigned = StateFailed, failure(err), true })
	}
}

// signed is the rest of a request's way, from its signature on.
func (n *Node) signed(j *job, s signature) {
	done := func(r *Request) {
		r.State, r.Signers, r.Signature, r.message = StateSigned, s.signers, s.value[:], s.message
	}
	j.set(done) // the reply need not wait for the disk: RELEASING is on it
	n.settleBy(n.ledger.DoSoon, j, done)
	n.finish(j, s) // 10
}
