package api

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/reqsig"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/p2p"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/chain"
	"github.com/tonaiagent/mpcnode/ton/devchain"
)

const globalID = -239

var parties = []string{"platform", "user"}

// world is a network of two parties with a key, a wallet and two agents, all of it set up through the API. It is made
// once for all tests; what a test changes for good it must not leave behind.
var world struct {
	network [32]byte
	nodes   map[string]*node.Node
	servers map[string]*Server
	chain   *devchain.Chain
	memory  *p2p.Memory
	configs map[string]node.Config
}

const destination = "0:1111111111111111111111111111111111111111111111111111111111111111"

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "api")
	if err != nil {
		log.Fatal(err)
	}
	if err := startWorld(dir); err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	for _, party := range parties {
		if err := world.nodes[party].Close(); err != nil {
			log.Fatal(err)
		}
		if err := world.servers[party].Close(); err != nil {
			log.Fatal(err)
		}
	}
	world.chain.Close()
	os.RemoveAll(dir)
	os.Exit(code)
}

// key gives everyone in the tests a stable key.
func key(name string) ed25519.PrivateKey {
	sum := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(sum[:])
}

func public(name string) wire.Key { return wire.Key(key(name).Public().(ed25519.PublicKey)) }

func person(name string) string { return client.KeyID(key(name).Public().(ed25519.PublicKey)) }

func startWorld(dir string) (err error) {
	world.nodes, world.servers, world.configs = map[string]*node.Node{}, map[string]*Server{}, map[string]node.Config{}
	if world.chain, err = devchain.New(devchain.Config{Now: time.Now, GlobalID: globalID, BlockEvery: 200 * time.Millisecond}); err != nil {
		return err
	}
	world.memory = p2p.NewMemory()
	block := node.Network{Name: wire.DevNetwork, GlobalID: globalID, Threshold: 2}
	for _, p := range parties {
		block.Parties = append(block.Parties, node.PartyConfig{Name: p, Identity: public("node " + p),
			Operators:    []wire.Key{public("operator " + p), public("second operator " + p), public("third operator " + p)}, // each has tokens of its own
			PolicyAdmins: []wire.Key{public("policy_admin " + p)},
			Trippers:     []wire.Key{public("tripper " + p)}, Auditors: []wire.Key{public("auditor " + p)}})
	}
	for _, p := range parties {
		if err := startParty(dir, p, block); err != nil {
			return err
		}
	}
	return nil
}

func startParty(dir, party string, block node.Network) error {
	cfg := node.Config{Party: party, Data: filepath.Join(dir, party), Network: block,
		Vault: node.VaultConfig{PassphraseFile: filepath.Join(dir, party+".passphrase")},
		API:   node.API{Listen: "127.0.0.1:0"}, Metrics: node.Metrics{Listen: "127.0.0.1:0"}}
	world.network, world.configs[party] = cfg.Manifest().ID(), cfg
	if err := os.Mkdir(cfg.Data, 0o700); err != nil {
		return err
	}
	for path, content := range map[string]string{
		filepath.Join(cfg.Data, "identity.key"): hex.EncodeToString(key("node " + party).Seed()),
		cfg.Vault.PassphraseFile:                "correct horse battery staple",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return err
		}
	}
	lite := chain.New(world.chain.LiteClient(), chain.Config{Network: wire.DevNetwork, GlobalID: globalID})
	n, err := node.Open(context.Background(), cfg, node.Env{Now: time.Now, Net: world.memory, Chain: lite})
	if err != nil {
		return err
	}
	server, err := Listen(n, cfg, nil)
	if err != nil {
		return err
	}
	go server.Serve()
	world.nodes[party], world.servers[party] = n, server
	return nil
}

// caller is someone who calls a party's node.
type caller struct {
	t     *testing.T
	party string
	id    string
	key   ed25519.PrivateKey
}

func as(t *testing.T, party, role string) caller {
	return caller{t, party, person(role + " " + party), key(role + " " + party)}
}

func asAgent(t *testing.T, id string) caller {
	return caller{t, "platform", "agent:" + id, key("agent " + id)}
}

func (c caller) client() *client.Client {
	return client.New(world.servers[c.party].URL(), c.id, c.key)
}

// enter hands a signed record to the node.
func (c caller) enter(path string, record any) error {
	return c.post(path, record, nil)
}

func (c caller) post(path string, record, answer any) error {
	body, _ := json.Marshal(client.Signed{Record: digest.Encode(record)})
	return c.client().Do(c.t.Context(), http.MethodPost, path, rand.Text(), body, answer)
}

func (c caller) get(path string, answer any) {
	c.t.Helper()
	must(c.t, c.client().Get(c.t.Context(), path, answer))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answer is what came back of a call that a test makes byte by byte.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	problem client.Problem
}

// exchange makes one call with exactly these headers and bytes.
func exchange(t *testing.T, method, url string, header http.Header, body []byte) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	must(t, err)
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	a.body, err = io.ReadAll(resp.Body)
	must(t, err)
	if resp.StatusCode >= 400 {
		json.Unmarshal(a.body, &a.problem)
	}
	return a
}

// signed makes one call signed by c.
func (c caller) signed(method, path string, body []byte) answer {
	c.t.Helper()
	url := world.servers[c.party].URL() + path
	header := reqsig.New(method, url, rand.Text(), body, c.id, c.key, time.Now()).Header()
	header.Set("Content-Type", "application/json")
	return exchange(c.t, method, url, header, body)
}

func (a answer) wants(t *testing.T, status int, code string) {
	t.Helper()
	if a.status != status || a.problem.Code != code {
		t.Errorf("got %d %s (%s), want %d %s", a.status, a.problem.Code, a.problem.Detail, status, code)
	}
}

// order is a request of agent-1 to platform's node for its wallet.
func order(amount string) client.Request {
	return client.Request{Network: hex.EncodeToString(world.network[:]), Wallet: "w1", Coordinator: "platform",
		Expires: time.Now().Add(time.Minute).UTC().Truncate(time.Second), Type: "transfer", Asset: "native", Amount: amount,
		Destination: destination}
}

// enrol makes key, wallet, agents and policy through both parties' APIs, once.
func enrol(t *testing.T) {
	t.Helper()
	enrolled.Do(func() {
		makeKey(t)
		for _, p := range parties {
			enrolAt(t, p)
		}
		w := world.nodes["platform"].Wallets()[0]
		amount, _ := ton.ParseNano("100", ton.NativeDecimals)
		must(t, world.chain.Fund(w.Address, amount))
		for _, p := range parties {
			eventually(t, p+" sees the coins", func() bool {
				var seen client.Wallet
				as(t, p, "operator").get("/v1/wallets/w1", &seen)
				return seen.Balance == "100"
			})
		}
	})
}

func makeKey(t *testing.T) {
	t.Helper()
	k := wire.Keygen{Network: world.network, Key: "k1", Epoch: 1, Need: 2, Parties: parties, Proposer: "platform",
		Expires: time.Now().Add(time.Hour).Unix()}
	id := k.ID()
	var c client.Ceremony
	must(t, as(t, "platform", "operator").post("/v1/keygens",
		wire.KeygenProposal{Keygen: k, Approval: wire.Approve(id, "platform", key("operator platform"))}, &c))
	if want := fmt.Sprintf("%x", id); c.ID != want || strings.Join(c.Waiting, " ") != "user" {
		t.Fatalf("proposal %s waits for %v, want %s and user", c.ID, c.Waiting, want)
	}
	user := as(t, "user", "operator")
	eventually(t, "user hears of the proposal", func() bool {
		var all []client.Ceremony
		user.get("/v1/keygens", &all)
		return len(all) == 1
	})
	must(t, user.enter("/v1/keygens/"+c.ID+"/approve", wire.Approve(id, "user", key("operator user"))))
	for _, p := range parties {
		eventually(t, "the key is ready at "+p, func() bool {
			var all []client.Key
			as(t, p, "operator").get("/v1/keys", &all)
			return len(all) == 1 && all[0].State == "ready"
		})
	}
}

func enrolAt(t *testing.T, party string) {
	t.Helper()
	operator, op := as(t, party, "operator"), key("operator "+party)
	public := world.nodes[party].Keys()[0].Public
	w, err := wire.SignWallet(world.network, party, op, "w1", "k1", 1, public, globalID)
	must(t, err)
	must(t, operator.enter("/v1/wallets", w))
	for agent, wallets := range map[string][]string{"agent-1": {"w1"}, "agent-2": {}} {
		pub := key("agent " + agent).Public().(ed25519.PublicKey)
		must(t, operator.enter("/v1/agents", wire.SignAgent(world.network, party, op,
			guard.AgentRecord{ID: agent, Revision: 1, PublicKey: [32]byte(pub), Wallets: wallets})))
	}
	must(t, as(t, party, "policy_admin").enter("/v1/policies",
		wire.SignPolicy(world.network, party, key("policy_admin "+party), []byte(policy+publishers))))
}

const policy = `version: 1
parent: ""
risk: {enabled: false}
agents:
  agent-1:
    capabilities:
      transfers: {enabled: true}
    allowedTokens: [native]
    limits: {perTransaction: "10", daily: "50", weekly: "1000", monthly: "3000"}
    rate: {unlimited: true, cooldownSeconds: 0}
    callerTokens: {unlimited: true}
`

// eventually asks again and again: another process's progress has no channel to wait on.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond) // well within a caller's tokens: reading takes none
	defer tick.Stop()
	for range 300 {
		if ok() {
			return
		}
		<-tick.C
	}
	t.Fatalf("%s: not within half a minute", what)
}
