package e2e

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/p2p"
	"github.com/tonaiagent/mpcnode/store"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/tss"
)

// hostile is a party that has left the protocol: it speaks frames with its own identity, and has taken its own share
// out of its own machine.
type hostile struct {
	w     *network
	name  string
	host  p2p.Host
	share tss.Share
}

// turn stops a party's node and puts a hostile one in its place.
func (w *network) turn(name string) *hostile {
	w.t.Helper()
	return w.turnWith(name, func(context.Context, string, p2p.Kind, []byte) ([]byte, error) { return nil, errors.New("no") })
}

// turnWith is turn for a party that also answers calls, in its own way.
func (w *network) turnWith(name string, handle func(context.Context, string, p2p.Kind, []byte) ([]byte, error)) *hostile {
	w.t.Helper()
	h := &hostile{w: w, name: name, share: w.steal(name, "key-w1")}
	hello := wire.Encode(wire.Hello{Release: "hostile", Majors: []int{1}, Manifest: w.id(), Clock: w.now().UnixMilli()})
	cfg := p2p.Config{Self: name, Identity: seed("node " + name), Hello: hello, Kinds: map[p2p.Kind]p2p.Limit{},
		CheckHello: func(string, []byte) error { return nil },
		Heartbeat:  func() []byte { return wire.Encode(wire.Heartbeat{TripSet: tripSet(), Clock: w.now().UnixMilli()}) },
		Handle:     handle,
	}
	for kind, limit := range wire.Limits {
		cfg.Kinds[p2p.Kind(kind)] = p2p.Limit(limit)
	}
	for _, p := range w.parties[name].cfg.Network.Parties {
		if p.Name != name {
			cfg.Peers = append(cfg.Peers, p2p.Peer{Party: p.Name, PublicKey: p.Identity.Public()})
		}
	}
	var err error
	h.host, err = w.memory.Open(cfg)
	w.must(err)
	w.t.Cleanup(func() { h.host.Close() })
	w.allSee(name)
	return h
}

// allSee waits until the running nodes see the hostile party.
func (w *network) allSee(name string) {
	w.t.Helper()
	for _, p := range w.parties {
		if p.node == nil {
			continue
		}
		w.eventually(p.name+" sees "+name, func() bool {
			health, err := p.node.Health(context.Background())
			w.must(err)
			return slices.ContainsFunc(health.Peers, func(s p2p.Status) bool { return s.Party == name && s.Up })
		})
	}
}

// tripSet is the digest of no trips.
func tripSet() [32]byte { return wire.NoTrips() }

// steal opens a stopped party's own vault, with a permit from a guard that its owner has bent: one for a key test by a
// set of signers that was never tested.
func (w *network) steal(name, key string) tss.Share {
	w.t.Helper()
	w.down(name)
	cfg := w.parties[name].cfg
	s, err := store.Open(context.Background(), store.Config{Dir: cfg.Data, Secret: store.NewPassphrase([]byte(passphrase)),
		Party: name, Network: w.id()})
	w.must(err)
	defer s.Close()
	bent := guard.Config{Party: name, Network: w.id(), Need: len(names), GlobalID: globalID}
	for _, p := range cfg.Network.Parties {
		bent.Parties = append(bent.Parties, guard.Party{Name: p.Name, Identity: p.Identity})
	}
	g, err := guard.New(bent)
	w.must(err)
	var permit *guard.Permit
	w.must(s.Ledger().Do(context.Background(), func(tx guard.Tx) (err error) {
		permit, err = g.TestPermit(tx, w.now(), guard.TestTerms{Session: [32]byte{1}, Key: key, Epoch: 1, Signers: names})
		return err
	}))
	share, err := s.Vault().Open(w.now(), permit)
	w.must(err)
	return share
}

// propose gives one party a request and payload, and returns what it answers.
func (h *hostile) propose(to string, p wire.Proposal) (wire.Statement, wire.Answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	raw, err := h.host.Call(ctx, to, p2p.Kind(wire.FramePropose), wire.Encode(p))
	if err != nil {
		return wire.Statement{}, wire.Answer{}, err
	}
	s, err := wire.Decode[wire.Statement](raw)
	h.w.must(err)
	var a wire.Answer
	h.w.must(s.Read(&a))
	return s, a, nil
}

// session puts together what a coordinator opens: the victim's answer and its own forged allow.
func (h *hostile) session(victim string, requestID string, s wire.Statement, a wire.Answer) wire.Open {
	own := wire.State(h.w.id(), wire.KindAnswer, h.name, seed("node "+h.name), wire.Answer{Request: a.Request,
		Payload: a.Payload, Effect: uint8(guard.Allow), Reserved: true, Nonce: [32]byte{9}, Attempt: 1})
	open := wire.Open{RequestID: requestID, Millis: 4000, Terms: wire.SessionTerms{Network: h.w.id(), Key: "key-w1", Epoch: 1,
		Engine: wire.EngineTSSLib, Coordinator: h.name, Wallet: "w1", Request: a.Request, Payload: a.Payload,
		Signers: node.InOrder(requestID, []string{h.name, victim}), Attempt: a.Attempt, TripSet: tripSet()}}
	for _, name := range open.Terms.Signers {
		statement, nonce := own, [32]byte{9}
		if name == victim {
			statement, nonce = s, a.Nonce
		}
		open.Answers = append(open.Answers, statement)
		open.Terms.Decisions = append(open.Terms.Decisions, statement.ID())
		open.Terms.Nonces = append(open.Terms.Nonces, nonce)
	}
	return open
}

// sign runs an opened session with one honest signer and returns the signature.
func (h *hostile) sign(victim string, open wire.Open) ([64]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	id := open.Terms.ID()
	link, err := h.host.Join(id, open.Terms.Signers, p2p.Kind(wire.FrameTSS))
	if err != nil {
		return [64]byte{}, err
	}
	defer link.Close()
	refused := make(chan error, 1)
	go func() {
		_, err := h.host.Call(ctx, victim, p2p.Kind(wire.FrameOpen), wire.Encode(open))
		if err != nil {
			refused <- err
			cancel()
		}
	}()
	half, err := tss.Begin(ctx, h.share, id, open.Terms.Signers, open.Terms.Payload, link)
	if err == nil {
		err = half.Release(ctx)
	}
	if err != nil {
		select {
		case why := <-refused:
			return [64]byte{}, why
		default:
			return [64]byte{}, err
		}
	}
	return half.Signature(ctx)
}

// transfer builds a payload for the wallet.
func (w *network) transfer(seqno uint32, to string, amount string, valid time.Duration) []byte {
	w.t.Helper()
	wallet, err := ton.NewWallet(ton.V5R1, w.publicKey("key-w1"), globalID, 0)
	w.must(err)
	a, _, err := ton.ParseAddress(to, false)
	w.must(err)
	v, err := ton.ParseNano(amount, ton.NativeDecimals)
	w.must(err)
	payload, err := ton.Build(wallet, seqno, w.now().Add(valid).Truncate(time.Second), []ton.Transfer{{To: a, Value: v}})
	w.must(err)
	return payload
}

// broadcast gives the chain a signed payload and reports whether it executed.
func (w *network) broadcast(payload []byte, sig [64]byte, deploy bool) error {
	w.t.Helper()
	wallet, err := ton.NewWallet(ton.V5R1, w.publicKey("key-w1"), globalID, 0)
	w.must(err)
	boc, err := ton.Assemble(wallet, payload, sig, deploy)
	w.must(err)
	return w.chain.Send(boc)
}

// unfunded is a network with the wallet w1, which holds nothing.
func unfunded(t *testing.T) *network {
	t.Helper()
	w := newNetwork(t, 2)
	for _, name := range names {
		w.up(name)
	}
	w.allUp()
	w.keygen("key-w1")
	w.enrol("key-w1", "w1", "agent-1", policyOf(1, "agent-1", "", "100", "100"))
	return w
}

// ready is unfunded with coins in the wallet.
func ready(t *testing.T) *network {
	t.Helper()
	w := unfunded(t)
	w.fund("w1", "1000")
	return w
}

func bubble(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }

// requestID is what the parties compute for an order.
func (w *network) requestID(o order) string {
	w.t.Helper()
	e := w.envelope(o)
	g, err := guard.New(guard.Config{Party: "user", Network: w.id(), Need: 2, GlobalID: globalID,
		Parties: []guard.Party{{Name: "platform", Identity: [32]byte{1}}, {Name: "user", Identity: [32]byte{2}}}})
	w.must(err)
	in, err := g.ParseIntent(e.Body)
	w.must(err)
	return in.For(o.agent, e.IdempotencyKey, e.Body).RequestID
}

func TestHostileCoordinatorGetsNothingButWhatTheAgentAsked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		h := w.turn("platform")
		good := order{wallet: "w1", agent: "agent-1", to: destination, amount: "10", ask: "platform", key: "k-good"}
		payload := w.transfer(0, destination, "10", time.Minute)

		refused := map[string]wire.Proposal{}
		elsewhere := good
		elsewhere.ask, elsewhere.key = "user", "k-user"
		refused["a request that names another coordinator"] = wire.Proposal{Request: w.envelope(elsewhere), Payload: payload}
		edited := w.envelope(good)
		edited.Body = []byte(strings.Replace(string(edited.Body), `"10"`, `"11"`, 1))
		refused["an edited body"] = wire.Proposal{Request: edited, Payload: payload}
		stranger := good
		stranger.agent, stranger.key = "agent-2", "k-2"
		refused["an agent nobody enrolled"] = wire.Proposal{Request: w.envelope(stranger), Payload: payload}
		tried := w.envelopeTo(good, "/v1/requests:simulate")
		refused["what the agent only wanted to try"] = wire.Proposal{Request: tried, Payload: payload}
		for what, p := range refused {
			if _, _, err := h.propose("user", p); err == nil {
				t.Errorf("%s was decided", what)
			}
		}

		denied := map[string][]byte{
			"more money":          w.transfer(0, destination, "11", time.Minute),
			"another destination": w.transfer(0, "0:"+strings.Repeat("22", 32), "10", time.Minute),
			"a later seqno":       w.transfer(1, destination, "10", time.Minute),
			"a long life":         w.transfer(0, destination, "10", time.Hour),
			"garbage":             []byte("garbage"),
		}
		for what, payload := range denied {
			s, a, err := h.propose("user", wire.Proposal{Request: w.envelope(good), Payload: payload})
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if guard.Effect(a.Effect) == guard.Allow || a.Reserved {
				t.Errorf("%s was allowed", what)
			}
			a.Effect, a.Reserved = uint8(guard.Allow), true
			if _, err := h.sign("user", h.session("user", w.requestID(good), s, a)); err == nil {
				t.Errorf("%s was signed", what)
			}
		}
		if got := w.chain.Balance(w.address("w1")).String(); got != "1000" {
			t.Errorf("balance %s", got)
		}
	})
}

func TestSessionIsBoundToWhatEachSignerKnows(t *testing.T) {
	changes := map[string]func(w *network, o *wire.Open){
		"another network":     func(_ *network, o *wire.Open) { o.Terms.Network[0]++ },
		"another coordinator": func(_ *network, o *wire.Open) { o.Terms.Coordinator = "backup" },
		"another epoch":       func(_ *network, o *wire.Open) { o.Terms.Epoch = 2 },
		"another key":         func(_ *network, o *wire.Open) { o.Terms.Key = "key-2" },
		"another payload":     func(_ *network, o *wire.Open) { o.Terms.Payload[0]++ },
		"another request":     func(_ *network, o *wire.Open) { o.Terms.Request[0]++ },
		"another wallet":      func(_ *network, o *wire.Open) { o.Terms.Wallet = "w2" },
		"another request id": func(_ *network, o *wire.Open) {
			for i := 0; ; i++ { // one that gives the signers the same order
				id := "r-" + strings.Repeat(string(rune('a'+i)), 32)
				if slices.Equal(o.Terms.Signers, node.InOrder(id, o.Terms.Signers)) {
					o.RequestID = id
					return
				}
			}
		},
		"a derivation path": func(_ *network, o *wire.Open) { o.Terms.Path = "m/0" },
		"another engine":    func(_ *network, o *wire.Open) { o.Terms.Engine = "x" },
		"a later attempt":   func(_ *network, o *wire.Open) { o.Terms.Attempt++ },
		"a made-up nonce": func(_ *network, o *wire.Open) {
			o.Terms.Nonces[slices.Index(o.Terms.Signers, "user")][0]++
		},
		"other trips":       func(_ *network, o *wire.Open) { o.Terms.TripSet[0]++ },
		"signers reversed":  func(_ *network, o *wire.Open) { slices.Reverse(o.Terms.Signers) },
		"three signers":     func(_ *network, o *wire.Open) { o.Terms.Signers = names },
		"an absent answer":  func(_ *network, o *wire.Open) { o.Answers = o.Answers[:1] },
		"a forged decision": func(_ *network, o *wire.Open) { o.Terms.Decisions[0][0]++ },
		"a key test in disguise": func(_ *network, o *wire.Open) {
			o.Terms.Wallet, o.Answers, o.Terms.Decisions = "", nil, nil
		},
		"an answer forged for another party": func(w *network, o *wire.Open) {
			i := slices.Index(o.Terms.Signers, "platform")
			forged := wire.State(w.id(), wire.KindAnswer, "backup", seed("node platform"), o.Answers[i].Body)
			forged.Party = "platform"
			o.Answers[i], o.Terms.Decisions[i] = forged, forged.ID()
		},
	}
	bubble(t, func(t *testing.T) {
		w := ready(t)
		h := w.turn("platform")
		o := order{wallet: "w1", agent: "agent-1", to: destination, amount: "10", ask: "platform", key: "k"}
		e, payload := w.envelope(o), w.transfer(0, destination, "10", time.Minute)
		for what, change := range changes {
			s, a, err := h.propose("user", wire.Proposal{Request: e, Payload: payload})
			if err != nil || !a.Reserved {
				t.Fatalf("%s: honest proposal: %+v, %v", what, a, err)
			}
			open := h.session("user", w.requestID(o), s, a)
			change(w, &open)
			if _, err := h.host.Call(context.Background(), "user", p2p.Kind(wire.FrameOpen), wire.Encode(open)); err == nil {
				t.Errorf("%s: joined", what)
			}
		}
	})
}

func TestNonceWorksOnceAndDiesWithTheProcess(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		h := w.turn("platform")
		o := order{wallet: "w1", agent: "agent-1", to: destination, amount: "10", ask: "platform", key: "k"}
		payload := w.transfer(0, destination, "10", time.Minute)
		s, a, err := h.propose("user", wire.Proposal{Request: w.envelope(o), Payload: payload})
		w.must(err)
		open := h.session("user", w.requestID(o), s, a)
		if _, err := h.sign("user", open); err != nil {
			t.Fatalf("honest session: %v", err)
		}
		again := h.session("user", w.requestID(o), s, a)
		again.Millis = 3999 // the same terms: the same session id
		if _, err := h.host.Call(context.Background(), "user", p2p.Kind(wire.FrameOpen), wire.Encode(again)); err == nil {
			t.Error("a session was joined twice")
		}

		s, a, err = h.propose("user", wire.Proposal{Request: w.envelope(o), Payload: payload})
		w.must(err)
		if a.Attempt != 2 {
			t.Fatalf("attempt %d after the first was released", a.Attempt)
		}
		w.down("user")
		w.up("user")
		w.allSee("platform")
		if _, err := h.sign("user", h.session("user", w.requestID(o), s, a)); err == nil {
			t.Error("a nonce from before the restart was taken")
		}
	})
}

// TestHostilePartyBetweenTwoThatCannotMeet: user and backup can't reach each other, platform is hostile and plays each
// against the other. The chain is the accountant: what executes stays within the daily limit of 100.
func TestHostilePartyBetweenTwoThatCannotMeet(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		h := w.turn("platform")
		w.memory.Cut("backup", "user")
		time.Sleep(5 * time.Second)

		signed := func(victim, key, amount string, seqno uint32) ([]byte, [64]byte, error) {
			o := order{wallet: "w1", agent: "agent-1", to: destination, amount: amount, ask: "platform", key: key}
			payload := w.transfer(seqno, destination, amount, time.Minute)
			s, a, err := h.propose(victim, wire.Proposal{Request: w.envelope(o), Payload: payload})
			if err != nil {
				return nil, [64]byte{}, err
			}
			if !a.Reserved {
				return nil, [64]byte{}, errors.New("not reserved: " + a.Reasons[0].Code)
			}
			sig, err := h.sign(victim, h.session(victim, w.requestID(o), s, a))
			return payload, sig, err
		}
		first, sig1, err := signed("user", "k-1", "60", 0)
		w.must(err)
		second, sig2, err := signed("backup", "k-2", "60", 0) // backup can't know of the first
		w.must(err)
		w.must(w.broadcast(first, sig1, true))
		if err := w.broadcast(second, sig2, true); err == nil {
			t.Error("two payloads of one seqno executed")
		}
		for i, victim := range []string{"user", "backup", "user", "backup"} {
			payload, sig, err := signed(victim, "k-3"+victim+string(rune('a'+i)), "60", 1)
			if err == nil {
				w.broadcast(payload, sig, false)
			}
		}
		a, _, _ := ton.ParseAddress(destination, false)
		if got := w.chain.Balance(a); got.Cmp(ton.NanoOf(100e9)) > 0 {
			t.Errorf("%s left the wallet, the limit is 100", got)
		}
		if w.chain.Executed(w.address("w1")) < 2 {
			t.Error("nothing executed: the test proves nothing")
		}
	})
}

func TestAgentsOwnPayloadIsReadLikeAnyOther(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		payload := w.transfer(0, destination, "10", time.Minute)
		o := order{wallet: "w1", agent: "agent-1", to: destination, amount: "10", ask: "user",
			payload: base64.StdEncoding.EncodeToString(payload)}
		r, err := w.send(o)
		if err != nil || r.State != node.StateSigned {
			t.Fatalf("own payload: %s, %v", r.State, err)
		}
	})
}
