package node

import (
	"context"
	"errors"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
)

// ownersMargin is what a payload for an owner to sign stays below the policy's bound: the nodes' clocks differ.
const ownersMargin = 10 * time.Second

// ownerCustody is guard.CustodyOwner: the user alone holds the key. Once as many guards as would sign allow, the unsigned
// payload is handed out, and the owner's signature over exactly those bytes is taken in place of the parties' session.
type ownerCustody struct{ sharedCustody }

// prepare gives an owner who signs by hand as long as the agent's policy allows.
func (c ownerCustody) prepare(ctx context.Context, in guard.Intent, acc ton.Account) ([]byte, error) {
	transfers, err := c.n.transfers(ctx, in, acc)
	if err != nil {
		return nil, err
	}
	p, err := c.n.permissions(ctx, in.Agent)
	if err != nil {
		return nil, err
	}
	return c.write(in, acc, transfers, c.n.env.Now().Add(max(p.MaxValidity-ownersMargin, payloadValidity)))
}

// requestApproval answers with the request as it waits: the owner's signature is the approval.
func (c ownerCustody) requestApproval(r Request) (Request, error) {
	if r.State != StatePending {
		return r, problemf(409, "not_pending", "%s is %s: it waits for nobody's approval", r.ID, r.State)
	}
	return r, nil
}

// sign hands the payload out. What explains it is kept first: it may execute from now on.
func (c ownerCustody) sign(ctx context.Context, in guard.Intent, all *voices, allowing []string) (signature, error) {
	open := wire.Open{Terms: wire.SessionTerms{Payload: all.of(c.n.self).answer.Payload}}
	for _, party := range allowing {
		open.Answers = append(open.Answers, all.of(party).statement)
	}
	if err := c.n.ledger.Do(ctx, func(tx guard.Tx) error { return explained(tx, open) }); err != nil {
		return signature{}, err
	}
	return signature{}, errPending
}

// Unsigned returns the payload that waits for the signature of its wallet's owner, nil if none does.
func (n *Node) Unsigned(ctx context.Context, r Request) ([]byte, error) {
	if r.State != StatePending {
		return nil, nil
	}
	e, err := n.evidence(ctx, r.Payload)
	return e.Proposal.Payload, err
}

func (n *Node) evidence(ctx context.Context, payload [32]byte) (e wire.Evidence, err error) {
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		e, err = readEvidence(tx, payload)
		return err
	})
	if err == nil && !e.Found {
		err = errors.New("the payload is not kept here")
	}
	return e, err
}

// TakeSignature takes in the owner's signature and goes on with the request as far as it was asked to. An agent sees its
// own requests only, as with RequestOf.
func (n *Node) TakeSignature(ctx context.Context, agent, id string, signature []byte) (Request, error) {
	r, err := n.RequestOf(ctx, agent, id, 0)
	switch {
	case err != nil || len(r.Signature) > 0:
		return r, err
	case r.Coordinator != n.self:
		return r, problemf(400, "wrong_coordinator", "the request was given to %s: bring the signature there", r.Coordinator)
	case r.State != StatePending:
		return r, problemf(409, "not_pending", "%s is %s: it waits for nobody's signature", r.ID, r.State)
	case len(signature) != 64:
		return r, problemf(400, "bad_request", "signature: %d bytes, want 64", len(signature))
	}
	s, err := n.ownersSignature(ctx, r, [64]byte(signature))
	if err != nil {
		return r, err
	}
	r.State = StateSigning // it waits for the owner no more
	j, fresh, free := n.jobs.start(r, n.alone(r.Wallet))
	if !free {
		return r, busy(r.Wallet)
	}
	if fresh && !n.spawn(func() { defer n.jobs.end(j); n.signed(j, s) }) {
		n.jobs.end(j)
		return r, problemf(503, "shutting_down", "this node is stopping: bring the signature again once it is back")
	}
	return n.wait(ctx, j)
}

// ownersSignature has the guard agree, under the gate that a trip takes, and makes the complete message.
func (n *Node) ownersSignature(ctx context.Context, r Request, value [64]byte) (s signature, err error) {
	e, err := n.evidence(ctx, r.Payload)
	if err != nil {
		return s, err
	}
	n.gate.RLock()
	defer n.gate.RUnlock()
	err = n.ledger.Do(ctx, func(tx guard.Tx) error { return n.guard.TakeSignature(tx, n.env.Now(), r.Payload, value) })
	if err != nil {
		return s, signatureProblem(err)
	}
	s = signature{value: value, answers: e.Answers}
	for _, a := range e.Answers {
		s.signers = append(s.signers, a.Party)
	}
	s.message, err = r.carrier(n.wallets.get(r.Wallet), e.Proposal.Payload, value)
	return s, err
}

// signatureProblem turns the guard's refusal into an answer; a fault of the disk stays an error.
func signatureProblem(err error) error {
	switch {
	case errors.Is(err, guard.ErrSignature):
		return &Problem{Status: 400, Code: "signature_invalid", Detail: err.Error() + ": nothing has changed, the right one is still waited for"}
	case isStorage(err):
		return err
	}
	return &Problem{Status: 409, Code: "signature_refused", Detail: err.Error()}
}
