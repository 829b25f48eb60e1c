package wire

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/kill"
	"github.com/tonaiagent/mpcnode/node/reqsig"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the golden file")

func seed(name string) ed25519.PrivateKey {
	sum := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(sum[:])
}

func key(name string) Key { return publicOf(seed(name)) }

func manifest() Manifest {
	return Manifest{Name: DevNetwork, GlobalID: -239, Need: 2, Required: []string{"user"}, Parties: []Party{
		{Name: "platform", Identity: key("node platform"), Operators: []Key{key("operator platform")}},
		{Name: "user", Identity: key("node user"), Operators: []Key{key("operator user")},
			PolicyAdmins: []Key{key("admin user")}, Trippers: []Key{key("tripper user")}, Auditors: []Key{key("auditor user")}},
	}}
}

// accounting is a manifest whose parties both account for wallets without a seqno.
func accounting() Manifest {
	m := manifest()
	m.Accounting = []string{"platform", "user"}
	return m
}

// examples holds one value of every type that travels, each field set.
func examples() map[string]any {
	m := manifest()
	at := time.Unix(1_800_000_000, 0).UTC()
	envelope := reqsig.New("POST", "http://127.0.0.1/v1/requests", "k", []byte("{}"), "agent:a", seed("agent"), at)
	answer := Answer{Request: [32]byte{1}, Payload: [32]byte{2}, Effect: 1, Reasons: []Reason{{"limits", "limit_day"}},
		PolicyHash: [32]byte{3}, Reserved: true, Nonce: [32]byte{4}, Attempt: 1, Seq: 7}
	statement := State(m.ID(), KindAnswer, "user", seed("node user"), answer)
	terms := SessionTerms{Network: m.ID(), Key: "main", Epoch: 1, Engine: EngineTSSLib, Coordinator: "user", Wallet: "w1",
		Request: [32]byte{1}, Payload: [32]byte{2}, Decisions: [][32]byte{{5}}, Signers: []string{"user", "platform"},
		Attempt: 1, Nonces: [][32]byte{{6}}, TripSet: NoTrips()}
	keygen := Keygen{Network: m.ID(), Key: "main", Epoch: 1, Need: 2, Parties: m.Names(), Proposer: "user", Nonce: [16]byte{8}, Expires: at.Unix()}
	trip := SignTrip(m.ID(), "user", seed("tripper user"), kill.Network, "test", at, time.Time{})
	return map[string]any{
		"manifest": m, "hello": Hello{"0.1.0", []int{1}, m.ID(), at.UnixMilli()}, "heartbeat": Heartbeat{NoTrips(), at.UnixMilli()},
		"proposal": Proposal{envelope, []byte{1, 2, 3}}, "answer": answer, "statement": statement, "terms": terms,
		"open": Open{terms, []Statement{statement}, 4000, "r-1", nil}, "opened": Opened{[]byte{1}, "why", []string{"user"}},
		"manifest with accounting": accounting(), "open with reservations": Open{terms, []Statement{statement}, 4000, "r-1", []Statement{statement}},
		"nonce":    NonceRequest{[32]byte{1}, [32]byte{2}, 2},
		"receipt":  Receipt{"r-1", [32]byte{1}, [32]byte{2}, [64]byte{3}, []string{"user"}, []Statement{statement}},
		"evidence": Evidence{true, Proposal{envelope, []byte{1}}, []Statement{statement}}, "keygen": keygen,
		"approval": Approve(keygen.ID(), "user", seed("operator user")),
		"news":     CeremonyNews{Keygen: keygen, Tests: []KeyTest{{[]string{"user"}, [64]byte{1}}}},
		"bundle":   SignPolicy(m.ID(), "user", seed("admin user"), []byte("version: 1")),
		"shadow":   SignShadow(m.ID(), "user", seed("admin user"), 1, []byte("version: 1")),
		"cancel":   SignPolicyCancellation(m.ID(), "user", seed("admin user"), [32]byte{1}),
		"abort":    Abort{keygen.ID(), "why"}, "active": Active{keygen.ID(), [32]byte{9}}, "trips": []kill.Trip{trip},
	}
}

// TestGolden freezes the encoding of every type: a change here breaks nodes that run the release before.
func TestGolden(t *testing.T) {
	var lines []string
	for name, v := range examples() {
		b := Encode(v)
		lines = append(lines, fmt.Sprintf("%s %d %x\n", name, len(b), sha256.Sum256(b)))
	}
	slices.Sort(lines)
	got := strings.Join(lines, "")
	const path = "testdata/golden.txt"
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("wire formats changed:\n%s\nwant:\n%s", got, want)
	}
}

func TestEveryTypeComesBackAsItWas(t *testing.T) {
	for name, v := range examples() {
		back := reflect.New(reflect.TypeOf(v))
		if err := digest.Decode(Encode(v), back.Interface()); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if string(Encode(back.Elem().Interface())) != string(Encode(v)) {
			t.Errorf("%s: changed on the way", name)
		}
	}
}

func TestLargestFramesFit(t *testing.T) {
	e := reqsig.New("POST", "http://127.0.0.1/v1/requests", "k", make([]byte, 96<<10), "agent:a", seed("agent"), time.Unix(0, 0))
	if n := len(Encode(Proposal{e, make([]byte, 60<<10)})); n > Limits[FramePropose].Request {
		t.Errorf("the largest proposal has %d bytes, its cap is %d", n, Limits[FramePropose].Request)
	}
	if n := len(Encode(Evidence{Proposal: Proposal{e, make([]byte, 60<<10)}, Answers: make([]Statement, MaxParties)})); n > Limits[FrameEvidence].Reply {
		t.Errorf("the largest evidence has %d bytes, its cap is %d", n, Limits[FrameEvidence].Reply)
	}
}

func TestStatementsAreBoundToNetworkKindPartyAndBody(t *testing.T) {
	m := manifest()
	good := State(m.ID(), KindAnswer, "user", seed("node user"), Answer{Seq: 1})
	var a Answer
	if err := good.Open(m, KindAnswer, &a); err != nil || a.Seq != 1 {
		t.Fatalf("%+v, %v", a, err)
	}
	other := manifest()
	other.Name = "other"
	for name, s := range map[string]Statement{
		"kind":     {KindReceipt, good.Party, good.Body, good.Proof},
		"party":    {good.Kind, "platform", good.Body, good.Proof},
		"stranger": {good.Kind, "mallory", good.Body, good.Proof},
		"body":     {good.Kind, good.Party, Encode(Answer{Seq: 2}), good.Proof},
		"proof":    {good.Kind, good.Party, good.Body, nil},
		"network":  State(other.ID(), KindAnswer, "user", seed("node user"), Answer{Seq: 1}),
		"operator": State(m.ID(), KindAnswer, "user", seed("operator user"), Answer{Seq: 1}),
	} {
		if s.Open(m, KindAnswer, &a) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestApprovalIsAnOperatorsOfItsOwnParty(t *testing.T) {
	m, id := manifest(), [32]byte{1}
	if err := Approve(id, "user", seed("operator user")).Verify(m); err != nil {
		t.Error(err)
	}
	for name, a := range map[string]Approval{
		"another party's operator": Approve(id, "user", seed("operator platform")),
		"the node itself":          Approve(id, "user", seed("node user")),
		"a stranger's party":       Approve(id, "mallory", seed("operator user")),
		"another ceremony":         {Ceremony: [32]byte{2}, Party: "user", Operator: key("operator user"), Signature: Approve(id, "user", seed("operator user")).Signature},
	} {
		if a.Verify(m) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestManifestRefuses(t *testing.T) {
	if err := errors.Join(manifest().Check(), accounting().Check()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Manifest){
		"a threshold of one":              func(m *Manifest) { m.Need = 1 },
		"more signers than parties":       func(m *Manifest) { m.Need = 3 },
		"one party":                       func(m *Manifest) { m.Parties = m.Parties[:1] },
		"no chain":                        func(m *Manifest) { m.GlobalID = 0 },
		"a name that is no id":            func(m *Manifest) { m.Name = "../x" },
		"parties out of order":            func(m *Manifest) { m.Parties[0], m.Parties[1] = m.Parties[1], m.Parties[0] },
		"a party twice":                   func(m *Manifest) { m.Parties[0].Name = "user" },
		"one operator in two parties":     func(m *Manifest) { m.Parties[0].Operators = m.Parties[1].Operators },
		"one identity in two parties":     func(m *Manifest) { m.Parties[0].Identity = m.Parties[1].Identity },
		"a node's identity as operator":   func(m *Manifest) { m.Parties[1].Operators[0] = m.Parties[0].Identity },
		"no operator":                     func(m *Manifest) { m.Parties[0].Operators = nil },
		"an unknown required party":       func(m *Manifest) { m.Required = []string{"mallory"} },
		"a required party twice":          func(m *Manifest) { m.Required = []string{"user", "user"} },
		"an accounting party alone":       func(m *Manifest) { m.Accounting = []string{"user"} },
		"an accounting party twice":       func(m *Manifest) { m.Accounting = []string{"user", "user"} },
		"an unknown accounting party":     func(m *Manifest) { m.Accounting = []string{"user", "mallory"} },
		"more required parties than sign": func(m *Manifest) { m.Required = []string{"user", "platform", "backup"} },
	} {
		m := manifest()
		change(&m)
		if m.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// FuzzFrames decodes any bytes as every frame that a peer may send, as node does before it looks at them.
func FuzzFrames(f *testing.F) {
	for _, v := range examples() {
		f.Add(Encode(v))
	}
	m := manifest()
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, v := range []any{&Proposal{}, &NonceRequest{}, &Open{}, &[]kill.Trip{}, &CeremonyNews{}, &Hello{}, &Heartbeat{}, &Evidence{}, &Opened{}} {
			if digest.Decode(b, v) == nil && string(Encode(reflect.ValueOf(v).Elem().Interface())) == "" {
				t.Fatal("decoded to nothing")
			}
		}
		var s Statement
		if digest.Decode(b, &s) == nil {
			var r Receipt
			if s.Open(m, KindReceipt, &r) == nil {
				t.Fatal("a receipt that nobody signed")
			}
		}
		var o Open
		if digest.Decode(b, &o) == nil {
			o.Terms.ID()
		}
		var signed guard.Signed[guard.AgentRecord]
		digest.Decode(b, &signed)
	})
}
