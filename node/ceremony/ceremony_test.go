package ceremony

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/node/wire"
)

var (
	now     = time.Unix(1_800_000_000, 0)
	parties = []string{"backup", "platform", "user"}
)

func seed(name string) ed25519.PrivateKey {
	sum := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(sum[:])
}

func public(name string) wire.Key { return wire.Key(seed(name).Public().(ed25519.PublicKey)) }

func manifest() wire.Manifest {
	m := wire.Manifest{Name: "dev", GlobalID: -239, Need: 2}
	for _, p := range parties {
		m.Parties = append(m.Parties, wire.Party{
			Name: p, Identity: public("node " + p), Operators: []wire.Key{public("operator " + p)},
		})
	}
	return m
}

func proposal() wire.Keygen {
	return wire.Keygen{Network: manifest().ID(), Key: "main", Epoch: 1, Need: 2, Parties: parties, Proposer: "user",
		Expires: now.Add(time.Hour).Unix()}
}

func start(t *testing.T) Ceremony {
	t.Helper()
	c, err := New(manifest(), proposal(), now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// say merges news that holds one more thing.
func say(t *testing.T, c *Ceremony, change func(*wire.CeremonyNews)) {
	t.Helper()
	news := wire.CeremonyNews{Keygen: c.Keygen}
	change(&news)
	if _, err := c.Merge(manifest(), news, func(wire.KeyTest) error { return nil }); err != nil {
		t.Fatal(err)
	}
}

func approval(c Ceremony, party string) wire.Approval {
	return wire.Approve(c.ID(), party, seed("operator "+party))
}

func confirm(c Ceremony, party, body string) wire.Statement {
	session := c.Session()
	return wire.State(c.Keygen.Network, wire.KindConfirm, party, seed("node "+party), append(session[:], body...))
}

func abort(c Ceremony, party string) wire.Statement {
	return wire.State(c.Keygen.Network, wire.KindAbort, party, seed("node "+party), wire.Abort{Ceremony: c.ID()})
}

func active(c Ceremony, party string) wire.Statement {
	certificate, _ := c.Certificate()
	return wire.State(c.Keygen.Network, wire.KindActive, party, seed("node "+party),
		wire.Active{Ceremony: c.ID(), Certificate: certificate})
}

func TestCeremonyBecomesReadyStepByStep(t *testing.T) {
	c := start(t)
	want := func(s State) {
		t.Helper()
		if got := c.State("user", now); got != s {
			t.Fatalf("state %s, want %s", got, s)
		}
	}
	want(Proposed)
	for _, p := range parties {
		say(t, &c, func(n *wire.CeremonyNews) { n.Approvals = append(n.Approvals, approval(c, p)) })
	}
	want(Approved)
	for i, p := range []string{"user", "backup", "platform"} {
		if i > 0 {
			want(Prepared)
		}
		say(t, &c, func(n *wire.CeremonyNews) { n.Confirms = append(n.Confirms, confirm(c, p, "body")) })
	}
	want(Active)
	for _, p := range parties {
		say(t, &c, func(n *wire.CeremonyNews) { n.Actives = append(n.Actives, active(c, p)) })
	}
	want(Active)
	if sets := c.Sets(); len(sets) != 3 {
		t.Fatalf("sets of two of three: %v", sets)
	}
	for _, s := range c.Sets() {
		say(t, &c, func(n *wire.CeremonyNews) { n.Tests = append(n.Tests, wire.KeyTest{Signers: s}) })
	}
	want(Ready)
}

func TestOneMessageCarriesAWholeCeremony(t *testing.T) {
	c, late := start(t), start(t)
	for _, p := range parties {
		say(t, &c, func(n *wire.CeremonyNews) { n.Approvals = append(n.Approvals, approval(c, p)) })
		say(t, &c, func(n *wire.CeremonyNews) { n.Confirms = append(n.Confirms, confirm(c, p, "body")) })
	}
	say(t, &c, func(n *wire.CeremonyNews) { n.Actives = append(n.Actives, active(c, "user")) })
	changed, err := late.Merge(manifest(), c.CeremonyNews, nil)
	if err != nil || !changed || late.State("backup", now) != Active {
		t.Errorf("late party: changed %v, %v, state %s", changed, err, late.State("backup", now))
	}
	if changed, _ := late.Merge(manifest(), c.CeremonyNews, nil); changed {
		t.Error("the same news was new twice")
	}
}

func TestAbortEndsUnlessAllConfirmed(t *testing.T) {
	c := start(t)
	say(t, &c, func(n *wire.CeremonyNews) { n.Confirms = append(n.Confirms, confirm(c, "user", "body")) })
	say(t, &c, func(n *wire.CeremonyNews) { n.Aborts = append(n.Aborts, abort(c, "backup")) })
	if got := c.State("user", now); got != Aborted {
		t.Errorf("state %s after another party's abort", got)
	}
}

// A hostile party confirms to one and aborts to the other. Who has all confirms may be active, so the other must follow.
func TestConfirmCountsWhateverItsPartySaidElse(t *testing.T) {
	one, other := start(t), start(t)
	for _, p := range parties {
		say(t, &one, func(n *wire.CeremonyNews) { n.Confirms = append(n.Confirms, confirm(one, p, "body")) })
	}
	say(t, &other, func(n *wire.CeremonyNews) { n.Confirms = append(n.Confirms, confirm(other, "user", "body")) })
	say(t, &other, func(n *wire.CeremonyNews) { n.Aborts = append(n.Aborts, abort(other, "backup")) })
	if _, err := other.Merge(manifest(), one.CeremonyNews, nil); err != nil {
		t.Fatal(err)
	}
	if got := other.State("user", now); got != Active {
		t.Errorf("state %s although every party has confirmed", got)
	}
	if got := other.Equivocators(); len(got) != 1 || got[0] != "backup" {
		t.Errorf("equivocators: %v", got)
	}
}

func TestDifferentConfirmsAreDisputed(t *testing.T) {
	c := start(t)
	for i, p := range parties {
		body := "body"
		if i == 1 {
			body = "other key"
		}
		say(t, &c, func(n *wire.CeremonyNews) { n.Confirms = append(n.Confirms, confirm(c, p, body)) })
	}
	if got := c.State("user", now); got != Disputed {
		t.Errorf("state %s", got)
	}
	if _, ok := c.Certificate(); ok {
		t.Error("different bodies made a certificate")
	}
}

func TestForgedNewsIsRefusedWhole(t *testing.T) {
	cases := map[string]func(c Ceremony, n *wire.CeremonyNews){
		"other ceremony": func(_ Ceremony, n *wire.CeremonyNews) { n.Keygen.Nonce[0]++ },
		"approval by another party's operator": func(c Ceremony, n *wire.CeremonyNews) {
			n.Approvals = []wire.Approval{approval(c, "user"), wire.Approve(c.ID(), "backup", seed("operator user"))}
		},
		"approval of another ceremony": func(_ Ceremony, n *wire.CeremonyNews) {
			n.Approvals = []wire.Approval{wire.Approve([32]byte{1}, "user", seed("operator user"))}
		},
		"confirm signed by another node": func(c Ceremony, n *wire.CeremonyNews) {
			s := confirm(c, "user", "body")
			s.Party = "backup"
			n.Confirms = []wire.Statement{s}
		},
		"confirm of another session": func(c Ceremony, n *wire.CeremonyNews) {
			n.Confirms = []wire.Statement{wire.State(c.Keygen.Network, wire.KindConfirm, "user", seed("node user"), []byte("body"))}
		},
		"abort as confirm": func(c Ceremony, n *wire.CeremonyNews) { n.Confirms = []wire.Statement{abort(c, "user")} },
		"active before confirms": func(c Ceremony, n *wire.CeremonyNews) {
			n.Actives = []wire.Statement{wire.State(c.Keygen.Network, wire.KindActive, "user", seed("node user"), wire.Active{Ceremony: c.ID()})}
		},
		"active with another certificate": func(c Ceremony, n *wire.CeremonyNews) {
			for _, p := range parties {
				n.Confirms = append(n.Confirms, confirm(c, p, "body"))
			}
			n.Actives = []wire.Statement{wire.State(c.Keygen.Network, wire.KindActive, "user", seed("node user"),
				wire.Active{Ceremony: c.ID(), Certificate: digest.Sum(digest.Confirm, []byte("x"))})}
		},
		"bad test signature": func(_ Ceremony, n *wire.CeremonyNews) {
			n.Tests = []wire.KeyTest{{Signers: []string{"backup", "user"}}}
		},
		"test by no set": func(_ Ceremony, n *wire.CeremonyNews) { n.Tests = []wire.KeyTest{{Signers: []string{"user"}}} },
	}
	for name, forge := range cases {
		c := start(t)
		news := wire.CeremonyNews{Keygen: c.Keygen}
		forge(c, &news)
		changed, err := c.Merge(manifest(), news, func(wire.KeyTest) error { return errors.New("bad signature") })
		if !errors.Is(err, ErrNews) || changed || c.size() != 0 {
			t.Errorf("%s: changed %v, %v, %d parts taken in", name, changed, err, c.size())
		}
	}
}

func TestProposalsAreChecked(t *testing.T) {
	for name, change := range map[string]func(*wire.Keygen){
		"network":   func(k *wire.Keygen) { k.Network[0]++ },
		"key id":    func(k *wire.Keygen) { k.Key = "../x" },
		"epoch":     func(k *wire.Keygen) { k.Epoch = 2 },
		"threshold": func(k *wire.Keygen) { k.Need = 1 },
		"committee": func(k *wire.Keygen) { k.Parties = []string{"platform", "user"} },
		"required":  func(k *wire.Keygen) { k.Required = []string{"user"} },
		"proposer":  func(k *wire.Keygen) { k.Proposer = "mallory" },
		"past":      func(k *wire.Keygen) { k.Expires = now.Add(-time.Second).Unix() },
		"expiry":    func(k *wire.Keygen) { k.Expires = now.Add(48 * time.Hour).Unix() },
	} {
		k := proposal()
		change(&k)
		if _, err := New(manifest(), k, now); err == nil {
			t.Errorf("%s: a bad proposal was taken", name)
		}
	}
}

func TestUnapprovedProposalExpires(t *testing.T) {
	c := start(t)
	if got := c.State("user", now.Add(2*time.Hour)); got != Expired {
		t.Errorf("state %s after the proposal expired", got)
	}
}

func TestFirstPartyOfASetTestsIt(t *testing.T) {
	c := start(t)
	if got := c.Untested("backup"); len(got) != 2 {
		t.Errorf("backup starts %v", got)
	}
	if got := c.Untested("user"); len(got) != 0 {
		t.Errorf("user starts %v", got)
	}
}

func TestOnlySetsThatMaySignAreTested(t *testing.T) {
	c := start(t)
	c.Keygen.Required = []string{"user"}
	for _, set := range c.Sets() {
		if set[1] != "user" {
			t.Errorf("%v is to be tested without the required party", set)
		}
	}
	if len(c.Sets()) != 2 {
		t.Errorf("sets: %v", c.Sets())
	}
}
