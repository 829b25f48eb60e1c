package p2p

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	kindAsk  Kind = 1
	kindWork Kind = 2
	kindBig  Kind = 3
)

// patience is how long a test waits for what must happen. In a bubble it costs nothing.
const patience = 20 * time.Second

func deadline(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func keyOf(party string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(party))
	return ed25519.NewKeyFromSeed(seed[:])
}

func publicOf(party string) ed25519.PublicKey { return keyOf(party).Public().(ed25519.PublicKey) }

// party is a host with what it was told.
type party struct {
	Host
	name   string
	cfg    Config
	events map[string]chan string // by peer: up and down, as told
	logs   *logs
}

// await takes the next event of a peer, which must be the wanted one.
func (p *party) await(t testing.TB, peer, want string) {
	t.Helper()
	select {
	case got := <-p.events[peer]:
		if got != want {
			t.Fatalf("%s saw %s %s, want %s; its log:\n%s", p.name, peer, got, want, p.logs)
		}
	case <-deadline(t).Done():
		t.Fatalf("%s never saw %s %s; its log:\n%s", p.name, peer, want, p.logs)
	}
}

// base is the configuration of one of `all`: it pins the others and lets everything pass.
func base(name string, all ...string) Config {
	cfg := Config{
		Self: name, Identity: keyOf(name),
		Kinds:      map[Kind]Limit{kindAsk: {Request: 1024, Reply: 2048}, kindWork: {Request: 1024}, kindBig: {Request: 1 << 17, Reply: 1 << 17}},
		Hello:      []byte("hello of " + name),
		CheckHello: func(string, []byte) error { return nil },
		Handle: func(_ context.Context, from string, _ Kind, body []byte) ([]byte, error) {
			return fmt.Appendf(nil, "%s got %s from %s", name, body, from), nil
		},
	}
	for _, other := range all {
		if other != name {
			cfg.Peers = append(cfg.Peers, Peer{Party: other, PublicKey: publicOf(other)})
		}
	}
	return cfg
}

// start opens a host for cfg and closes it with the test.
func start(t testing.TB, n Network, cfg Config) *party {
	t.Helper()
	p := &party{name: cfg.Self, events: make(map[string]chan string), logs: &logs{lines: make(chan string, 4096)}}
	for _, peer := range cfg.Peers {
		p.events[peer.Party] = make(chan string, 1024)
	}
	cfg.Logger = slog.New(slog.NewTextHandler(p.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	told := cfg.OnPeer
	cfg.OnPeer = func(party string, up bool) {
		if told != nil {
			told(party, up)
		}
		p.events[party] <- map[bool]string{true: "up", false: "down"}[up]
	}
	if _, tcp := n.(TCP); tcp && cfg.Listen == nil {
		cfg.Listen = []string{"/ip4/127.0.0.1/tcp/0"}
	}
	p.cfg = cfg
	var err error
	if p.Host, err = n.Open(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// join opens one host after the other; each dials those before it and is accepted by them. It returns when every pair is up.
func join(t testing.TB, n Network, cfgs ...Config) []*party {
	t.Helper()
	var all []*party
	for _, cfg := range cfgs {
		for _, earlier := range all {
			dials(&cfg, earlier)
		}
		all = append(all, start(t, n, cfg))
	}
	for i, p := range all {
		for j := range all {
			if i != j {
				p.await(t, all[j].name, "up")
			}
		}
	}
	return all
}

// dials gives cfg the addresses at which p listens.
func dials(cfg *Config, p *party) {
	for i := range cfg.Peers {
		if cfg.Peers[i].Party == p.name && strings.HasPrefix(p.Addrs()[0], "/ip4") {
			cfg.Peers[i].Addrs = p.Addrs()
		}
	}
}

func (p *party) status(t testing.TB, party string) Status {
	t.Helper()
	for _, s := range p.Peers() {
		if s.Party == party {
			return s
		}
	}
	t.Fatalf("%s has no peer %s", p.name, party)
	return Status{}
}

// logs is a writer for slog that can be waited for.
type logs struct {
	lines chan string
}

func (l *logs) Write(b []byte) (int, error) {
	select {
	case l.lines <- string(b):
	default:
	}
	return len(b), nil
}

// String empties what was logged.
func (l *logs) String() string {
	var s strings.Builder
	for {
		select {
		case line := <-l.lines:
			s.WriteString(line)
		default:
			return s.String()
		}
	}
}

// await returns the first line that contains all of want.
func (l *logs) await(t testing.TB, want ...string) string {
	t.Helper()
	ctx := deadline(t)
	for {
		select {
		case line := <-l.lines:
			if containsAll(line, want) {
				return line
			}
		case <-ctx.Done():
			t.Fatalf("no log line with %q", want)
		}
	}
}

func containsAll(s string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(s, part) {
			return false
		}
	}
	return true
}

// contract runs a test over both networks: TCP on loopback, and memory in fake time.
func contract(t *testing.T, test func(t *testing.T, n Network)) {
	t.Run("tcp", func(t *testing.T) {
		t.Parallel()
		test(t, TCP{})
	})
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		inMemory(t, func(t *testing.T, n *Memory) { test(t, n) })
	})
}

// inMemory runs a test in fake time. All hosts are closed when it returns, or the bubble reports who still runs.
func inMemory(t *testing.T, test func(t *testing.T, n *Memory)) {
	synctest.Test(t, func(t *testing.T) { test(t, NewMemory()) })
}
