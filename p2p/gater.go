package p2p

import (
	"log/slog"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	libp2p "github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// gater admits pinned peers and nobody else. Addresses need no say in it: only configured ones are ever dialled, since
// there is nothing in the host that would learn others, and an incoming one says nothing about who is behind it.
type gater struct {
	pinned    func(libp2p.ID) bool
	log       *slog.Logger
	strangers throttle
}

func (g *gater) InterceptPeerDial(id libp2p.ID) bool { return g.pinned(id) }

func (g *gater) InterceptAddrDial(id libp2p.ID, _ ma.Multiaddr) bool { return g.pinned(id) }

// InterceptAccept is asked before the handshake: who it is will be known after it. The resource manager bounds how many
// may be at that stage.
func (g *gater) InterceptAccept(network.ConnMultiaddrs) bool { return true }

// InterceptSecured is asked after the handshake, when the id is proven.
func (g *gater) InterceptSecured(_ network.Direction, id libp2p.ID, addrs network.ConnMultiaddrs) bool {
	if g.pinned(id) {
		return true
	}
	from := source(addrs.RemoteMultiaddr())
	if g.strangers.allow(from, time.Now()) {
		g.log.Warn("stranger refused", "source", from, "peer_id", id.String())
	}
	return false
}

func (g *gater) InterceptUpgraded(c network.Conn) (bool, control.DisconnectReason) {
	return g.pinned(c.RemotePeer()), 0
}

// source is an address without its port, which a stranger can change at will.
func source(a ma.Multiaddr) string {
	ip, err := manet.ToIP(a)
	if err != nil {
		return "unknown"
	}
	return ip.String()
}

// throttle allows each key once in strangerLogEvery. Keys come from strangers, so it remembers a bounded number.
type throttle struct {
	mu   sync.Mutex // guards the fields below
	seen map[string]time.Time
}

func (t *throttle) allow(key string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last, ok := t.seen[key]; ok && now.Sub(last) < strangerLogEvery {
		return false
	}
	if t.seen == nil {
		t.seen = make(map[string]time.Time)
	}
	if len(t.seen) >= strangerSources {
		t.forget(now)
	}
	if len(t.seen) >= strangerSources {
		return false
	}
	t.seen[key] = now
	return true
}

func (t *throttle) forget(now time.Time) {
	for key, last := range t.seen {
		if now.Sub(last) >= strangerLogEvery {
			delete(t.seen, key)
		}
	}
}
