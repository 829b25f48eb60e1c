package e2e

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
)

// machines is three mpcnode processes on loopback and a chain behind its liteserver.
type machines struct {
	t       *testing.T
	binary  string
	chain   *devchain.Chain
	configs map[string]node.Config
	files   map[string]string
	running map[string]*process
}

type process struct {
	cmd  *exec.Cmd
	log  *bytes.Buffer
	done chan error
}

func newMachines(t *testing.T) *machines {
	t.Helper()
	m := &machines{t: t, binary: filepath.Join(t.TempDir(), "mpcnode"), configs: map[string]node.Config{},
		files: map[string]string{}, running: map[string]*process{}}
	if out, err := exec.Command("go", "build", "-o", m.binary, "../../cmd/mpcnode").CombinedOutput(); err != nil {
		t.Fatalf("build mpcnode: %v\n%s", err, out)
	}
	var err error
	m.chain, err = devchain.New(devchain.Config{GlobalID: globalID, BlockEvery: devchain.DefaultBlockEvery})
	m.must(err)
	server, err := m.chain.Serve("127.0.0.1:0")
	m.must(err)
	m.configure(node.Liteserver{Address: server.Addr, Key: base64.StdEncoding.EncodeToString(server.PublicKey)})
	t.Cleanup(func() {
		for name := range m.running {
			m.kill(name)
		}
		server.Close()
		m.chain.Close()
	})
	return m
}

func (m *machines) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// configure writes each party's directory and configuration.
func (m *machines) configure(lite node.Liteserver) {
	m.t.Helper()
	block := node.Network{Name: wire.DevNetwork, GlobalID: globalID, Threshold: 2}
	for _, name := range names {
		block.Parties = append(block.Parties, node.PartyConfig{Name: name, Identity: public("node " + name),
			Addresses: []string{"/ip4/127.0.0.1/tcp/" + m.port()}, Operators: []wire.Key{public("operator " + name)},
			PolicyAdmins: []wire.Key{public("admin " + name)}, Auditors: []wire.Key{public("auditor " + name)}})
	}
	for i, name := range names {
		dir := m.t.TempDir()
		data := filepath.Join(dir, "data")
		m.must(os.Mkdir(data, 0o700))
		m.must(os.WriteFile(filepath.Join(data, "identity.key"), []byte(hex.EncodeToString(seed("node "+name).Seed())), 0o600))
		m.must(os.WriteFile(filepath.Join(dir, "passphrase"), []byte(passphrase), 0o600))
		cfg := node.Config{Party: name, Data: data, Network: block, API: node.API{Listen: "127.0.0.1:" + m.port()},
			P2P: node.P2P{Listen: block.Parties[i].Addresses}, Chain: node.ChainConfig{Liteservers: []node.Liteserver{lite}},
			Vault: node.VaultConfig{PassphraseFile: filepath.Join(dir, "passphrase")}}
		raw, err := yaml.Marshal(cfg)
		m.must(err)
		m.files[name] = filepath.Join(dir, "node.yaml")
		m.must(os.WriteFile(m.files[name], raw, 0o600))
		m.configs[name] = cfg
	}
}

func (m *machines) port() string {
	m.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	m.must(err)
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// start runs a party's node and waits until it answers.
func (m *machines) start(name string) {
	m.t.Helper()
	p := &process{cmd: exec.Command(m.binary, "run", "--config", m.files[name]), log: &bytes.Buffer{}, done: make(chan error, 1)}
	p.cmd.Stderr = p.log
	m.must(p.cmd.Start())
	go func() { p.done <- p.cmd.Wait() }()
	m.running[name] = p
	m.wait(name+" answers", func() bool {
		select {
		case err := <-p.done:
			m.t.Fatalf("%s ended: %v\n%s", name, err, p.log)
		default:
		}
		r, err := http.Get("http://" + m.configs[name].API.Listen + "/healthz")
		if err != nil {
			return false
		}
		r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
}

// kill ends a node as a power cut would.
func (m *machines) kill(name string) {
	p := m.running[name]
	p.cmd.Process.Kill()
	<-p.done
	delete(m.running, name)
}

func (m *machines) wait(what string, ok func() bool) {
	m.t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	tick := time.NewTicker(100 * time.Millisecond) // within what one caller may read
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			m.t.Fatalf("%s: not within a minute", what)
		}
		<-tick.C
	}
}

// as returns a client of a party's node.
func (m *machines) as(who, name string) *client.Client {
	key := seed(who + " " + name)
	return client.New("http://"+m.configs[name].API.Listen, client.KeyID(key.Public().(ed25519.PublicKey)), key)
}

func (m *machines) agent(name string) *client.Client {
	return client.New("http://"+m.configs[name].API.Listen, "agent:agent-1", seed("agent agent-1"))
}

// enter hands in a signed record.
func (m *machines) enter(name, path string, record any) {
	m.t.Helper()
	body, err := json.Marshal(client.Signed{Record: digest.Encode(record)})
	m.must(err)
	m.must(m.as("operator", name).Do(context.Background(), "POST", path, fmt.Sprint(time.Now().UnixNano()), body, nil))
}

func (m *machines) id() [32]byte { return m.configs["user"].Manifest().ID() }

// setUp makes a key, a wallet, an agent and a policy through the API.
func (m *machines) setUp(policy string) ton.Address {
	m.t.Helper()
	for _, name := range names {
		m.linked(name, len(names)-1)
	}
	k := wire.Keygen{Network: m.id(), Key: "main", Epoch: 1, Need: 2, Parties: names, Proposer: "user", Expires: time.Now().Add(time.Hour).Unix()}
	m.enter("user", "/v1/keygens", wire.KeygenProposal{Keygen: k, Approval: wire.Approve(k.ID(), "user", seed("operator user"))})
	var keys []client.Key
	for _, name := range []string{"backup", "platform"} {
		m.wait(name+" hears of the proposal", func() bool {
			var list []client.Ceremony
			m.must(m.as("operator", name).Get(context.Background(), "/v1/keygens", &list))
			return len(list) == 1
		})
		id := k.ID()
		m.enter(name, fmt.Sprintf("/v1/keygens/%x/approve", id[:]), wire.Approve(id, name, seed("operator "+name)))
	}
	for _, name := range names {
		m.wait("key is ready at "+name, func() bool {
			m.must(m.as("operator", name).Get(context.Background(), "/v1/keys", &keys))
			return len(keys) == 1 && keys[0].State == "ready"
		})
	}
	pub, err := hex.DecodeString(keys[0].PublicKey)
	m.must(err)
	var wallet guard.Signed[guard.WalletRecord]
	for _, name := range names {
		op := seed("operator " + name)
		wallet, err = wire.SignWallet(m.id(), name, op, "w1", "main", 1, [32]byte(pub), globalID)
		m.must(err)
		m.enter(name, "/v1/wallets", wallet)
		m.enter(name, "/v1/agents", wire.SignAgent(m.id(), name, op, guard.AgentRecord{ID: "agent-1", Revision: 1,
			PublicKey: public("agent agent-1"), Wallets: []string{"w1"}}))
		m.enter(name, "/v1/policies", wire.SignPolicy(m.id(), name, seed("admin "+name), []byte(policy)))
	}
	return wallet.Body.Address
}

// linked waits until a node sees that many peers.
func (m *machines) linked(name string, peers int) {
	m.t.Helper()
	m.wait(name+" is linked", func() bool {
		var h client.Health
		m.must(m.as("operator", name).Get(context.Background(), "/v1/health", &h))
		up := 0
		for _, p := range h.Peers {
			if p.Up {
				up++
			}
		}
		return up >= peers
	})
}

// send asks a node for a transfer and waits until it is settled. A wallet that is busy is asked again.
func (m *machines) send(ask, key, amount string) (client.Status, error) {
	id := m.id()
	r := client.Request{Network: hex.EncodeToString(id[:]), Wallet: "w1", Coordinator: ask, Type: "transfer", Asset: "native",
		Expires: time.Now().Add(2 * time.Minute).UTC().Truncate(time.Second), Amount: amount, Destination: destination}
	for start := time.Now(); ; {
		s, err := m.agent(ask).Send(context.Background(), r, client.DeliverConfirmed, key)
		var p *client.Problem
		if !errors.As(err, &p) || p.Code != "wallet_busy" || time.Since(start) > 2*time.Minute {
			return s, err
		}
		<-time.After(500 * time.Millisecond)
	}
}

// TestNodeKilledInMidSigning cuts a node's power again and again while it signs. Whatever it had said before counts
// after: the windows hold what the chain executed, its audit log is whole, and the limit holds.
func TestNodeKilledInMidSigning(t *testing.T) {
	m := newMachines(t)
	for _, name := range names {
		m.start(name)
	}
	address := m.setUp(policyOf(1, "agent-1", "", "30", "30"))
	funds, err := ton.ParseNano("1000", ton.NativeDecimals)
	m.must(err)
	m.must(m.chain.Fund(address, funds))

	confirmed := 0
	// At another step each time; the last ones are for machines so slow that nothing has been decided before.
	for round, after := range []time.Duration{2, 4, 7, 11, 17, 30, 60, 120} {
		type answer struct {
			s   client.Status
			err error
		}
		answers := make(chan answer, 1)
		go func() {
			s, err := m.send("user", fmt.Sprintf("k-%d", round), "3")
			answers <- answer{s, err}
		}()
		<-time.After(after * time.Millisecond)
		m.kill("platform")
		got := <-answers
		if got.err != nil {
			t.Fatalf("round %d: %v", round, got.err)
		}
		if got.s.State == "CONFIRMED" {
			confirmed++
		}
		t.Logf("round %d: %s by %v", round, got.s.State, got.s.Signers)
		m.start("platform")
		m.linked("platform", 2)
	}
	if confirmed == 0 {
		t.Fatal("nothing was signed: the test proves nothing")
	}
	to, _, err := ton.ParseAddress(destination, false)
	m.must(err)
	storage := uint64(1e7) // at most, which the destination pays for being there
	if got := m.chain.Balance(to); got.Cmp(ton.NanoOf(uint64(3*confirmed)*1e9-storage)) < 0 {
		t.Errorf("%d transfers of 3 were confirmed, %s arrived", confirmed, got)
	}
	s, err := m.send("platform", "k-over", fmt.Sprint(31-3*confirmed))
	m.must(err)
	if s.State != "DENIED" || s.Reason.Code != "limit_day" {
		t.Errorf("after %d × 3 of 30 the killed node says %s %+v", confirmed, s.State, s.Reason)
	}
	m.auditIsWhole("platform")
	m.stopsCleanly("user")
}

// auditIsWhole checks that entries are gapless, and that nothing was released that was not authorized before.
func (m *machines) auditIsWhole(name string) {
	m.t.Helper()
	var entries []struct {
		Seq       uint64
		EventType string
		Request   string
	}
	m.must(m.as("auditor", name).Get(context.Background(), "/v1/audit?limit=1000", &entries))
	authorized, released := map[string]bool{}, 0
	for i, e := range entries {
		if e.Seq != uint64(i) {
			m.t.Fatalf("entry %d has sequence number %d", i, e.Seq)
		}
		switch e.EventType {
		case "transaction_authorized":
			authorized[e.Request] = true
		case "transaction_releasing":
			released++
			if !authorized[e.Request] {
				m.t.Errorf("entry %d releases %s, which was not authorized", i, e.Request)
			}
		}
	}
	if len(authorized) == 0 {
		m.t.Error("no decision is in the audit log")
	}
}

// stopsCleanly ends a node as an operator does.
func (m *machines) stopsCleanly(name string) {
	m.t.Helper()
	p := m.running[name]
	m.must(p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-p.done:
		if err != nil {
			m.t.Errorf("%s: %v\n%s", name, err, p.log)
		}
	case <-time.After(10 * time.Second):
		m.t.Errorf("%s did not stop within 10 s", name)
	}
	delete(m.running, name)
	for _, secret := range []string{passphrase, hex.EncodeToString(seed("node " + name).Seed())} {
		if strings.Contains(p.log.String(), secret) {
			m.t.Error("a secret is in the log")
		}
	}
}
