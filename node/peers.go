package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/guard/kill"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/p2p"
)

// Release is this program's version, and majors are the protocol majors it serves: the current and the one before.
const Release = "0.1.0"

var majors = []int{1}

const (
	callTimeout = 5 * time.Second

	// maxPeerSkew is how far a peer's clock may be from ours before it is left out. Windows use chain time, so a wrong
	// clock widens nothing; it makes expiry mean different things at two nodes.
	maxPeerSkew = 30 * time.Second
)

// openNetwork starts the host that talks to the other parties.
func (n *Node) openNetwork() error {
	cfg := p2p.Config{
		Self: n.self, Identity: n.identity, Listen: n.cfg.P2P.Listen, Logger: n.log,
		Kinds: map[p2p.Kind]p2p.Limit{},
		Hello: wire.Encode(wire.Hello{Release: Release, Majors: majors, Manifest: n.network, Clock: n.env.Now().UnixMilli()}),

		CheckHello: n.checkHello, Heartbeat: n.heartbeat, OnHeartbeat: n.onHeartbeat, OnPeer: n.onPeer, Handle: n.handle,
	}
	for kind, limit := range wire.Limits {
		cfg.Kinds[p2p.Kind(kind)] = p2p.Limit(limit)
	}
	for _, p := range n.cfg.Network.Parties {
		if p.Name != n.self {
			cfg.Peers = append(cfg.Peers, p2p.Peer{Party: p.Name, PublicKey: p.Identity.Public(), Addrs: p.Addresses})
		}
	}
	host, err := n.env.Net.Open(cfg)
	if err != nil {
		return fmt.Errorf("open network: %w", err)
	}
	n.net = host
	close(n.online)
	return nil
}

// checkHello refuses a peer that serves another network or speaks another protocol, naming both sides.
func (n *Node) checkHello(party string, raw []byte) error {
	h, err := wire.Decode[wire.Hello](raw)
	if err != nil {
		return err
	}
	if h.Manifest != n.network {
		return fmt.Errorf("network differs: %s has %x, %s has %x: compare the network: blocks of both configurations",
			n.self, n.network[:8], party, h.Manifest[:8])
	}
	if !slices.ContainsFunc(h.Majors, func(m int) bool { return slices.Contains(majors, m) }) {
		return fmt.Errorf("no common protocol: %s (%s) serves %v, %s (%.20s) serves %v", n.self, Release, majors, party, h.Release, h.Majors)
	}
	return nil
}

func (n *Node) heartbeat() []byte {
	return wire.Encode(wire.Heartbeat{TripSet: n.tripSet(), Clock: n.env.Now().UnixMilli()})
}

// onHeartbeat leaves out a peer whose clock is off and merges trips as soon as the sets differ.
func (n *Node) onHeartbeat(party string, raw []byte) {
	h, err := wire.Decode[wire.Heartbeat](raw)
	if err != nil {
		n.log.Warn("heartbeat can't be read", "peer", party, "err", err)
		return
	}
	skew := n.env.Now().Sub(time.UnixMilli(h.Clock))
	n.clocks.note(party, skew)
	if skew.Abs() > maxPeerSkew {
		n.log.Warn("peer's clock is off: it is left out", "peer", party, "skew", skew)
	}
	if h.TripSet != n.tripSet() {
		n.meetSoon(party)
	}
}

// meetSoon meets a party unless that is under way.
func (n *Node) meetSoon(party string) {
	if _, busy := n.meeting.LoadOrStore(party, true); busy {
		return
	}
	if !n.spawn(func() { defer n.meeting.Delete(party); <-n.online; n.meetTrips(party) }) {
		n.meeting.Delete(party)
	}
}

// meetTrips merges the two sets; it runs when they were seen to differ.
func (n *Node) meetTrips(party string) {
	if err := n.exchangeTrips(n.ctx, party); err != nil {
		n.log.Warn("exchange trips", "peer", party, "err", err)
	}
}

// onPeer catches a peer up when it connects: trips first, then ceremonies and receipts that it has missed.
func (n *Node) onPeer(party string, up bool) {
	n.metrics.peer(party, up)
	if !up {
		return
	}
	n.spawn(func() {
		<-n.online
		n.meetTrips(party)
		for _, c := range n.Ceremonies() {
			n.exchangeCeremony(party, c.CeremonyNews)
		}
		n.resendReceipts(party)
	})
}

// handle answers a peer's call. The peer is authenticated; what it says is not yet believed.
func (n *Node) handle(ctx context.Context, from string, k p2p.Kind, body []byte) ([]byte, error) {
	<-n.online
	switch wire.Kind(k) {
	case wire.FramePropose:
		return serve(body, func(p wire.Proposal) (wire.Statement, error) { return n.decide(ctx, from, p) })
	case wire.FrameNonce:
		return serve(body, func(r wire.NonceRequest) ([32]byte, error) { return n.offerNonce(ctx, from, r) })
	case wire.FrameOpen:
		return serve(body, func(o wire.Open) (wire.Opened, error) { return n.joinSession(ctx, from, o) })
	case wire.FrameReceipt:
		return serve(body, func(s wire.Statement) (bool, error) { return true, n.hearReceipt(ctx, s) })
	case wire.FrameTrips:
		return serve(body, func(t []kill.Trip) ([]kill.Trip, error) { return n.hearTrips(ctx, t) })
	case wire.FrameCeremony:
		return serve(body, func(c wire.CeremonyNews) (wire.CeremonyNews, error) { return n.hearCeremony(ctx, c) })
	case wire.FrameEvidence:
		return serve(body, func(payload [32]byte) (wire.Evidence, error) { return n.giveEvidence(ctx, payload) })
	}
	return nil, fmt.Errorf("frame kind %d is not served", k)
}

// serve decodes a request, answers it, and encodes the answer.
func serve[In, Out any](body []byte, answer func(In) (Out, error)) ([]byte, error) {
	in, err := wire.Decode[In](body)
	if err != nil {
		return nil, err
	}
	out, err := answer(in)
	if err != nil {
		return nil, err
	}
	return wire.Encode(out), nil
}

// callPeer makes one call and decodes the answer.
func callPeer[Out any](ctx context.Context, n *Node, party string, k wire.Kind, body []byte) (out Out, err error) {
	if skew := n.clocks.of(party); skew.Abs() > maxPeerSkew {
		return out, fmt.Errorf("call %s: its clock is %s off ours", party, skew.Round(time.Second))
	}
	raw, err := n.net.Call(ctx, party, p2p.Kind(k), body)
	if err != nil {
		return out, fmt.Errorf("call %s: %w", party, err)
	}
	return wire.Decode[Out](raw)
}

// peers returns the other parties.
func (n *Node) peers() []string {
	return slices.DeleteFunc(n.manifest.Names(), func(p string) bool { return p == n.self })
}

// waitForPeers returns once every party is up.
func (n *Node) waitForPeers(ctx context.Context) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		var down []string
		for _, p := range n.net.Peers() {
			if !p.Up {
				down = append(down, p.Party)
			}
		}
		if len(down) == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("wait for parties: %v are down", down), ctx.Err())
		}
	}
}
