package p2p

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	libp2p "github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/gologshim"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	"github.com/libp2p/go-libp2p/p2p/host/peerstore/pstoremem"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/net/upgrader"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/libp2p/go-libp2p/x/rate"
	ma "github.com/multiformats/go-multiaddr"
)

// libp2p would write to stderr in a format of its own. What matters of it is logged here, by Config.Logger.
func init() { gologshim.SetDefaultHandler(slog.DiscardHandler) }

// newTCP puts together the few parts of libp2p that are wanted. libp2p.New would bring identify, AutoNAT, QUIC, WebRTC
// and a dependency injector along, each to be switched off again, and the first of them would learn addresses from
// peers; here they aren't even linked.
func newTCP(h *host) (*tcpTransport, error) {
	t := &tcpTransport{host: h, pins: make(map[libp2p.ID]*pin)}
	peers, err := pstoremem.NewPeerstore()
	if err != nil {
		return nil, err
	}
	key, err := crypto.UnmarshalEd25519PrivateKey(h.cfg.Identity)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("identity: %w", err), peers.Close())
	}
	if err := t.pinAll(peers); err != nil {
		return nil, errors.Join(err, peers.Close())
	}
	if err := t.build(key, peers); err != nil {
		return nil, errors.Join(err, peers.Close())
	}
	t.notify()
	return t, nil
}

// pinAll fills pins, and the peerstore with the configured addresses.
func (t *tcpTransport) pinAll(peers peerstore.Peerstore) error {
	for _, q := range t.host.peers {
		key, err := crypto.UnmarshalEd25519PublicKey(q.key)
		if err != nil {
			return fmt.Errorf("peer %s: key: %w", q.name, err)
		}
		id, err := libp2p.IDFromPublicKey(key)
		if err != nil {
			return fmt.Errorf("peer %s: key: %w", q.name, err)
		}
		addrs, err := parseAddrs(q.addrs, "ip4", "ip6", "dns", "dns4", "dns6")
		if err != nil {
			return fmt.Errorf("peer %s: %w", q.name, err)
		}
		peers.AddAddrs(id, addrs, peerstore.PermanentAddrTTL)
		t.pins[id] = &pin{peer: q, id: id, connected: make(chan struct{}, 1), lost: make(chan struct{}, 1)}
	}
	return nil
}

// build makes the swarm with its one transport. It isn't listening yet.
func (t *tcpTransport) build(key crypto.PrivKey, peers peerstore.Peerstore) error {
	id, err := libp2p.IDFromPrivateKey(key)
	if err != nil {
		return err
	}
	if err := errors.Join(peers.AddPrivKey(id, key), peers.AddPubKey(id, key.GetPublic())); err != nil {
		return err
	}
	resources, err := newResources()
	if err != nil {
		return err
	}
	gate := &gater{pinned: t.isPinned, log: t.host.log}
	t.swarm, err = swarm.NewSwarm(id, peers, eventbus.NewBus(), swarm.WithConnectionGater(gate),
		swarm.WithResourceManager(resources), swarm.WithDialTimeout(dialTimeout), swarm.WithIPv6BlackHoleSuccessCounter(nil))
	if err != nil {
		return errors.Join(err, resources.Close())
	}
	if err := t.addTransport(key, resources, gate); err != nil {
		return errors.Join(err, t.swarm.Close(), resources.Close())
	}
	return nil
}

func (t *tcpTransport) addTransport(key crypto.PrivKey, resources network.ResourceManager, gate *gater) error {
	muxers := []upgrader.StreamMuxer{{ID: yamux.ID, Muxer: newMuxer()}}
	security, err := noise.New(noise.ID, key, muxers)
	if err != nil {
		return err
	}
	up, err := upgrader.New([]sec.SecureTransport{security}, muxers, nil, resources, gate, upgrader.WithAcceptTimeout(dialTimeout))
	if err != nil {
		return err
	}
	// Without SO_REUSEPORT, which would let a second process of the same user share our port and take half of its callers.
	over, err := tcp.NewTCPTransport(up, resources, nil, tcp.WithConnectionTimeout(dialTimeout), tcp.DisableReuseport())
	if err != nil {
		return err
	}
	return t.swarm.AddTransport(over)
}

// newMuxer is libp2p's yamux with our windows and deadlines.
func newMuxer() *yamux.Transport {
	m := *yamux.DefaultTransport
	m.MaxStreamWindowSize = windowMax
	m.MaxIncomingStreams = streamsPerPeer
	m.ConnectionWriteTimeout = writeTimeout
	return &m
}

func newResources() (network.ResourceManager, error) {
	limits := rcmgr.PartialLimitConfig{
		System:      rcmgr.ResourceLimits{Conns: connsMax, ConnsInbound: connsInbound, FD: 2 * connsMax, Memory: memoryMax},
		Transient:   rcmgr.ResourceLimits{Conns: connsMax, ConnsInbound: connsHandshaking, Memory: memoryPerPeer},
		PeerDefault: rcmgr.ResourceLimits{Conns: connsPerPeer, Streams: streamsPerPeer, Memory: memoryPerPeer},
	}.Build(rcmgr.InfiniteLimits)
	each := rate.Limit{RPS: connsPerSecond, Burst: connsBurst}
	rates := &rate.Limiter{
		// The parties of a network on one machine share an address, and nobody else has it.
		NetworkPrefixLimits: []rate.PrefixLimit{
			{Prefix: netip.MustParsePrefix("127.0.0.0/8")}, {Prefix: netip.MustParsePrefix("::1/128")},
		},
		SubnetRateLimiter: rate.SubnetLimiter{
			IPv4SubnetLimits: []rate.SubnetLimit{{PrefixLength: 32, Limit: each}},
			IPv6SubnetLimits: []rate.SubnetLimit{{PrefixLength: 56, Limit: each}},
			GracePeriod:      strangerLogEvery,
		},
	}
	return rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(limits), rcmgr.WithConnRateLimiters(rates), rcmgr.WithMetricsDisabled())
}

func (t *tcpTransport) listen(addrs []string) error {
	list, err := parseAddrs(addrs, "ip4", "ip6")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	for _, a := range list { // one by one: given several, Listen is content when one succeeds
		if err := t.swarm.Listen(a); err != nil {
			return fmt.Errorf("listen on %s: %w", a, err)
		}
	}
	return nil
}

func (t *tcpTransport) close() error {
	return errors.Join(t.swarm.Close(), t.swarm.ResourceManager().Close(), t.swarm.Peerstore().Close())
}

// parseAddrs reads multiaddrs of the form /<host>/…/tcp/…, where host is one of those named, and no other.
func parseAddrs(list []string, hosts ...string) ([]ma.Multiaddr, error) {
	var addrs []ma.Multiaddr
	for _, text := range list {
		a, err := ma.NewMultiaddr(text)
		if err != nil {
			return nil, fmt.Errorf("address %q: %w", text, err)
		}
		if p := a.Protocols(); len(p) != 2 || !slices.Contains(hosts, p[0].Name) || p[1].Code != ma.P_TCP {
			return nil, fmt.Errorf("address %q: want /%s/…/tcp/…", text, strings.Join(hosts, "|"))
		}
		addrs = append(addrs, a)
	}
	return addrs, nil
}
