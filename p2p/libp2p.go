package p2p

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	libp2p "github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	ma "github.com/multiformats/go-multiaddr"
	mss "github.com/multiformats/go-multistream"
)

// protocolID names the order of hellos and the frames of frame.go.
const protocolID protocol.ID = "/mpcnode/1"

// TCP is the network over TCP, Noise and yamux, by libp2p.
type TCP struct{}

// Open listens and starts dialling. It fails if any address of cfg is malformed or can't be listened on.
func (TCP) Open(cfg Config) (Host, error) {
	h, err := open(cfg)
	if err != nil {
		return nil, fmt.Errorf("open host: %w", err)
	}
	t, err := newTCP(h)
	if err != nil {
		return nil, fmt.Errorf("open host: %w", err)
	}
	ctx := h.start(t)
	t.swarm.SetStreamHandler(func(s network.Stream) { t.accept(ctx, s) })
	for _, p := range t.pins {
		if len(p.addrs) > 0 {
			h.wg.Go(func() { t.keepConnected(ctx, p) })
		}
	}
	if err := t.listen(cfg.Listen); err != nil {
		return nil, fmt.Errorf("open host: %w", errors.Join(err, h.Close()))
	}
	return h, nil
}

// tcpTransport separates connections from links: whoever knows an address keeps a connection up, and over it the one of
// the two whose turn it is opens the link.
type tcpTransport struct {
	host  *host
	swarm *swarm.Swarm
	pins  map[libp2p.ID]*pin
}

// pin is a pinned peer as libp2p knows it.
type pin struct {
	*peer
	id        libp2p.ID
	connected chan struct{} // holds one: something happened since its reader last looked
	lost      chan struct{} // likewise
}

func (t *tcpTransport) isPinned(id libp2p.ID) bool { return t.pins[id] != nil }

// notify wakes who waits for a connection, or for the end of one, and logs the end of a listener that should be there.
func (t *tcpTransport) notify() {
	t.swarm.Notify(&network.NotifyBundle{
		ConnectedF:    func(_ network.Network, c network.Conn) { t.wake(c, func(p *pin) chan struct{} { return p.connected }) },
		DisconnectedF: func(_ network.Network, c network.Conn) { t.wake(c, func(p *pin) chan struct{} { return p.lost }) },
		ListenCloseF:  func(_ network.Network, a ma.Multiaddr) { t.deaf(a) },
	})
}

func (t *tcpTransport) deaf(a ma.Multiaddr) {
	select {
	case <-t.host.done:
	default:
		t.host.log.Error("no longer listening", "addr", a.String())
	}
}

func (t *tcpTransport) wake(c network.Conn, which func(*pin) chan struct{}) {
	p := t.pins[c.RemotePeer()]
	if p == nil {
		return
	}
	select {
	case which(p) <- struct{}{}:
	default:
	}
}

func (t *tcpTransport) isConnected(p *pin) bool {
	return t.swarm.Connectedness(p.id) == network.Connected
}

// keepConnected dials the peer whenever there is no connection, whoever made the last one.
func (t *tcpTransport) keepConnected(ctx context.Context, p *pin) {
	wait := newBackoff(t.host.public(), p.key)
	var log grumble
	for ctx.Err() == nil {
		began := time.Now()
		for t.isConnected(p) && ctx.Err() == nil {
			select {
			case <-p.lost:
			case <-ctx.Done():
			}
		}
		if time.Since(began) > backoffMax {
			wait.reset()
		}
		if err := t.dial(ctx, p); err != nil && ctx.Err() == nil {
			log.warn(t.host.log, "dial peer", p.name, err)
		}
		wait.sleep(ctx)
	}
}

func (t *tcpTransport) dial(ctx context.Context, p *pin) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	t.swarm.Backoff().Clear(p.id) // starts at 5 s, and is no use next to ours
	_, err := t.swarm.DialPeer(ctx, p.id)
	return err
}

// open opens the link over a connection that either side made.
func (t *tcpTransport) open(ctx context.Context, q *peer) (link, error) {
	p := t.pin(q)
	for !t.isConnected(p) {
		select {
		case <-p.connected:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	s, err := t.stream(ctx, p)
	if err != nil {
		_ = t.swarm.ClosePeer(p.id) // it may be dead; a new one costs little
		return nil, fmt.Errorf("open stream: %w", err)
	}
	return newStreamLink(s, t.host.kinds), nil
}

func (t *tcpTransport) pin(q *peer) *pin {
	for _, p := range t.pins {
		if p.peer == q {
			return p
		}
	}
	panic("p2p: peer of another host")
}

func (t *tcpTransport) stream(ctx context.Context, p *pin) (network.Stream, error) {
	ctx, cancel := context.WithTimeout(network.WithNoDial(ctx, "keepConnected dials"), helloTimeout)
	defer cancel()
	s, err := t.swarm.NewStream(ctx, p.id)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Reset() })
	defer stop()
	if err := mss.SelectProtoOrFail(protocolID, s); err != nil {
		_ = s.Reset()
		return nil, err
	}
	return s, s.SetProtocol(protocolID)
}

// accept takes a stream that a peer opened. libp2p runs it on a goroutine of its own, which ends with the connection.
func (t *tcpTransport) accept(ctx context.Context, s network.Stream) {
	if err := t.admit(ctx, t.pins[s.Conn().RemotePeer()], s); err != nil {
		t.host.log.Debug("stream refused", "peer_id", s.Conn().RemotePeer().String(), "reason", err)
		_ = s.Reset()
	}
}

func (t *tcpTransport) admit(ctx context.Context, p *pin, s network.Stream) error {
	if p == nil {
		return errors.New("not pinned") // the gater was asked before; this is the second lock on the door
	}
	if err := t.negotiate(ctx, s); err != nil {
		return err
	}
	if err := s.SetProtocol(protocolID); err != nil {
		return err
	}
	return p.offer(ctx, newStreamLink(s, t.host.kinds))
}

// negotiate finds out what the stream is for: there is one answer.
func (t *tcpTransport) negotiate(ctx context.Context, s network.Stream) error {
	ctx, cancel := context.WithTimeout(ctx, helloTimeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = s.Reset() })
	defer stop()
	protocols := mss.NewMultistreamMuxer[protocol.ID]()
	protocols.AddHandler(protocolID, nil)
	_, _, err := protocols.Negotiate(s)
	return err
}

func (t *tcpTransport) addrs() []string {
	var list []string
	for _, a := range t.swarm.ListenAddresses() {
		list = append(list, a.String())
	}
	return list
}
