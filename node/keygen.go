package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/ceremony"
	"github.com/tonaiagent/mpcnode/node/wire"
)

const (
	// maxCeremonies bounds the ceremonies kept in memory, and maxProposals those of one party that came to nothing and have
	// not expired; a network has a handful of keys.
	maxCeremonies = 256
	maxProposals  = 32

	keygenTimeout = 30 * time.Second
	ceremonyPause = 2 * time.Second
	testTimeout   = 10 * time.Second
)

// keygens are the ceremonies this node knows. Each is kept under g/<id> and is written before anyone is told.
type keygens struct {
	byID    map[[32]byte]*ceremony.Ceremony // guarded by Node.keygenMu, as is running
	running map[[32]byte]bool               // advance is at work; true: news came meanwhile
}

const prefixCeremony guard.Key = "g/"

func ceremonyKey(id [32]byte) guard.Key { return prefixCeremony + guard.Key(fmt.Sprintf("%x", id)) }

// ProposeKeygen enters a proposal with its proposer's approval and tells the other parties. It returns the digest that
// each party's operator approves.
func (n *Node) ProposeKeygen(ctx context.Context, k wire.Keygen, a wire.Approval) ([32]byte, error) {
	if k.Proposer != n.self {
		return [32]byte{}, problemf(400, "wrong_proposer", "the proposal names %q as proposer: propose at that party's node, this is %s", k.Proposer, n.self)
	}
	if err := n.claimed(k); err != nil {
		return [32]byte{}, err
	}
	return k.ID(), n.learn(ctx, wire.CeremonyNews{Keygen: k, Approvals: []wire.Approval{a}})
}

// ApproveKeygen adds the approval of one of this party's operators.
func (n *Node) ApproveKeygen(ctx context.Context, a wire.Approval) error {
	c, ok := n.Ceremony(a.Ceremony)
	switch {
	case !ok:
		return problemf(404, "unknown_ceremony", "no ceremony %x is proposed here: see `mpcctl keygen status`", a.Ceremony[:8])
	case a.Party != n.self:
		return problemf(403, "wrong_party", "the approval is %s's: give it at that party's node, this is %s", a.Party, n.self)
	case c.State(n.self, n.env.Now()) == ceremony.Expired:
		return problemf(409, "expired", "the proposal expired at %s: propose again", time.Unix(c.Keygen.Expires, 0).UTC().Format(time.RFC3339))
	}
	if err := n.claimed(c.Keygen); err != nil {
		return err
	}
	return n.learn(ctx, wire.CeremonyNews{Keygen: c.Keygen, Approvals: []wire.Approval{a}})
}

// Ceremony returns what this node knows of one ceremony.
func (n *Node) Ceremony(id [32]byte) (ceremony.Ceremony, bool) {
	n.keygenMu.Lock()
	defer n.keygenMu.Unlock()
	c := n.keygens.byID[id]
	if c == nil {
		return ceremony.Ceremony{}, false
	}
	return *c, true
}

// Ceremonies returns all ceremonies, by key.
func (n *Node) Ceremonies() []ceremony.Ceremony {
	n.keygenMu.Lock()
	defer n.keygenMu.Unlock()
	var all []ceremony.Ceremony
	for _, c := range n.keygens.byID {
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b ceremony.Ceremony) int {
		if a.Keygen.Key != b.Keygen.Key {
			return strings.Compare(a.Keygen.Key, b.Keygen.Key)
		}
		return int(a.Keygen.Expires - b.Keygen.Expires)
	})
	return all
}

// ready returns the ceremony that made the key, once it may be used.
func (n *Node) ready(key string) (ceremony.Ceremony, bool) {
	for _, c := range n.Ceremonies() {
		if c.Keygen.Key == key && c.State(n.self, n.env.Now()) == ceremony.Ready {
			return c, true
		}
	}
	return ceremony.Ceremony{}, false
}

// learn takes in news of a ceremony, keeps it, tells the others if it was new, and does what follows
// from it.
func (n *Node) learn(ctx context.Context, news wire.CeremonyNews) error {
	changed, c, err := n.merge(ctx, news)
	if err != nil || !changed {
		return err
	}
	n.spawn(func() { n.tellCeremony(c.CeremonyNews) })
	n.spawn(func() { n.advance(c.ID()) })
	return nil
}

// merge is the part of learn that changes what is kept.
func (n *Node) merge(ctx context.Context, news wire.CeremonyNews) (bool, ceremony.Ceremony, error) {
	n.keygenMu.Lock()
	defer n.keygenMu.Unlock()
	var next ceremony.Ceremony
	if known := n.keygens.byID[news.Keygen.ID()]; known != nil {
		next = *known
	} else {
		c, err := ceremony.New(n.manifest, news.Keygen, n.env.Now())
		if err != nil {
			return false, c, &Problem{Status: 400, Code: "bad_proposal", Detail: err.Error()}
		}
		if err := n.room(ctx, news.Keygen.Proposer); err != nil {
			return false, c, err
		}
		next = c
	}
	if next.State(n.self, n.env.Now()) == ceremony.Expired {
		news.Approvals = nil // they came too late
	}
	changed, err := next.Merge(n.manifest, news, func(t wire.KeyTest) error { return n.checkKeyTest(next, t) })
	if err != nil {
		return false, next, &Problem{Status: 400, Code: "bad_news", Detail: err.Error()}
	}
	if !next.Proposed() {
		return false, next, problemf(403, "not_proposed", "no operator of %s, the proposer, has approved", next.Keygen.Proposer)
	}
	if !changed {
		return false, next, nil
	}
	if parties := next.Equivocators(); len(parties) > 0 {
		n.log.Error("parties confirmed and aborted the same ceremony", "key", next.Keygen.Key, "at_fault", parties)
	}
	return true, next, n.keepCeremony(ctx, next)
}

// room makes room for one more ceremony of a proposer: what came to nothing is forgotten, and a proposer has a few open
// ones. The caller holds keygenMu.
func (n *Node) room(ctx context.Context, proposer string) error {
	open := 0
	for id, c := range n.keygens.byID {
		state := c.State(n.self, n.env.Now())
		// Before its expiry an aborted one stays, so that nobody can bring it back and have this party confirm it.
		expired := n.env.Now().Unix() > c.Keygen.Expires
		nothing := expired && !c.Said(wire.KindConfirm, n.self)
		if nothing && len(n.keygens.byID) >= maxCeremonies {
			if err := n.ledger.Do(ctx, func(tx guard.Tx) error { tx.Set(ceremonyKey(id), nil); return nil }); err != nil {
				return err
			}
			delete(n.keygens.byID, id)
		}
		if c.Keygen.Proposer == proposer && !expired && (state == ceremony.Proposed || state == ceremony.Aborted) {
			open++
		}
	}
	if open >= maxProposals || len(n.keygens.byID) >= maxCeremonies {
		return problemf(429, "too_many_ceremonies", "%s has %d unexpired proposals, or this node keeps %d ceremonies already", proposer, open, maxCeremonies)
	}
	return nil
}

// claimed refuses a second key of one name: this party has approved another ceremony for it that is not over.
func (n *Node) claimed(k wire.Keygen) error {
	for _, other := range n.Ceremonies() {
		state := other.State(n.self, n.env.Now())
		over := state == ceremony.Aborted || state == ceremony.Expired || state == ceremony.Disputed
		if other.Keygen.Key == k.Key && other.ID() != k.ID() && !over && !slices.Contains(other.Waiting(), n.self) {
			return problemf(409, "key_exists", "a key %q is %s here: choose another name", k.Key, state)
		}
	}
	return nil
}

// keepCeremony writes c; the caller holds keygenMu.
func (n *Node) keepCeremony(ctx context.Context, c ceremony.Ceremony) error {
	err := n.ledger.Do(ctx, func(tx guard.Tx) error {
		tx.Set(ceremonyKey(c.ID()), digest.Encode(c.CeremonyNews))
		return nil
	})
	if err == nil {
		n.keygens.byID[c.ID()] = &c
	}
	return err
}

// tellCeremony sends what this node knows to every party that is up, and takes in what they answer. Before the node is
// online there is nobody to tell; who connects then is told everything.
func (n *Node) tellCeremony(news wire.CeremonyNews) {
	if !n.isOnline() {
		return
	}
	for _, p := range n.manifest.Names() {
		if p != n.self {
			n.spawn(func() { n.exchangeCeremony(p, news) })
		}
	}
}

// exchangeCeremony is one such exchange. A party that is down gets it when it connects again.
func (n *Node) exchangeCeremony(party string, news wire.CeremonyNews) {
	ctx, cancel := context.WithTimeout(n.ctx, callTimeout)
	defer cancel()
	theirs, err := callPeer[wire.CeremonyNews](ctx, n, party, wire.FrameCeremony, wire.Encode(news))
	if err == nil {
		err = n.learn(ctx, theirs)
	}
	if err != nil {
		n.log.Debug("exchange ceremony", "peer", party, "err", err)
	}
}

// hearCeremony answers another party's news with this node's own.
func (n *Node) hearCeremony(ctx context.Context, news wire.CeremonyNews) (wire.CeremonyNews, error) {
	if err := n.learn(ctx, news); err != nil {
		return wire.CeremonyNews{}, err
	}
	c, _ := n.Ceremony(news.Keygen.ID())
	return c.CeremonyNews, nil
}

// loadCeremonies reads what was kept, before any party can be heard: news of a ceremony that seemed unknown would be
// written over what this party has said in it. A generation that was under way when the node stopped is over: its session
// lived in memory, so this party promises never to confirm it.
func (n *Node) loadCeremonies(ctx context.Context) error {
	if err := n.readCeremonies(ctx); err != nil {
		return err
	}
	for _, c := range n.Ceremonies() {
		if c.State(n.self, n.env.Now()) == ceremony.Approved {
			if err := n.promiseAbort(c, errors.New("the node restarted during the generation")); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n *Node) readCeremonies(ctx context.Context) error {
	n.keygenMu.Lock()
	defer n.keygenMu.Unlock()
	var bad error
	err := n.ledger.Scan(ctx, prefixCeremony, "", maxCeremonies, func(k guard.Key, v []byte) bool {
		var c ceremony.Ceremony
		if bad = digest.Decode(v, &c.CeremonyNews); bad != nil {
			bad = fmt.Errorf("read record %s: %w", k, bad)
			return false
		}
		n.keygens.byID[c.ID()] = &c
		return true
	})
	return errors.Join(err, bad)
}

// resumeCeremonies goes on with the ceremonies.
func (n *Node) resumeCeremonies() {
	for _, c := range n.Ceremonies() {
		n.spawn(func() { n.advance(c.ID()) })
	}
}
