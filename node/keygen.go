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
	"github.com/tonaiagent/mpcnode/p2p"
	"github.com/tonaiagent/mpcnode/store"
	"github.com/tonaiagent/mpcnode/tss"
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

// tellCeremony sends what this node knows to every party that is up, and takes in what they answer.
func (n *Node) tellCeremony(news wire.CeremonyNews) {
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

// advance does what the ceremony's state asks of this party, until nothing more follows. One goroutine does it for a
// ceremony at a time; news that comes meanwhile makes it look once more.
func (n *Node) advance(id [32]byte) {
	n.keygenMu.Lock()
	_, busy := n.keygens.running[id]
	n.keygens.running[id] = busy
	n.keygenMu.Unlock()
	for again := !busy; again; {
		for n.step(id) {
		}
		n.keygenMu.Lock()
		if again = n.keygens.running[id]; again {
			n.keygens.running[id] = false
		} else {
			delete(n.keygens.running, id)
		}
		n.keygenMu.Unlock()
	}
}

// step does one thing and reports whether another may follow.
func (n *Node) step(id [32]byte) bool {
	c, ok := n.Ceremony(id)
	if !ok {
		return false // forgotten meanwhile
	}
	var err error
	switch state := c.State(n.self, n.env.Now()); {
	case state == ceremony.Approved:
		err = n.generate(c)
	case state == ceremony.Aborted:
		return n.abort(c)
	case state == ceremony.Active && !c.Said(wire.KindActive, n.self):
		err = n.activate(c)
	case state == ceremony.Active && c.EveryoneActive() && len(c.Untested(n.self)) > 0:
		err = n.test(c)
	default:
		return false
	}
	if err != nil {
		n.log.Error("ceremony", "key", c.Keygen.Key, "state", c.State(n.self, n.env.Now()), "err", err)
		n.spawn(func() { n.retry(id) })
	}
	return err == nil
}

// retry goes on with a ceremony after a pause: what failed was a disk, or a party that was not there.
func (n *Node) retry(id [32]byte) {
	select {
	case <-time.After(ceremonyPause):
		n.advance(id)
	case <-n.ctx.Done():
	}
}

// generate runs the distributed key generation, keeps the share as PREPARED, and only then confirms. A failure is a
// promise never to confirm.
func (n *Node) generate(c ceremony.Ceremony) error {
	ctx, cancel := context.WithTimeout(n.ctx, keygenTimeout)
	defer cancel()
	generated, err := n.keygen(ctx, c)
	if err != nil {
		n.log.Error("key generation failed: propose again", "key", c.Keygen.Key, "at_fault", culprits(err), "err", err)
		return errors.Join(err, n.promiseAbort(c, err))
	}
	defer generated.Share.Destroy()
	if err := n.vault.Prepare(generated.Share); err != nil {
		return errors.Join(err, n.promiseAbort(c, err))
	}
	return n.say(c, wire.CeremonyNews{Confirms: []wire.Statement{n.state(wire.KindConfirm, generated.Confirm)}})
}

// keygen waits for all parties to be there and runs the protocol.
func (n *Node) keygen(ctx context.Context, c ceremony.Ceremony) (*tss.Generated, error) {
	if err := n.waitForPeers(ctx); err != nil {
		return nil, err
	}
	session, err := n.net.Join(c.Session(), c.Keygen.Parties, p2p.Kind(wire.FrameTSS))
	if err != nil {
		return nil, err
	}
	defer session.Close()
	return tss.Keygen(ctx, tss.Committee{
		Network: n.network, Session: c.Session(), Key: c.Keygen.Key, Epoch: c.Keygen.Epoch, Need: c.Keygen.Need,
		Parties: c.Keygen.Parties, Self: n.self,
	}, session)
}

// promiseAbort says, durably, that this party will never confirm, and then deletes what the generation left here.
func (n *Node) promiseAbort(c ceremony.Ceremony, why error) error {
	body := wire.Abort{Ceremony: c.ID(), Reason: clip(why.Error(), 200)}
	if err := n.say(c, wire.CeremonyNews{Aborts: []wire.Statement{n.state(wire.KindAbort, body)}}); err != nil {
		return err
	}
	if slices.Contains(c.Waiting(), n.self) {
		return nil // never approved here: a share of that name belongs to another ceremony
	}
	if n.confirmedOther(c) {
		return nil
	}
	held := store.Held{Key: c.Keygen.Key, Epoch: c.Keygen.Epoch, State: store.Prepared}
	if !slices.Contains(n.vault.List(), held) {
		return nil
	}
	return n.vault.Discard(held.Key, held.Epoch)
}

// confirmedOther reports whether this party has confirmed another ceremony for a key of the same name, whose share must
// stay.
func (n *Node) confirmedOther(c ceremony.Ceremony) bool {
	return slices.ContainsFunc(n.Ceremonies(), func(o ceremony.Ceremony) bool {
		return o.ID() != c.ID() && o.Keygen.Key == c.Keygen.Key && o.Said(wire.KindConfirm, n.self)
	})
}

// abort answers another party's abort with this party's own. If it has confirmed it keeps its share: a party that says
// both may have confirmed to others.
func (n *Node) abort(c ceremony.Ceremony) bool {
	if c.Said(wire.KindConfirm, n.self) || c.Said(wire.KindAbort, n.self) {
		return false
	}
	if err := n.promiseAbort(c, errors.New("another party aborted")); err != nil {
		n.log.Error("abort", "key", c.Keygen.Key, "err", err)
	}
	return false
}

// activate makes the share usable: every party has confirmed the same key.
func (n *Node) activate(c ceremony.Ceremony) error {
	certificate, ok := c.Certificate()
	if !ok {
		return errors.New("activate: the confirms don't make a certificate")
	}
	if err := n.vault.Activate(c.Keygen.Key, c.Keygen.Epoch); err != nil {
		return err
	}
	n.log.Info("key is active", "key", c.Keygen.Key, "epoch", c.Keygen.Epoch)
	return n.say(c, wire.CeremonyNews{Actives: []wire.Statement{
		n.state(wire.KindActive, wire.Active{Ceremony: c.ID(), Certificate: certificate})}})
}

// test has every set of signers that this party starts sign the key's test message.
func (n *Node) test(c ceremony.Ceremony) error {
	for _, signers := range c.Untested(n.self) {
		ctx, cancel := context.WithTimeout(n.ctx, testTimeout)
		sig, err := n.signTest(ctx, c, signers)
		cancel()
		if err != nil {
			return fmt.Errorf("test signature of %v: %w", signers, err)
		}
		if err := n.say(c, wire.CeremonyNews{Tests: []wire.KeyTest{{Signers: signers, Signature: sig}}}); err != nil {
			return err
		}
	}
	return nil
}

// say adds this party's own word to a ceremony: durable first, then told.
func (n *Node) say(c ceremony.Ceremony, news wire.CeremonyNews) error {
	news.Keygen = c.Keygen
	ctx, cancel := context.WithTimeout(n.ctx, callTimeout)
	defer cancel()
	return n.learn(ctx, news)
}

// PublicKey returns the key that a ceremony's parties confirmed.
func PublicKey(c ceremony.Ceremony) ([32]byte, error) {
	if len(c.Confirms) == 0 {
		return [32]byte{}, errors.New("no party has confirmed a key")
	}
	confirmed, err := tss.CheckConfirm(c.Confirms[0].Body)
	return confirmed.Public, err
}

// checkKeyTest verifies the test signature of one set of signers.
func (n *Node) checkKeyTest(c ceremony.Ceremony, t wire.KeyTest) error {
	pub, err := PublicKey(c)
	if err != nil {
		return err
	}
	hash := n.guard.KeyTestMessage(c.Keygen.Key, c.Keygen.Epoch, t.Signers)
	if !tss.Verify(pub, hash, t.Signature) {
		return errors.New("the signature is not the key's")
	}
	return nil
}

// resumeCeremonies loads what was kept. A generation that was under way when the node stopped is over: its session
// lived in memory, so this party promises never to confirm it.
func (n *Node) resumeCeremonies(ctx context.Context) error {
	var all []ceremony.Ceremony
	var bad error
	err := n.ledger.Scan(ctx, prefixCeremony, "", maxCeremonies, func(k guard.Key, v []byte) bool {
		var c ceremony.Ceremony
		if bad = digest.Decode(v, &c.CeremonyNews); bad != nil {
			bad = fmt.Errorf("read record %s: %w", k, bad)
			return false
		}
		all = append(all, c)
		return true
	})
	if err = errors.Join(err, bad); err != nil {
		return err
	}
	for _, c := range all {
		n.keygens.byID[c.ID()] = &c
	}
	for _, c := range all {
		if c.State(n.self, n.env.Now()) == ceremony.Approved {
			if err := n.promiseAbort(c, errors.New("the node restarted during the generation")); err != nil {
				return err
			}
		}
		n.spawn(func() { n.advance(c.ID()) })
	}
	return nil
}
