package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/ceremony"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/tss"
)

// joinSession takes part in a session that a coordinator opens, for as long as the coordinator waits and no longer.
// Terms without a wallet are those of a key test.
func (n *Node) joinSession(ctx context.Context, from string, open wire.Open) (wire.Opened, error) {
	left := min(time.Duration(open.Millis)*time.Millisecond, roundsTimeout)
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	if open.Terms.Wallet == "" {
		return n.contributeTest(ctx, from, open.Terms)
	}
	return n.contribute(ctx, from, open)
}

// offerNonce gives out the nonce for a later attempt at a payload that this node has reserved, or at a key's test.
func (n *Node) offerNonce(ctx context.Context, from string, r wire.NonceRequest) ([32]byte, error) {
	expires, err := n.attemptable(ctx, from, r)
	if err != nil {
		return [32]byte{}, err
	}
	nonce, ok := n.attempts.offer(r.Request, r.Payload, r.Attempt, expires, n.env.Now())
	if !ok {
		return nonce, fmt.Errorf("attempt %d is not after the last, or too many are open", r.Attempt)
	}
	return nonce, nil
}

// attemptable checks that there is something to attempt, and says until when.
func (n *Node) attemptable(ctx context.Context, from string, r wire.NonceRequest) (expires time.Time, err error) {
	if n.testOf(r.Payload) {
		return n.env.Now().Add(testTimeout), nil
	}
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		p, known, err := n.guard.Payload(tx, r.Payload)
		if err != nil {
			return err
		}
		q, ok, err := readRequest(tx, p.RequestID)
		switch {
		case err != nil:
			return err
		case !known || !ok || p.Request != r.Request || q.Coordinator != from:
			return errors.New("no such payload is reserved here for a request that you coordinate")
		}
		expires = time.Unix(p.RequestExpires, 0)
		return nil
	})
	return expires, err
}

// testOf reports whether hash is the test message of a key whose parties are all active.
func (n *Node) testOf(hash [32]byte) bool {
	return slices.ContainsFunc(n.Ceremonies(), func(c ceremony.Ceremony) bool {
		return c.EveryoneActive() && slices.ContainsFunc(c.Sets(), func(s []string) bool {
			return n.guard.KeyTestMessage(c.Keygen.Key, c.Keygen.Epoch, s) == hash
		})
	})
}

// signTest has one set of signers, this node the first of them, sign the key's test message.
func (n *Node) signTest(ctx context.Context, c ceremony.Ceremony, signers []string) (sig [64]byte, err error) {
	hash := n.guard.KeyTestMessage(c.Keygen.Key, c.Keygen.Epoch, signers)
	for _, s := range signers {
		if s != n.self {
			n.exchangeCeremony(s, c.CeremonyNews) // it may not have heard yet that all are active
		}
	}
	attempt := int(n.env.Now().UnixMilli()) // above every earlier one, this node's restarts included
	nonces, err := n.renew(ctx, hash, hash, signers, attempt)
	if err != nil {
		return sig, err
	}
	t := wire.SessionTerms{Network: n.network, Key: c.Keygen.Key, Epoch: c.Keygen.Epoch, Engine: wire.EngineTSSLib,
		Coordinator: n.self, Request: hash, Payload: hash, Signers: signers, Attempt: attempt, TripSet: n.tripSet()}
	for _, s := range signers {
		t.Nonces = append(t.Nonces, nonces[s])
	}
	pub, err := PublicKey(c)
	if err != nil {
		return sig, err
	}
	for r := range n.openAll(ctx, wire.Open{Terms: t, Millis: roundsTimeout.Milliseconds()}) {
		if r.err == nil && len(r.opened.Signature) == 64 && tss.Verify(pub, hash, [64]byte(r.opened.Signature)) {
			return [64]byte(r.opened.Signature), nil
		}
		_, why := r.blame(n.self)
		err = errors.Join(err, why)
	}
	return sig, err
}

// contributeTest is contribute for a key's test: the guard computes the message, and needs no reservation.
func (n *Node) contributeTest(ctx context.Context, from string, t wire.SessionTerms) (wire.Opened, error) {
	i := slices.Index(t.Signers, n.self)
	if i < 0 || t.Network != n.network || t.Coordinator != from || t.Engine != wire.EngineTSSLib || t.Path != "" ||
		len(t.Nonces) != len(t.Signers) || t.TripSet != n.tripSet() {
		return wire.Opened{}, errors.New("refuse key test: its terms are not those of this node")
	}
	hash := n.guard.KeyTestMessage(t.Key, t.Epoch, t.Signers)
	nonce, ok := n.attempts.take(hash, hash, t.Attempt, n.env.Now())
	if t.Payload != hash || t.Request != hash || !n.testOf(hash) || !ok || nonce != t.Nonces[i] {
		return wire.Opened{}, errors.New("refuse key test: not the message of a key that is active everywhere, or not this node's nonce")
	}
	var permit *guard.Permit
	err := n.ledger.Do(ctx, func(tx guard.Tx) (err error) {
		permit, err = n.guard.TestPermit(tx, n.env.Now(), guard.TestTerms{Session: t.ID(), Key: t.Key, Epoch: t.Epoch, Signers: t.Signers})
		return err
	})
	if err != nil {
		return wire.Opened{}, err
	}
	sig, err := n.signWith(ctx, permit, t.Signers, func(guard.Tx) error { return nil })
	if err != nil {
		return wire.Opened{Error: err.Error(), Blamed: culprits(err)}, nil
	}
	err = n.ledger.Do(ctx, func(tx guard.Tx) error { return n.guard.Tested(tx, t.Key, t.Epoch, t.Signers) })
	return wire.Opened{Signature: sig[:]}, err
}
