package p2p

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// link carries frames between this host and one authenticated peer, both ways and in order: a libp2p stream or a pipe in
// memory. send and flush have one caller at a time, so has recv; close may be called by anyone, any number of times, and
// ends all three.
type link interface {
	send(f *frame) error // may hold f back until flush; fails after writeTimeout
	flush() error
	recv() (frame, error) // a frame of known form and kind and within its cap
	close()
}

// transport makes links. It hands those that peers open to peer.offer.
type transport interface {
	open(ctx context.Context, p *peer) (link, error) // blocks until there is one, or an attempt failed
	addrs() []string
	close() error
}

// host is the one implementation of Host, over any transport.
type host struct {
	cfg   Config
	kinds kinds
	log   *slog.Logger
	peers []*peer
	net   transport
	born  time.Time // the origin of the clocks in heartbeats

	done   <-chan struct{} // closed by Close
	cancel context.CancelFunc
	wg     sync.WaitGroup // every goroutine of the host and its peers
	close  func() error

	rooms rooms
}

// open checks cfg and returns a host without a network; start brings it to life.
func open(cfg Config) (*host, error) {
	if err := check(cfg); err != nil {
		return nil, err
	}
	h := &host{cfg: cfg, kinds: cfg.Kinds, log: cfg.Logger, born: time.Now()}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	for _, p := range cfg.Peers {
		h.peers = append(h.peers, newPeer(h, p))
	}
	return h, nil
}

func check(cfg Config) error {
	switch {
	case cfg.Self == "":
		return errors.New("self is not named")
	case len(cfg.Identity) != ed25519.PrivateKeySize:
		return fmt.Errorf("identity: %d bytes, want %d", len(cfg.Identity), ed25519.PrivateKeySize)
	case cfg.CheckHello == nil:
		return errors.New("CheckHello is missing: every peer would be refused")
	case len(cfg.Hello) > helloCap:
		return fmt.Errorf("hello: %d bytes, at most %d", len(cfg.Hello), helloCap)
	}
	if err := checkKinds(cfg.Kinds); err != nil {
		return err
	}
	return checkPeers(cfg)
}

func checkKinds(kinds map[Kind]Limit) error {
	for k, l := range kinds {
		if k == 0 || min(l.Request, l.Reply) < 0 || max(l.Request, l.Reply) > frameCap {
			return fmt.Errorf("kind %d: request %d, reply %d: want kinds from 1, caps of 0…%d", k, l.Request, l.Reply, frameCap)
		}
	}
	return nil
}

// checkPeers refuses a name or a key that stands for two parties: one link would speak for both.
func checkPeers(cfg Config) error {
	self := cfg.Identity.Public().(ed25519.PublicKey)
	names, keys := map[string]bool{cfg.Self: true}, map[string]bool{string(self): true}
	for _, p := range cfg.Peers {
		switch {
		case p.Party == "" || names[p.Party]:
			return fmt.Errorf("peer %q: named twice, or not at all", p.Party)
		case len(p.PublicKey) != ed25519.PublicKeySize || keys[string(p.PublicKey)]:
			return fmt.Errorf("peer %s: key used twice, or not of %d bytes", p.Party, ed25519.PublicKeySize)
		}
		names[p.Party], keys[string(p.PublicKey)] = true, true
	}
	return nil
}

// start runs the host over t, which it closes in the end. The context ends with the host.
func (h *host) start(t transport) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	h.net, h.done, h.cancel = t, ctx.Done(), cancel
	h.close = sync.OnceValue(h.shut)
	for _, p := range h.peers {
		h.wg.Go(func() { p.run(ctx) })
	}
	return ctx
}

func (h *host) public() ed25519.PublicKey { return h.cfg.Identity.Public().(ed25519.PublicKey) }

func (h *host) Close() error { return h.close() }

func (h *host) shut() error {
	h.rooms.closeAll() // before the links, so that sessions see ErrClosed
	h.cancel()
	h.wg.Wait()
	return h.net.close()
}

func (h *host) Addrs() []string { return h.net.addrs() }

func (h *host) Peers() []Status {
	list := make([]Status, len(h.peers))
	for i, p := range h.peers {
		list[i] = p.status()
	}
	return list
}

func (h *host) peer(party string) *peer {
	for _, p := range h.peers {
		if p.name == party {
			return p
		}
	}
	return nil
}

func (h *host) peerByKey(key ed25519.PublicKey) *peer {
	for _, p := range h.peers {
		if p.key.Equal(key) {
			return p
		}
	}
	return nil
}

// mux returns the live link to a party.
func (h *host) mux(party string) (*mux, error) {
	p := h.peer(party)
	if p == nil {
		return nil, fmt.Errorf("no peer named %q", party)
	}
	select {
	case <-h.done:
		return nil, ErrClosed
	default:
	}
	if m := p.live(); m != nil {
		return m, nil
	}
	return nil, ErrPeerDown{party}
}

// outgoing refuses, before anything is sent, what the peer would drop the link for.
func (h *host) outgoing(f form, k Kind, size int) error {
	limit, err := h.kinds.bound(f, k)
	if err != nil {
		return fmt.Errorf("kind %d is not declared", k)
	}
	if size > limit {
		return fmt.Errorf("%w: kind %d: %d bytes, at most %d", ErrTooLarge, k, size, limit)
	}
	return nil
}
