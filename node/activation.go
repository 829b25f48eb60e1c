package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/node/ceremony"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/p2p"
	"github.com/tonaiagent/mpcnode/store"
	"github.com/tonaiagent/mpcnode/tss"
)

// What a party does for a key generation once operators have approved it: generate, confirm, activate, test. Each step is
// durable before it is said.

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
