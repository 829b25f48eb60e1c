package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// afterObserving asks the other parties about what this node has no record of. Nobody's lock is held: they may take
// their time.
func (n *Node) afterObserving(ctx context.Context, w guard.WalletRecord) error {
	var unexplained uint64
	err := n.ledger.View(ctx, func(tx guard.Tx) (err error) {
		unexplained, err = n.guard.Unexplained(tx, w.ID)
		return err
	})
	if err != nil {
		return err
	}
	n.countUnexplained(w.ID, unexplained)
	if unexplained == 0 {
		return nil
	}
	n.log.Error("wallet has executed payloads that this node has no record of: it is refused until they are explained",
		"wallet", w.ID, "count", unexplained)
	n.explainAll(ctx, w)
	return nil
}

// countUnexplained tells how many there are.
func (n *Node) countUnexplained(wallet string, unexplained uint64) {
	n.metrics.unexplained.WithLabelValues(wallet).Set(float64(unexplained))
	text := ""
	if unexplained > 0 {
		text = fmt.Sprintf("wallet %s: %d executed payloads that this node has no record of: its requests are refused until they are explained", wallet, unexplained)
	}
	n.warnings.set("unexplained "+wallet, text)
}

// explainAll asks the other parties for what explains the unexplained payloads of a wallet, after whoever is asking now.
func (n *Node) explainAll(ctx context.Context, w guard.WalletRecord) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	for underWay := n.mirror.explains.begin(w.ID); underWay != nil; underWay = n.mirror.explains.begin(w.ID) {
		select {
		case <-underWay:
		case <-ctx.Done():
			return
		}
	}
	defer n.mirror.explains.end(w.ID)
	var payloads [][32]byte
	err := n.ledger.Scan(ctx, guard.UnexplainedOf(w.ID), "", 256, func(k guard.Key, _ []byte) bool {
		if hash, ok := guard.UnexplainedPayload(k); ok {
			payloads = append(payloads, hash)
		}
		return true
	})
	if err != nil {
		n.log.Error("list unexplained payloads", "wallet", w.ID, "err", err)
	}
	for _, hash := range payloads {
		if err := n.explain(ctx, w, hash); err != nil {
			n.log.Error("payload stays unexplained", "wallet", w.ID, "payload", fmt.Sprintf("%x", hash), "err", err)
		}
	}
}

// explain asks all parties at once until one has evidence that holds.
func (n *Node) explain(ctx context.Context, w guard.WalletRecord, payload [32]byte) error {
	type reply struct {
		party string
		wire.Evidence
		err error
	}
	peers := n.peers()
	replies := make(chan reply, len(peers))
	for _, party := range peers {
		go func() {
			e, err := callPeer[wire.Evidence](ctx, n, party, wire.FrameEvidence, wire.Encode(payload))
			replies <- reply{party, e, err}
		}()
	}
	errs := []error{errors.New("no other party has a record of it")}
	for range peers {
		r := <-replies
		if r.err == nil && r.Found {
			if r.err = n.accept(ctx, w, payload, r.Evidence); r.err == nil {
				n.log.Info("payload explained", "wallet", w.ID, "payload", fmt.Sprintf("%x", payload), "peer", r.party)
				return nil
			}
		}
		if r.err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", r.party, r.err))
		}
	}
	return errors.Join(errs...)
}

// accept verifies all of the evidence here: the agent's signature over the request, the payload's bytes, and the
// statements of as many parties as sign.
func (n *Node) accept(ctx context.Context, w guard.WalletRecord, payload [32]byte, e wire.Evidence) error {
	in, err := n.verified(ctx, e.Proposal.Request)
	if err != nil {
		return err
	}
	if err := addressed(e.Proposal.Request, pathRequests); err != nil {
		return err
	}
	t, err := reader(in)(w.TON(), e.Proposal.Payload)
	if err != nil {
		return err
	}
	if in.Wallet != w.ID || t.SigningHash != payload {
		return errors.New("evidence is for another wallet or payload")
	}
	var signers []string
	for _, s := range e.Answers {
		signers = append(signers, s.Party)
	}
	if err := n.checkAnswers(signers, e.Answers, in.Request, payload); err != nil {
		return err
	}
	return n.ledger.Do(ctx, func(tx guard.Tx) error {
		schedulePayload(tx, payload, later(t.ValidUntil, in.Expires))
		return n.guard.Explain(tx, n.env.Now(), guard.Explanation{Intent: in, Tx: t, Signers: signers})
	})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// giveEvidence answers another party that asks what explains a payload.
func (n *Node) giveEvidence(ctx context.Context, payload [32]byte) (e wire.Evidence, err error) {
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		e, err = readEvidence(tx, payload)
		return err
	})
	if len(e.Answers) == 0 {
		return wire.Evidence{}, err // reserved or seen here, but not known to be signed
	}
	return e, err
}
