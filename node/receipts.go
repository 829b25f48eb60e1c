package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/tss"
)

// maxUndelivered bounds how many receipts are sent again when a party connects; it pulls what it lacks beyond them.
const maxUndelivered = 1000

// prefixUndelivered is where receipts wait that a party could not be given: o/<party>/<request>.
const prefixUndelivered guard.Key = "o/"

func undeliveredOf(party string) guard.Key { return prefixUndelivered + guard.Key(party+"/") }

// recordSigned keeps the outcome of a session and what explains its payload. The reply need not wait for it: RELEASING
// is on disk, and the chain tells the rest.
func (n *Node) recordSigned(open wire.Open, sig [64]byte) {
	r := wire.Receipt{RequestID: open.RequestID, Request: open.Terms.Request, Payload: open.Terms.Payload,
		Signature: sig, Signers: open.Terms.Signers, Answers: open.Answers}
	if _, err := n.keepReceipt(n.ctx, r); err != nil {
		n.log.Error("record signature", "request", r.RequestID, "err", err)
	}
	n.follow(n.wallets.get(open.Terms.Wallet), r.Payload)
}

// keepReceipt records that a request was signed, and reports whether that was new. The receipt must be about a payload
// that this node knows as one of that very request.
func (n *Node) keepReceipt(ctx context.Context, r wire.Receipt) (fresh bool, err error) {
	err = n.ledger.DoSoon(ctx, func(tx guard.Tx) error {
		p, _, err := n.guard.Payload(tx, r.Payload)
		if err != nil || p.RequestID != r.RequestID || p.Request != r.Request {
			return err
		}
		q, ok, err := readRequest(tx, r.RequestID)
		if err != nil || !ok || len(q.Signature) > 0 {
			return err
		}
		fresh = true
		q.Signers, q.Signature, q.Payload = r.Signers, r.Signature[:], r.Payload
		switch q.State {
		case StateEvaluating, StateSigning, StateDenied: // its effect and reason stay what this node said
			q.State = StateSigned
		}
		writeRequest(tx, q, n.env.Now())
		e, err := readEvidence(tx, r.Payload)
		if err == nil && e.Found && len(e.Answers) == 0 {
			e.Answers = r.Answers
			writeEvidence(tx, r.Payload, e)
		}
		return errors.Join(err, n.guard.Signed(tx, n.env.Now(), r.Payload, r.Signature))
	})
	return fresh, err
}

// keepProposal keeps what a coordinator delivers, also after a restart, if its own guard has refused it and so has not kept it.
func (n *Node) keepProposal(in guard.Intent, p wire.Proposal, answers []wire.Statement) {
	if slices.ContainsFunc(answers, func(s wire.Statement) bool { return s.Party == n.self }) {
		return
	}
	t, err := reader(in)(n.wallets.get(in.Wallet).TON(), p.Payload)
	if err == nil {
		err = n.ledger.DoSoon(n.ctx, func(tx guard.Tx) error {
			e, err := readEvidence(tx, t.SigningHash)
			if err == nil && !e.Found {
				writeEvidence(tx, t.SigningHash, wire.Evidence{Proposal: p, Answers: answers})
				schedulePayload(tx, t.SigningHash, later(t.ValidUntil, in.Expires))
			}
			return err
		})
	}
	if err != nil {
		n.log.Error("keep what the others have signed", "request", in.RequestID, "err", err)
	}
}

// sendReceipts tells every other party. What a party can't be given now waits for it on disk.
func (n *Node) sendReceipts(r wire.Receipt) {
	s := n.state(wire.KindReceipt, r)
	for _, party := range n.peers() {
		n.spawn(func() {
			if err := n.giveReceipt(party, s); err != nil {
				n.log.Debug("receipt is kept for later", "peer", party, "request", r.RequestID, "err", err)
				n.keepUndelivered(party, r.RequestID, s)
			}
		})
	}
}

func (n *Node) giveReceipt(party string, s wire.Statement) error {
	ctx, cancel := context.WithTimeout(n.ctx, callTimeout)
	defer cancel()
	_, err := callPeer[bool](ctx, n, party, wire.FrameReceipt, wire.Encode(s))
	return err
}

func (n *Node) keepUndelivered(party, requestID string, s wire.Statement) {
	err := n.ledger.Do(context.WithoutCancel(n.ctx), func(tx guard.Tx) error {
		tx.Set(undeliveredOf(party)+guard.Key(requestID), digest.Encode(s))
		return nil
	})
	if err != nil {
		n.log.Error("keep receipt", "peer", party, "request", requestID, "err", err)
	}
}

// resendReceipts gives a party that has connected what it missed.
func (n *Node) resendReceipts(party string) {
	waiting := map[guard.Key]wire.Statement{}
	err := n.ledger.Scan(n.ctx, undeliveredOf(party), "", maxUndelivered, func(k guard.Key, v []byte) bool {
		var s wire.Statement
		if digest.Decode(v, &s) == nil {
			waiting[k] = s
		}
		return true
	})
	if err != nil {
		n.log.Error("list receipts", "peer", party, "err", err)
	}
	for k, s := range waiting {
		if err := n.giveReceipt(party, s); err != nil {
			n.log.Warn("resend receipt", "peer", party, "request", strings.TrimPrefix(string(k), string(undeliveredOf(party))), "err", err)
			return
		}
		if err := n.ledger.Do(n.ctx, func(tx guard.Tx) error { tx.Set(k, nil); return nil }); err != nil {
			n.log.Error("forget receipt", "peer", party, "err", err)
		}
	}
}

// hearReceipt takes in that a request was signed: by as many parties as sign, each of which said so under its own
// identity, with a signature that verifies.
func (n *Node) hearReceipt(ctx context.Context, s wire.Statement) error {
	var r wire.Receipt
	if err := s.Read(&r); err != nil {
		return err
	}
	var q Request
	err := n.ledger.View(ctx, func(tx guard.Tx) (err error) {
		q, _, err = readRequest(tx, r.RequestID)
		return err
	})
	if err != nil || q.ID == "" {
		return err // never proposed here: pulled when the chain shows it
	}
	if q.Payload == r.Payload && bytes.Equal(q.Signature, r.Signature[:]) {
		return nil // as one of the signers
	}
	if err := n.checkReceipt(s, r, q); err != nil {
		return err
	}
	fresh, err := n.keepReceipt(ctx, r)
	if fresh {
		n.spawn(func() { n.follow(n.wallets.get(q.Wallet), r.Payload) })
	}
	return err
}

// checkReceipt verifies the receipt, those who signed, and the signature.
func (n *Node) checkReceipt(s wire.Statement, r wire.Receipt, q Request) error {
	if err := s.Verify(n.manifest, wire.KindReceipt); err != nil {
		return err
	}
	if len(r.Answers) != n.manifest.Need || len(r.Signers) != len(r.Answers) {
		return fmt.Errorf("receipt names %d signers and carries %d answers, want %d", len(r.Signers), len(r.Answers), n.manifest.Need)
	}
	if err := n.checkAnswers(r.Signers, r.Answers, r.Request, r.Payload); err != nil {
		return fmt.Errorf("receipt: %w", err)
	}
	if w, ok := n.wallets.find(q.Wallet); !ok || !tss.Verify(w.PublicKey, r.Payload, r.Signature) {
		return errors.New("receipt: the signature does not verify")
	}
	return nil
}

// resumeDeliveries goes on with what was signed but not seen to execute when the node stopped.
func (n *Node) resumeDeliveries(ctx context.Context) error {
	var open []string
	err := n.ledger.Scan(ctx, prefixOpen, "", maxListed, func(k guard.Key, _ []byte) bool {
		open = append(open, strings.TrimPrefix(string(k), string(prefixOpen)))
		return true
	})
	if err != nil {
		return err
	}
	for _, id := range open {
		r, err := n.lookUp(ctx, id)
		if err != nil {
			return err
		}
		boc, err := n.Message(ctx, r)
		if err != nil || boc == nil {
			continue
		}
		if j, fresh, free := n.jobs.start(r, n.alone(r.Wallet)); fresh && free {
			n.spawn(func() {
				defer n.jobs.end(j)
				n.deliver(n.ctx, j, n.wallets.get(r.Wallet), boc)
			})
		}
	}
	return nil
}
