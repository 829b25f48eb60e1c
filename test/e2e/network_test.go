// Package e2e holds the stories: several nodes with real ledgers and vaults, talking over an in-memory network with a
// local chain, in fake time; and one test with the real binaries.
package e2e

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tl"
	lite "github.com/xssnick/tonutils-go/ton"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/kill"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/ceremony"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/reqsig"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/p2p"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/chain"
	"github.com/tonaiagent/mpcnode/ton/devchain"
)

const (
	globalID   = -239
	passphrase = "correct horse battery staple"
)

// names are the parties of a network of n, sorted as manifests are.
var names = []string{"backup", "platform", "user"}

// network is n parties on one chain.
type network struct {
	t       testing.TB
	memory  *p2p.Memory
	chain   *devchain.Chain
	offset  atomic.Int64 // what advance has added to the clock
	parties map[string]*party
	keys    uint64 // idempotency keys given out
	queries uint64 // query ids given out
}

// party is one owner with its node. node is nil while it is down.
type party struct {
	name  string
	cfg   node.Config
	node  *node.Node
	chain *liteserver

	remote bool                               // it starts without its liteserver
	shown  atomic.Pointer[chain.Sighting]     // by its toncenter; nil: it has none
	bug    atomic.Pointer[func(asked string)] // runs whenever its node asks the chain for "account" or "facts"
}

// faulty is a node's view of the chain with a bug of its own.
type faulty struct {
	node.Chain
	bug *atomic.Pointer[func(asked string)]
}

func (f faulty) Account(ctx context.Context, a ton.Address) (ton.Account, error) {
	if bug := f.bug.Load(); bug != nil {
		(*bug)("account")
	}
	return f.Chain.Account(ctx, a)
}

func (f faulty) FactsOf(ctx context.Context, own ton.Address, messages []ton.Message, claim ton.Claim, vouched []ton.Vouched) ([]ton.Facts, error) {
	if bug := f.bug.Load(); bug != nil {
		(*bug)("facts")
	}
	return f.Chain.FactsOf(ctx, own, messages, claim, vouched)
}

// centred is a view with toncenters that show what a story says.
type centred struct {
	*chain.Client
	shown *atomic.Pointer[chain.Sighting]
}

func (c centred) Sightings(context.Context, ton.Address) []chain.Sighting {
	return []chain.Sighting{*c.shown.Load()}
}

// liteserver is a party's way to the chain, which can be cut.
type liteserver struct {
	lite.LiteClient
	down atomic.Bool
	mute atomic.Bool                                       // messages get lost
	took atomic.Pointer[func(message []byte)]              // sees every message, lost or not
	lie  atomic.Pointer[func(answer any) any]              // changes any answer
	list atomic.Pointer[func(*lite.TransactionList) error] // sees every page, and may change or refuse it
}

func (l *liteserver) cut(down bool) { l.down.Store(down) }

// QueryLiteserver fails like a connection that is gone while the liteserver is cut off.
func (l *liteserver) QueryLiteserver(ctx context.Context, query, result tl.Serializable) error {
	message, isMessage := query.(lite.SendMessage)
	if see := l.took.Load(); isMessage && see != nil {
		(*see)(message.Body)
	}
	if l.down.Load() || isMessage && l.mute.Load() {
		return errors.New("connection refused")
	}
	if err := l.LiteClient.QueryLiteserver(ctx, query, result); err != nil {
		return err
	}
	if to, ok := result.(*tl.Serializable); ok {
		return l.change(to)
	}
	return nil
}

// change is what the story does to an answer.
func (l *liteserver) change(answer *tl.Serializable) error {
	if lie := l.lie.Load(); lie != nil {
		*answer = (*lie)(*answer)
	}
	a, ok := (*answer).(lite.TransactionList)
	see := l.list.Load()
	if !ok || see == nil {
		return nil
	}
	err := (*see)(&a)
	*answer = a
	return err
}

// seed gives every key of a story a stable value.
func seed(name string) ed25519.PrivateKey {
	sum := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(sum[:])
}

func public(name string) wire.Key { return wire.Key(seed(name).Public().(ed25519.PublicKey)) }

func newNetwork(t *testing.T, need int) *network {
	t.Helper()
	return networkOn(t, wire.DevNetwork, need)
}

// networkOn is a network of that name. Only on dev the liteservers are trusted; on others all that they say is proven,
// from the chain's first block on.
func networkOn(t testing.TB, name string, need int) *network {
	t.Helper()
	w := &network{t: t, memory: p2p.NewMemory(), parties: map[string]*party{}}
	var err error
	w.chain, err = devchain.New(devchain.Config{Now: w.now, GlobalID: globalID, BlockEvery: time.Second})
	w.must(err)
	block := node.Network{Name: name, GlobalID: globalID, Threshold: need}
	if first := w.chain.InitBlock(); name != wire.DevNetwork {
		block.TrustedBlock = chain.Block{Seqno: first.SeqNo, RootHash: [32]byte(first.RootHash), FileHash: [32]byte(first.FileHash)}
	}
	for _, name := range names {
		block.Parties = append(block.Parties, node.PartyConfig{Name: name, Identity: public("node " + name),
			Operators: []wire.Key{public("operator " + name)}, PolicyAdmins: []wire.Key{public("admin " + name)},
			Trippers: []wire.Key{public("tripper " + name)}, Auditors: []wire.Key{public("auditor " + name)}})
	}
	for _, name := range names {
		w.parties[name] = &party{name: name, cfg: node.Config{Party: name, Data: w.dataDir(name), Network: block,
			Vault: node.VaultConfig{PassphraseFile: w.passphraseFile(name)}}}
	}
	t.Cleanup(w.close)
	return w
}

// dataDir makes a party's directory with its identity, as `mpcnode init` would.
func (w *network) dataDir(name string) string {
	dir := filepath.Join(w.t.TempDir(), name)
	w.must(os.MkdirAll(dir, 0o700))
	w.must(os.WriteFile(filepath.Join(dir, "identity.key"), []byte(hex.EncodeToString(seed("node "+name).Seed())), 0o600))
	return dir
}

func (w *network) passphraseFile(name string) string {
	path := filepath.Join(w.t.TempDir(), name+".passphrase")
	w.must(os.WriteFile(path, []byte(passphrase), 0o600))
	return path
}

func (w *network) now() time.Time { return time.Now().Add(time.Duration(w.offset.Load())) }

func (w *network) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// up starts a party's node over its directory.
func (w *network) up(name string) {
	w.t.Helper()
	p := w.parties[name]
	p.chain = &liteserver{LiteClient: w.chain.LiteClient()}
	p.chain.cut(p.remote)
	client := chain.New(p.chain, chain.Config{Network: p.cfg.Network.Name, GlobalID: globalID, Trusted: p.cfg.Network.TrustedBlock, Now: w.now})
	log := slog.New(slog.DiscardHandler)
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil)).With("node", name)
	}
	view, err := node.Chain(client), error(nil)
	if p.shown.Load() != nil {
		p.cfg.Chain.Toncenter = []node.Toncenter{{URL: "https://toncenter.example", Version: "v3"}}
		view = centred{client, &p.shown}
	}
	view = faulty{view, &p.bug}
	p.node, err = node.Open(context.Background(), p.cfg, node.Env{Now: w.now, Net: w.memory, Chain: view, Log: log})
	w.must(err)
}

// down stops a party's node.
func (w *network) down(name string) {
	w.t.Helper()
	if p := w.parties[name]; p.node != nil {
		w.must(p.node.Close())
		p.node = nil
	}
}

func (w *network) close() {
	for _, name := range names {
		w.down(name)
	}
	w.must(w.chain.Close())
}

func (w *network) node(name string) *node.Node {
	w.t.Helper()
	p := w.parties[name]
	if p == nil || p.node == nil {
		w.t.Fatalf("%s is down", name)
	}
	return p.node
}

// eventually waits, in fake time, until ok.
func (w *network) eventually(what string, ok func() bool) {
	w.t.Helper()
	for range 600 {
		if ok() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	w.t.Fatalf("%s: not within a minute", what)
}

// allUp waits until the running nodes see each other.
func (w *network) allUp() {
	w.t.Helper()
	running := 0
	for _, p := range w.parties {
		if p.node != nil {
			running++
		}
	}
	w.eventually("nodes see each other", func() bool {
		for _, p := range w.parties {
			if p.node == nil {
				continue
			}
			h, err := p.node.Health(context.Background())
			w.must(err)
			up := 1
			for _, peer := range h.Peers {
				if peer.Up {
					up++
				}
			}
			if up != running {
				return false
			}
		}
		return true
	})
}

// propose enters a key generation at its proposer, with that party's operator's approval.
func (w *network) propose(key, proposer string) [32]byte {
	w.t.Helper()
	k := wire.Keygen{Network: w.id(), Key: key, Epoch: 1, Need: w.need(), Parties: names, Proposer: proposer,
		Expires: w.now().Add(time.Hour).Unix()}
	rand.Read(k.Nonce[:])
	id, err := w.node(proposer).ProposeKeygen(context.Background(), k, wire.Approve(k.ID(), proposer, seed("operator "+proposer)))
	w.must(err)
	return id
}

// approve gives the party's operator's yes once the proposal is there.
func (w *network) approve(id [32]byte, name string) {
	w.t.Helper()
	w.eventually(name+" hears of the proposal", func() bool { _, ok := w.node(name).Ceremony(id); return ok })
	w.must(w.node(name).ApproveKeygen(context.Background(), wire.Approve(id, name, seed("operator "+name))))
}

// keygen runs a whole ceremony.
func (w *network) keygen(key string) {
	w.t.Helper()
	id := w.propose(key, "user")
	for _, name := range names {
		if name != "user" {
			w.approve(id, name)
		}
	}
	for _, name := range names {
		w.eventually("key is ready at "+name, func() bool { return w.ceremonyState(id, name) == ceremony.Ready })
	}
}

func (w *network) ceremonyState(id [32]byte, name string) ceremony.State {
	c, ok := w.node(name).Ceremony(id)
	if !ok {
		return "unknown"
	}
	return c.State(name, w.now())
}

func (w *network) id() [32]byte { return w.parties["user"].cfg.Manifest().ID() }
func (w *network) need() int    { return w.parties["user"].cfg.Network.Threshold }

// enrol puts wallet, agent and policy into force at every running node, each signed by that party's own people.
func (w *network) enrol(key, wallet, agent, policy string) {
	w.t.Helper()
	ctx := context.Background()
	for _, name := range names {
		n, op := w.node(name), seed("operator "+name)
		pub := w.publicKey(key)
		record, err := wire.SignWallet(w.id(), name, op, wallet, key, 1, pub, globalID)
		w.must(err)
		w.must(n.AddWallet(ctx, record))
		w.must(n.AddAgent(ctx, wire.SignAgent(w.id(), name, op, guard.AgentRecord{ID: agent, Revision: 1,
			PublicKey: public("agent " + agent), Wallets: []string{wallet}})))
		w.must(n.ApplyPolicy(ctx, wire.SignPolicy(w.id(), name, seed("admin "+name), []byte(policy))))
	}
}

func (w *network) publicKey(key string) [32]byte {
	w.t.Helper()
	for _, c := range w.node("user").Ceremonies() {
		if c.Keygen.Key == key {
			pub, err := node.PublicKey(c)
			w.must(err)
			return pub
		}
	}
	w.t.Fatalf("no key %s", key)
	return [32]byte{}
}

// fund gives a wallet coins from the faucet.
func (w *network) fund(wallet, amount string) {
	w.t.Helper()
	v, err := ton.ParseNano(amount, ton.NativeDecimals)
	w.must(err)
	w.must(w.chain.Fund(w.address(wallet), v))
}

func (w *network) address(wallet string) ton.Address {
	w.t.Helper()
	for _, p := range w.parties {
		if p.node == nil {
			continue
		}
		for _, r := range p.node.Wallets() {
			if r.ID == wallet {
				return r.Address
			}
		}
	}
	w.t.Fatalf("no wallet %s", wallet)
	return ton.Address{}
}

// order is what a story's send asks for.
type order struct {
	wallet, agent, to, amount, memo, payload string
	payments                                 []client.Payment // a batch
	query                                    *client.Query    // of a Highload V3 wallet
	kind, asset                              string           // "" for a transfer of coins
	operation                                client.Operation
	ask                                      string // the coordinator
	deliver                                  node.Deliver
	key                                      string // idempotency key; "" for a new one
}

// envelope is the agent's signed request.
func (w *network) envelope(o order) reqsig.Envelope { return w.envelopeTo(o, "/v1/requests") }

func (w *network) envelopeTo(o order, path string) reqsig.Envelope {
	w.t.Helper()
	id := w.id()
	body, err := json.Marshal(client.Request{Network: hex.EncodeToString(id[:]), Wallet: o.wallet, Coordinator: o.ask,
		Expires: w.now().Add(5 * time.Minute).UTC().Truncate(time.Second), Type: cmp.Or(o.kind, "transfer"), Asset: cmp.Or(o.asset, "native"), Operation: o.operation,
		Amount: o.amount, Destination: o.to, Memo: o.memo, Payments: o.payments, Query: o.query, Payload: o.payload})
	w.must(err)
	if o.key == "" {
		w.keys++
		o.key = fmt.Sprintf("k-%d", w.keys)
	}
	return reqsig.New("POST", "http://"+o.ask+".example"+path, o.key, body, "agent:"+o.agent, seed("agent "+o.agent), w.now())
}

// send asks a node and waits up to half a minute of fake time.
func (w *network) send(o order) (node.Request, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return w.node(o.ask).Sign(ctx, w.envelope(o), o.deliver)
}

// policyOf writes a bundle that lets one agent transfer within limits.
func policyOf(version int, agent, parent string, day, perTx string) string {
	return fmt.Sprintf(`version: %d
parent: %q
loosenDelay: 0s
risk: {enabled: false}
agents:
  %s:
    capabilities:
      transfers: {enabled: true}
    allowedTokens: [native]
    limits: {perTransaction: %q, daily: %q, weekly: "1000", monthly: "3000"}
    rate: {unlimited: true, cooldownSeconds: 0}
    callerTokens: {unlimited: true}
`, version, parent, agent, perTx, day)
}

// verdict says in one word what a node's guard decided about a request, by its audit log.
func (w *network) verdict(name, requestID string) string {
	p := w.parties[name]
	if p.node == nil {
		return "down"
	}
	entries, err := p.node.Audit(context.Background(), node.AuditQuery{Request: requestID})
	w.must(err)
	said := "silent"
	for _, e := range entries {
		if e.Action != "decide" {
			continue
		}
		if said = "allow"; e.Outcome != "success" {
			said = "deny"
			for _, d := range e.Details {
				if f := strings.Fields(d.V); len(f) > 1 && (f[0] == "deny" || f[0] == "escalate") {
					said += " " + f[1]
					break
				}
			}
		}
	}
	return said
}

// trip stops as the party's tripper.
func (w *network) trip(name, scope string, pause time.Duration) (recorded []string, err error) {
	w.t.Helper()
	until := time.Time{}
	if pause > 0 {
		until = w.now().Add(pause)
	}
	recorded, _, err = w.node(name).Trip(context.Background(),
		wire.SignTrip(w.id(), name, seed("tripper "+name), scope, "story", w.now(), until))
	slices.Sort(recorded)
	return recorded, err
}

// lift ends all trips at a node, signed by the operators of the given parties.
func (w *network) lift(at string, by ...string) error {
	w.t.Helper()
	trips, err := w.node(at).Trips(context.Background())
	w.must(err)
	l := kill.Lift{Expires: w.now().Add(time.Hour).UTC().Truncate(time.Second)}
	for _, t := range trips {
		l.IDs = append(l.IDs, t.ID)
	}
	for _, name := range by {
		l = wire.SignLift(w.id(), name, seed("operator "+name), l)
	}
	return w.node(at).Lift(context.Background(), l)
}
