package p2p

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// knocker is a libp2p host of ours without the protocol on top: it dials, opens streams and writes what it likes.
func knocker(t *testing.T, identity string, target *party) (*tcpTransport, *pin) {
	t.Helper()
	cfg := base(identity, identity, target.name)
	dials(&cfg, target)
	h, err := open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	n, err := newTCP(h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.close() })
	return n, n.pin(h.peers[0])
}

// lower returns the names in the order of their keys: the first opens links to the second.
func lower(one, other string) (string, string) {
	if bytes.Compare(publicOf(one), publicOf(other)) < 0 {
		return one, other
	}
	return other, one
}

func TestStrangersDialIsRefusedAndLoggedOnce(t *testing.T) {
	t.Parallel()
	a := start(t, TCP{}, base("a", "a", "b"))
	stranger, target := knocker(t, "stranger", a)
	for range 3 {
		// Noise lets the dialler finish first, so its dial may seem to succeed; a stream never does.
		if _, err := stranger.swarm.DialPeer(deadline(t), target.id); err == nil {
			if s, err := stranger.stream(deadline(t), target); err == nil {
				t.Errorf("the stranger has a stream: %v", s)
			}
		}
		_ = stranger.swarm.ClosePeer(target.id)
	}
	a.logs.await(t, "level=WARN", "stranger refused", "source=127.0.0.1", stranger.swarm.LocalPeer().String())
	if rest := a.logs.String(); strings.Contains(rest, "stranger refused") {
		t.Errorf("logged again:\n%s", rest)
	}
	if n := a.Host.(*host).net.(*tcpTransport).swarm.ConnsToPeer(stranger.swarm.LocalPeer()); len(n) != 0 {
		t.Errorf("the stranger has %d connections", len(n))
	}
}

func TestThrottleForgetsAfterAMinuteAndIsBounded(t *testing.T) {
	var th throttle
	now := time.Unix(1_700_000_000, 0)
	if !th.allow("x", now) || th.allow("x", now.Add(59*time.Second)) || !th.allow("x", now.Add(time.Minute)) {
		t.Error("not once a minute")
	}
	now = now.Add(time.Minute)
	for range 2 * strangerSources {
		th.allow(rand.Text(), now)
	}
	if len(th.seen) > strangerSources || th.allow("new", now) {
		t.Errorf("%d sources are remembered", len(th.seen))
	}
	if !th.allow("new", now.Add(time.Minute)) {
		t.Error("silent for ever")
	}
}

// TestForgedIdentityIsNotTakenForThePeer: at the address of b listens somebody else.
func TestForgedIdentityIsNotTakenForThePeer(t *testing.T) {
	t.Parallel()
	imposter := start(t, TCP{}, base("imposter", "a", "imposter"))
	cfg := base("a", "a", "b")
	cfg.Peers[0].Addrs = imposter.Addrs()
	a := start(t, TCP{}, cfg)
	a.logs.await(t, "level=WARN", "dial peer", "peer=b", "peer id mismatch")
	if a.status(t, "b").Up {
		t.Error("b is up")
	}
}

// TestSecondHolderOfAKeyCantTakeOver: while b is up, a copy of b can neither get a link nor disturb the one there is, and
// of its connections no more than one is kept beside b's own.
func TestSecondHolderOfAKeyCantTakeOver(t *testing.T) {
	t.Parallel()
	copied, victim := lower("a", "b")
	all := join(t, TCP{}, base(victim, "a", "b"), base(copied, "a", "b"))
	s := joinAll(t, [32]byte{1}, all, "a", "b")
	at := all[0].Host.(*host).net.(*tcpTransport).swarm
	for range 3 {
		n, target := knocker(t, copied, all[0])
		began := time.Now()
		if f, err := knock(t, n, target); err == nil || time.Since(began) > helloTimeout/2 {
			t.Errorf("the copy was answered with form %d, %v, after %v", f.form, err, time.Since(began))
		}
		if kept := len(at.ConnsToPeer(n.swarm.LocalPeer())); kept > connsPerPeer {
			t.Errorf("%d connections are kept, want at most %d", kept, connsPerPeer)
		}
	}
	if err := s[1].Send(deadline(t), victim, []byte("still here")); err != nil {
		t.Error(err)
	}
	if _, b, err := s[0].Recv(deadline(t)); err != nil || string(b) != "still here" {
		t.Errorf("Recv = %q, %v", b, err)
	}
}

// knock says hello and returns what comes back.
func knock(t *testing.T, n *tcpTransport, target *pin) (frame, error) {
	t.Helper()
	if _, err := n.swarm.DialPeer(deadline(t), target.id); err != nil {
		return frame{}, err
	}
	s, err := n.stream(deadline(t), target)
	if err != nil {
		return frame{}, err
	}
	l := newStreamLink(s, n.host.kinds)
	_ = say(l, &frame{form: formHello})
	return l.recv()
}

// greeted knocks as the peer whose turn it is to open the link and gets as far as the hellos.
func greeted(t *testing.T, a *party, as string) *streamLink {
	t.Helper()
	n, target := knocker(t, as, a)
	if _, err := n.swarm.DialPeer(deadline(t), target.id); err != nil {
		t.Fatal(err)
	}
	s, err := n.stream(deadline(t), target)
	if err != nil {
		t.Fatal(err)
	}
	l := newStreamLink(s, n.host.kinds)
	if err := say(l, &frame{form: formHello, body: []byte("hello of " + as)}); err != nil {
		t.Fatal(err)
	}
	if _, err := expect(l, formHello); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestGarbageFromAPinnedPeerIsDroppedAndNamed(t *testing.T) {
	t.Parallel()
	for name, garbage := range map[string][]byte{
		"zeros":             make([]byte, 64),
		"text":              []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
		"a huge frame":      {byte(kindAsk), byte(formRequest), 0xff, 0xff, 0xff, 0xff},
		"a frame over caps": wire(t, frame{form: formSession, kind: kindWork, body: make([]byte, 1025)}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer, self := lower("a", "b")
			a := start(t, TCP{}, base(self, "a", "b"))
			l := greeted(t, a, peer)
			if err := say(l, &frame{form: formBeat}); err != nil {
				t.Fatal(err)
			}
			a.await(t, peer, "up")
			if _, err := l.stream.Write(garbage); err != nil {
				t.Fatal(err)
			}
			a.await(t, peer, "down")
			a.logs.await(t, "level=WARN", "peer="+peer, "protocol violation")
			if err := drained(l); err == nil {
				t.Error("the connection was kept")
			}
		})
	}
}

func drained(l *streamLink) error {
	for {
		if _, err := l.recv(); err != nil {
			return err
		}
	}
}

// TestPeerOpensNoLinkOutOfTurn: which of two opens the link is settled by their keys.
func TestPeerOpensNoLinkOutOfTurn(t *testing.T) {
	t.Parallel()
	self, peer := lower("a", "b")
	a := start(t, TCP{}, base(self, "a", "b"))
	n, target := knocker(t, peer, a)
	if _, err := n.swarm.DialPeer(deadline(t), target.id); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	s, err := n.stream(deadline(t), target)
	if err == nil { // else the refusal was quicker than the answer to the negotiation
		_, err = s.Read(make([]byte, 1))
	}
	if err == nil || time.Since(began) > helloTimeout/2 {
		t.Errorf("%v after %v, want to be refused at once", err, time.Since(began))
	}
}

// TestStreamsOfAPeerAreBounded: over all its connections, which yamux alone doesn't see.
func TestStreamsOfAPeerAreBounded(t *testing.T) {
	t.Parallel()
	peer, self := lower("a", "b")
	a := start(t, TCP{}, base(self, "a", "b"))
	var all []network.Stream
	for range connsPerPeer {
		n, target := knocker(t, peer, a)
		conn, err := n.swarm.DialPeer(deadline(t), target.id)
		if err != nil {
			t.Fatal(err)
		}
		for range streamsPerPeer - 2 {
			s, err := conn.NewStream(deadline(t))
			if err != nil {
				t.Fatal(err)
			}
			_, _ = s.Write([]byte{19}) // the length of a multistream header that never comes
			all = append(all, s)
		}
	}
	held := 0
	for _, s := range all {
		_ = s.SetReadDeadline(time.Now().Add(patience))
		_, err := s.Read(make([]byte, 1)) // the header of the other side, who waits for ours; or the refusal
		switch {
		case err == nil:
			held++
		case !errors.Is(err, network.ErrReset):
			t.Errorf("Read = %v, want a reset", err)
		}
	}
	if held > streamsPerPeer || held == 0 {
		t.Errorf("%d streams are held, want at most %d", held, streamsPerPeer)
	}
}

// TestFrameBeforeHelloIsRefused: nothing else is taken from a peer, and nothing else is taken for a hello.
func TestFrameBeforeHelloIsRefused(t *testing.T) {
	t.Parallel()
	peer, self := lower("a", "b")
	cfg := base(self, "a", "b")
	cfg.CheckHello = func(_ string, hello []byte) error {
		t.Errorf("%q was taken for a hello", hello)
		return nil
	}
	a := start(t, TCP{}, cfg)
	n, target := knocker(t, peer, a)
	if _, err := n.swarm.DialPeer(deadline(t), target.id); err != nil {
		t.Fatal(err)
	}
	s, err := n.stream(deadline(t), target)
	if err != nil {
		t.Fatal(err)
	}
	l := newStreamLink(s, n.host.kinds)
	_ = say(l, &frame{form: formRequest, kind: kindAsk, body: []byte("a request")})
	if f, err := l.recv(); err == nil {
		t.Errorf("answered with form %d", f.form)
	}
	a.logs.await(t, "level=WARN", "peer="+peer, "protocol violation")
}

// TestPeerThatReadsNothingIsDown: its heartbeats come, ours don't get through.
func TestPeerThatReadsNothingIsDown(t *testing.T) {
	t.Parallel()
	peer, self := lower("a", "b")
	a := start(t, TCP{}, base(self, "a", "b"))
	l := greeted(t, a, peer)
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for tick := time.NewTicker(heartbeatEvery / 2); ; {
			if say(l, &frame{form: formBeat}) != nil {
				return
			}
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
	}()
	a.await(t, peer, "up")
	called := make(chan error, 1)
	go func() {
		for {
			if _, err := a.Call(context.Background(), peer, kindBig, make([]byte, 1<<17)); err != nil {
				called <- err
				return
			}
		}
	}()
	for range 15 {
		go func() { _, _ = a.Call(context.Background(), peer, kindBig, make([]byte, 1<<17)) }()
	}
	if err := <-called; !errors.Is(err, ErrPeerDown{peer}) {
		t.Errorf("Call = %v", err)
	}
	close(done)
	<-stopped
	a.logs.await(t, "level=WARN", "peer down", "send:", "deadline")
}

func TestSilentPeerIsDown(t *testing.T) {
	t.Parallel()
	peer, self := lower("a", "b")
	a := start(t, TCP{}, base(self, "a", "b"))
	l := greeted(t, a, peer)
	if err := say(l, &frame{form: formBeat}); err != nil {
		t.Fatal(err)
	}
	a.await(t, peer, "up")
	began := time.Now()
	a.await(t, peer, "down")
	if d := time.Since(began); d < 2*time.Second || d > 8*time.Second {
		t.Errorf("down after %v", d)
	}
	a.logs.await(t, "level=WARN", "peer="+peer, "heartbeats missed")
}

// TestHandshakesDontWaitForEver: a pinned peer that opens a stream and says nothing, or says hello and no more, doesn't
// keep the place of one that does.
func TestHandshakesDontWaitForEver(t *testing.T) {
	t.Parallel()
	peer, self := lower("a", "b")
	a := start(t, TCP{}, base(self, "a", "b"))
	l := greeted(t, a, peer)
	began := time.Now()
	if err := drained(l); err == nil {
		t.Error("kept")
	}
	if d := time.Since(began); d > helloTimeout+3*time.Second {
		t.Errorf("closed after %v", d)
	}
	if a.status(t, peer).Up {
		t.Error("up without the first heartbeat")
	}
}

// TestSlowSessionDoesntStallOthers: b reads nothing of one session while a floods it.
func TestSlowSessionDoesntStallOthers(t *testing.T) {
	t.Parallel()
	all := join(t, TCP{}, base("a", "a", "b"), base("b", "a", "b"))
	slow, quick := joinAll(t, [32]byte{1}, all, "a", "b"), joinAll(t, [32]byte{2}, all, "a", "b")
	for range 50 {
		for range 100 {
			if err := slow[0].Send(deadline(t), "b", make([]byte, 1024)); err != nil && !errors.Is(err, ErrQueueFull) {
				t.Fatal(err)
			}
		}
		echoed(t, all[0], "b") // calls wait for room in the queue
		if err := quick[0].Send(deadline(t), "b", []byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := quick[1].Recv(deadline(t)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDiallerWithoutListenersIsReached: a party behind NAT dials out, and calls go both ways.
func TestDiallerWithoutListenersIsReached(t *testing.T) {
	t.Parallel()
	a := start(t, TCP{}, base("a", "a", "b"))
	cfg := base("b", "a", "b")
	dials(&cfg, a)
	h, err := TCP{}.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	a.await(t, "b", "up")
	if addrs := h.Addrs(); len(addrs) != 0 {
		t.Errorf("it listens on %v", addrs)
	}
	if reply, err := a.Call(deadline(t), "b", kindAsk, nil); err != nil || !strings.HasPrefix(string(reply), "b got") {
		t.Errorf("Call = %q, %v", reply, err)
	}
}

// TestBothDialling: each knows the other's address, so that two connections may be made at once; there is one link.
func TestBothDialling(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 2)
	a, b := base("a", "a", "b"), base("b", "a", "b")
	a.Peers[0].Addrs, b.Peers[0].Addrs = ports[1:], ports[:1]
	a.Listen, b.Listen = ports[:1], ports[1:]
	ha, hb := start(t, TCP{}, a), start(t, TCP{}, b)
	ha.await(t, "b", "up")
	hb.await(t, "a", "up")
	echoed(t, ha, "b")
	echoed(t, hb, "a")
}

func freePorts(t *testing.T, n int) (addrs []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		addrs = append(addrs, "/ip4/127.0.0.1/tcp/"+port)
	}
	return addrs
}

func TestOpenRefusesAddressesThatArentTCP(t *testing.T) {
	for _, addr := range []string{
		"", "127.0.0.1:4001", "/ip4/127.0.0.1", "/ip4/127.0.0.1/udp/1/quic-v1", "/ip4/127.0.0.1/tcp/1/ws", "/unix/x",
		"/ip4/127.0.0.1/tcp/1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN", "/dnsaddr/example.com",
	} {
		listens, dials := base("a", "a", "b"), base("a", "a", "b")
		listens.Listen, dials.Peers[0].Addrs = []string{addr}, []string{addr}
		for what, cfg := range map[string]Config{"listen on": listens, "dial": dials} {
			if h, err := (TCP{}).Open(cfg); err == nil {
				t.Errorf("%s %q: no error", what, addr)
				_ = h.Close()
			}
		}
	}
}

func TestOpenFailsWhenAnyAddressIsTaken(t *testing.T) {
	a := start(t, TCP{}, base("a", "a", "b"))
	cfg := base("b", "a", "b")
	cfg.Listen = []string{"/ip4/127.0.0.1/tcp/0", a.Addrs()[0]}
	if h, err := (TCP{}).Open(cfg); err == nil {
		t.Error("opened with half of its addresses")
		_ = h.Close()
	}
}

func TestGaterAdmitsPinnedPeersOnly(t *testing.T) {
	a := start(t, TCP{}, base("a", "a", "b"))
	n, target := knocker(t, "b", a)
	stranger, _ := knocker(t, "stranger", a)
	gate := &gater{pinned: n.isPinned, log: n.host.log}
	for id, want := range map[string]bool{"pinned": true, "stranger": false} {
		peer := target.id
		if !want {
			peer = stranger.swarm.LocalPeer()
		}
		if got := gate.InterceptPeerDial(peer); got != want {
			t.Errorf("dial %s: %v", id, got)
		}
		if got := gate.InterceptAddrDial(peer, nil); got != want {
			t.Errorf("dial address of %s: %v", id, got)
		}
	}
	conn, err := n.swarm.DialPeer(deadline(t), target.id)
	if err != nil {
		t.Fatal(err)
	}
	if !gate.InterceptSecured(network.DirInbound, target.id, conn) || gate.InterceptSecured(network.DirInbound, stranger.swarm.LocalPeer(), conn) {
		t.Error("secured connections are judged by something else")
	}
	if ok, _ := gate.InterceptUpgraded(conn); !ok {
		t.Error("an upgraded connection of a pinned peer is refused")
	}
	if err := n.admit(t.Context(), nil, nil); err == nil {
		t.Error("a stream of a stranger that came past the gater is admitted")
	}
	gate.pinned = stranger.isPinned
	delete(stranger.pins, target.id)
	if ok, _ := gate.InterceptUpgraded(conn); ok {
		t.Error("an upgraded connection of a stranger is admitted")
	}
}

func TestHandshakingConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	a := start(t, TCP{}, base("a", "a", "b"))
	target := strings.Split(a.Addrs()[0], "/")
	ctx := deadline(t)
	open := make(chan bool, 3*connsMax)
	for range 3 * connsMax {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+target[4])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		go func() {
			_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
			_, err := conn.Read(make([]byte, 1))
			var timeout net.Error
			open <- err == nil || errors.As(err, &timeout) && timeout.Timeout()
		}()
	}
	kept := 0
	for range 3 * connsMax {
		if <-open {
			kept++
		}
	}
	if kept > connsHandshaking || kept == 0 {
		t.Errorf("%d connections wait for their handshake, want at most %d", kept, connsHandshaking)
	}
}
