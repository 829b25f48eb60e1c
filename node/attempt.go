package node

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/tss"
)

// signature is a finished signature and who made it.
type signature struct {
	value   [64]byte
	signers []string
	answers []wire.Statement
	message []byte // complete, for the chain
}

// sign runs sessions until one gives a signature. Each attempt has fresh nonces and leaves out who failed the last.
func (n *Node) sign(ctx context.Context, in guard.Intent, all *voices, signers []string) (signature, error) {
	nonces, attempt, err := n.firstNonces(ctx, in, all, signers)
	if err != nil {
		return signature{}, err
	}
	failed := map[string]bool{}
	for try := 1; ; try++ {
		open := n.terms(in, all, signers, nonces, attempt)
		sig, blamed, err := n.session(ctx, open)
		if err == nil {
			return signature{value: sig, signers: open.Terms.Signers, answers: open.Answers}, nil
		}
		n.log.Warn("signing attempt failed", "request", in.RequestID, "attempt", attempt, "signers", signers, "blamed", blamed, "err", err)
		for _, party := range blamed {
			failed[party] = true
			n.faults.note(party, n.env.Now())
		}
		n.hearLate(all)
		// Who only coordinates sees nobody fail. So it signs itself the next time, if its own guard allows.
		if signers = n.without(in, all, failed, len(blamed) == 0); signers == nil || try == maxTries || ctx.Err() != nil {
			return signature{}, err
		}
		attempt++
		if nonces, err = n.renew(ctx, in.Request, all.of(n.self).answer.Payload, signers, attempt); err != nil {
			return signature{}, err
		}
	}
}

// firstNonces takes the nonces that came with the answers. Signers that know the payload from before a restart of this
// node are at different attempts: then all begin a new one.
func (n *Node) firstNonces(ctx context.Context, in guard.Intent, all *voices, signers []string) (map[string][32]byte, int, error) {
	nonces, highest, equal := map[string][32]byte{}, 0, true
	for _, s := range signers {
		a := all.of(s).answer
		nonces[s] = a.Nonce
		equal = equal && (highest == 0 || a.Attempt == highest)
		highest = max(highest, a.Attempt)
	}
	if equal {
		return nonces, highest, nil
	}
	nonces, err := n.renew(ctx, in.Request, all.of(n.self).answer.Payload, signers, highest+1)
	return nonces, highest + 1, err
}

// renew gets a fresh nonce from each signer for the given attempt.
func (n *Node) renew(ctx context.Context, request, payload [32]byte, signers []string, attempt int) (map[string][32]byte, error) {
	nonces := map[string][32]byte{}
	ask := wire.NonceRequest{Request: request, Payload: payload, Attempt: attempt}
	for _, s := range signers {
		var err error
		if s == n.self {
			nonces[s], err = n.offerNonce(ctx, n.self, ask)
		} else {
			nonces[s], err = callPeer[[32]byte](ctx, n, s, wire.FrameNonce, wire.Encode(ask))
		}
		if err != nil {
			return nil, err
		}
	}
	return nonces, nil
}

// without picks signers again, past those that failed; this party before others if it is to see for itself.
func (n *Node) without(in guard.Intent, all *voices, failed map[string]bool, selfFirst bool) []string {
	left := slices.DeleteFunc(n.allowing(in, all), func(party string) bool { return failed[party] })
	if i := slices.Index(left, n.self); i > 0 && selfFirst {
		left = slices.Insert(slices.Delete(left, i, i+1), 0, n.self)
	}
	return n.pick(left)
}

// terms puts together what the session is bound to. Signers stand in the request's order.
func (n *Node) terms(in guard.Intent, all *voices, signers []string, nonces map[string][32]byte, attempt int) wire.Open {
	w := n.wallets.get(in.Wallet)
	open := wire.Open{RequestID: in.RequestID, Terms: wire.SessionTerms{
		Network: n.network, Key: w.Key, Epoch: w.Epoch, Engine: wire.EngineTSSLib, Coordinator: n.self, Wallet: in.Wallet,
		Request: in.Request, Payload: all.of(n.self).answer.Payload, Signers: InOrder(in.RequestID, signers), Attempt: attempt, TripSet: n.tripSet(),
	}}
	for _, s := range open.Terms.Signers {
		v := all.of(s)
		open.Answers = append(open.Answers, v.statement)
		open.Terms.Decisions = append(open.Terms.Decisions, v.statement.ID())
		open.Terms.Nonces = append(open.Terms.Nonces, nonces[s])
	}
	for _, party := range n.accounting(in.Wallet) {
		open.Reservations = append(open.Reservations, all.of(party).statement)
	}
	return open
}

// session opens one session at every signer and returns the first signature that verifies. When there is none it names
// the parties that this node saw fail.
func (n *Node) session(ctx context.Context, open wire.Open) (sig [64]byte, blamed []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	open.Millis = roundsTimeout.Milliseconds()
	public := n.wallets.get(open.Terms.Wallet).PublicKey
	for r := range n.openAll(ctx, open) {
		if r.err == nil && len(r.opened.Signature) == 64 && tss.Verify(public, open.Terms.Payload, [64]byte(r.opened.Signature)) {
			return [64]byte(r.opened.Signature), nil, nil
		}
		party, why := r.blame(n.self)
		blamed = append(blamed, party...)
		err = errors.Join(err, why)
	}
	return sig, blamed, err
}

// opening is one signer's reply.
type opening struct {
	party  string
	opened wire.Opened
	err    error
}

// openAll opens the session at every signer, this node included, and yields their replies as they come.
func (n *Node) openAll(ctx context.Context, open wire.Open) iter.Seq[opening] {
	results := make(chan opening, len(open.Terms.Signers))
	raw := wire.Encode(open)
	for _, party := range open.Terms.Signers {
		n.spawn(func() {
			r := opening{party: party}
			if party == n.self {
				r.opened, r.err = n.joinSession(ctx, n.self, open)
			} else {
				r.opened, r.err = callPeer[wire.Opened](ctx, n, party, wire.FrameOpen, raw)
			}
			results <- r
		})
	}
	return func(yield func(opening) bool) {
		for range open.Terms.Signers {
			select {
			case r := <-results:
				if !yield(r) {
					return
				}
			case <-n.ctx.Done():
				yield(opening{party: n.self, err: n.ctx.Err()})
				return
			}
		}
	}
}

// blame returns whom a failed opening speaks against, by this node's own observation: a call that failed, a signer that
// refused, or what this node saw in the session. What others say of each other counts for nothing.
func (r opening) blame(self string) ([]string, error) {
	switch {
	case r.err != nil && r.party == self:
		return culprits(r.err), r.err
	case r.err != nil:
		return []string{r.party}, r.err
	case r.party == self:
		return r.opened.Blamed, fmt.Errorf("%s: %s", r.party, r.opened.Error)
	case r.opened.Error == "":
		return []string{r.party}, fmt.Errorf("%s returned a signature that does not verify", r.party)
	}
	return nil, fmt.Errorf("%s: %.200q", r.party, r.opened.Error)
}
