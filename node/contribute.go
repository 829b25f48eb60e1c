package node

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/p2p"
	"github.com/tonaiagent/mpcnode/tss"
)

// contribute takes this node's part in one signing session: a permit from the reservation on its own disk, the share,
// every round but the last, and then, if nothing has changed meanwhile, the last message.
func (n *Node) contribute(ctx context.Context, from string, open wire.Open) (wire.Opened, error) {
	if err := n.checkTerms(from, open); err != nil { // 5
		return wire.Opened{}, err
	}
	reserved, err := n.reservations(from, open)
	if err != nil {
		return wire.Opened{}, err
	}
	permit, err := n.permit(ctx, open.Terms, reserved) // 6
	if err != nil {
		return wire.Opened{}, err
	}
	sig, err := n.signWith(ctx, permit, open.Terms.Signers, func(tx guard.Tx) error { return explained(tx, open) }) // 7, 8
	if err != nil {
		return wire.Opened{Error: err.Error(), Blamed: culprits(err)}, nil
	}
	if from != n.self { // the coordinator records it with the request
		n.spawn(func() { n.recordSigned(open, sig) }) // 9
	}
	return wire.Opened{Signature: sig[:]}, nil
}

// checkTerms recomputes all of the session's terms from what this node knows itself.
func (n *Node) checkTerms(from string, open wire.Open) error {
	t := open.Terms
	bad := func(what string) error { return fmt.Errorf("refuse session: %s", what) }
	i := slices.Index(t.Signers, n.self)
	switch {
	case t.Network != n.network:
		return bad("it is for another network")
	case t.Coordinator != from:
		return bad("its coordinator is not who opens it")
	case t.Engine != wire.EngineTSSLib || t.Path != "":
		return bad("engine or path are not served by this release")
	case i < 0 || len(t.Signers) != n.manifest.Need:
		return bad("its signers are not as many as must sign, this node among them")
	case len(t.Nonces) != len(t.Signers) || len(t.Decisions) != len(t.Signers) || len(open.Answers) != len(t.Signers):
		return bad("it doesn't carry one answer and one nonce for each signer")
	case t.TripSet != n.tripSet():
		return fmt.Errorf("refuse session: %w: this node has recorded other trips than %s", guard.ErrTripsChanged, from)
	case !slices.Equal(t.Signers, InOrder(open.RequestID, t.Signers)):
		return bad("its signers don't stand in the request's order")
	}
	if err := n.checkRequest(open); err != nil {
		return err
	}
	if !bound(open) {
		return bad("the answers it carries are not those it is bound to")
	}
	if from != n.self { // the coordinator has verified them as they came
		if err := n.checkAnswers(t.Signers, open.Answers, t.Request, t.Payload); err != nil {
			return fmt.Errorf("refuse session: %w", err)
		}
	}
	nonce, ok := n.attempts.take(t.Request, t.Payload, t.Attempt, n.env.Now())
	if !ok || nonce != t.Nonces[i] {
		return bad("its nonce is not the one this node gave out for this attempt, or was used")
	}
	return nil
}

// checkRequest checks that the session's request id is that of the reservation here.
func (n *Node) checkRequest(open wire.Open) error {
	return n.ledger.View(n.ctx, func(tx guard.Tx) error {
		p, known, err := n.guard.Payload(tx, open.Terms.Payload)
		if err == nil && (!known || p.RequestID != open.RequestID || p.Wallet != open.Terms.Wallet) {
			err = errors.New("refuse session: its request or wallet are not those of the reservation here")
		}
		return err
	})
}

// checkAnswers verifies that every signer said, under its own identity, that it reserved this very payload.
func (n *Node) checkAnswers(signers []string, answers []wire.Statement, request, payload [32]byte) error {
	for i, s := range answers {
		var a wire.Answer
		if slices.Contains(signers[:i], signers[i]) {
			return fmt.Errorf("%.64q is named as a signer twice", signers[i])
		}
		if s.Party != signers[i] {
			return fmt.Errorf("the answer of %.64q stands in for %s's", s.Party, signers[i])
		}
		if err := n.openStatement(s, wire.KindAnswer, &a); err != nil {
			return err
		}
		if a.Request != request || a.Payload != payload || guard.Effect(a.Effect) != guard.Allow || !a.Reserved {
			return fmt.Errorf("%s has not reserved this payload for this request", s.Party)
		}
	}
	return nil
}

// bound reports whether the session is bound to exactly the answers that came with it.
func bound(open wire.Open) bool {
	return slices.EqualFunc(open.Answers, open.Terms.Decisions, func(s wire.Statement, id [32]byte) bool { return s.ID() == id })
}

// permit asks the guard for the one permit of this attempt.
func (n *Node) permit(ctx context.Context, t wire.SessionTerms, reserved []guard.Reservation) (p *guard.Permit, err error) {
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		p, err = n.guard.Permit(tx, n.env.Now(), guard.Terms{
			Session: t.ID(), Request: t.Request, Payload: t.Payload, Key: t.Key, Epoch: t.Epoch,
			Signers: t.Signers, Attempt: t.Attempt, Expires: n.env.Now().Add(attemptTimeout),
			Reservations: reserved,
		})
		return err
	})
	return p, err
}

// signWith opens the share for the permit and runs the threshold signature with the other signers.
func (n *Node) signWith(ctx context.Context, p *guard.Permit, signers []string, keep func(guard.Tx) error) (sig [64]byte, err error) {
	defer n.metrics.stage("threshold")()
	share, err := n.vault.Open(n.env.Now(), p)
	if err != nil {
		return sig, err
	}
	defer share.Destroy()
	session, err := n.net.Join(p.Session(), signers, p2p.Kind(wire.FrameTSS))
	if err != nil {
		return sig, err
	}
	defer session.Close()
	half, err := tss.Begin(ctx, share, p.Session(), signers, p.Hash(), session)
	if err != nil {
		return sig, err
	}
	if err := n.release(ctx, p, half, keep); err != nil {
		return sig, err
	}
	return half.Signature(ctx)
}

// explained keeps the signers' answers with the payload: from here on a signature may exist, and a party that took no
// part will ask why, also if this one never sees it.
func explained(tx guard.Tx, open wire.Open) error {
	e, err := readEvidence(tx, open.Terms.Payload)
	if err != nil || !e.Found || len(e.Answers) > 0 {
		return err
	}
	e.Answers = open.Answers
	writeEvidence(tx, open.Terms.Payload, e)
	return nil
}

// release lets the last message out, once the guard has agreed again and RELEASING is on disk. A trip takes the gate for
// writing, so once a trip is acknowledged nothing of this node leaves any more.
func (n *Node) release(ctx context.Context, p *guard.Permit, half *tss.Half, keep func(guard.Tx) error) error {
	n.gate.RLock()
	defer n.gate.RUnlock()
	err := n.ledger.Do(ctx, func(tx guard.Tx) error {
		if err := n.guard.Release(tx, n.env.Now(), p); err != nil {
			return err
		}
		return keep(tx)
	})
	if err != nil {
		return err
	}
	return half.Release(ctx)
}

// culprits names the parties that this node itself saw at fault or silent.
func culprits(err error) (parties []string) {
	var fault *tss.Fault
	var silent *tss.Silent
	var dispute *tss.Dispute
	var down p2p.ErrPeerDown
	switch {
	case errors.As(err, &fault):
		parties = []string{fault.Party}
	case errors.As(err, &silent):
		parties = silent.Parties
	case errors.As(err, &dispute):
		parties = dispute.Parties
	case errors.As(err, &down):
		parties = []string{down.Party}
	}
	return parties
}
