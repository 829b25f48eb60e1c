package kill

import (
	"crypto/ed25519"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	network = [32]byte{7}
	private = ed25519.NewKeyFromSeed(make([]byte, 32))
	by      = By{Party: "user", Key: [32]byte(private.Public().(ed25519.PublicKey))}
	at      = time.Unix(1_790_000_000, 0).UTC()
)

func anyone(By) bool { return true }

func trip() Trip { return Trip{Scope: Network, Level: Kill, Reason: "drill", By: by, At: at} }

func signed(t Trip) Trip {
	d := t.Digest(network)
	t.ID, t.Signature = t.Identify(network), ed25519.Sign(private, d[:])
	return t
}

func TestTripIsVerified(t *testing.T) {
	for name, good := range map[string]Trip{
		"kill":  signed(trip()),
		"pause": signed(Trip{Scope: OfWallet("w"), Level: Pause, By: by, At: at, Until: at.Add(time.Hour)}),
		"agent": signed(Trip{Scope: OfAgent("a"), Level: Kill, By: by, At: at}),
	} {
		if err := good.Verify(network, anyone); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if good.Verify(network, func(By) bool { return false }) == nil {
			t.Errorf("%s: by nobody who may", name)
		}
		if good.Verify([32]byte{8}, anyone) == nil {
			t.Errorf("%s: of another network", name)
		}
	}
}

// Every field is signed: a change of any makes another trip.
func TestEveryFieldOfATripIsSigned(t *testing.T) {
	for name, change := range map[string]func(*Trip){
		"id":        func(t *Trip) { t.ID = "t-" + strings.Repeat("0", 32) },
		"scope":     func(t *Trip) { t.Scope = OfWallet("w") },
		"level":     func(t *Trip) { t.Level = Kill; t.Until = time.Time{} },
		"reason":    func(t *Trip) { t.Reason = "" },
		"party":     func(t *Trip) { t.By.Party = "backup" },
		"key":       func(t *Trip) { t.By.Key[0]++ },
		"at":        func(t *Trip) { t.At = t.At.Add(time.Second) },
		"until":     func(t *Trip) { t.Until = t.Until.Add(time.Second) },
		"signature": func(t *Trip) { t.Signature = t.Signature[1:] },
	} {
		v := signed(Trip{Scope: Network, Level: Pause, Reason: "drill", By: by, At: at, Until: at.Add(time.Hour)})
		change(&v)
		if v.Verify(network, anyone) == nil {
			t.Errorf("%s changed", name)
		}
		v.ID = v.Identify(network)
		if name != "id" && v.Verify(network, anyone) == nil {
			t.Errorf("%s changed, with the id that follows", name)
		}
	}
}

func TestTripThatSaysNothingSensibleIsRefused(t *testing.T) {
	for name, change := range map[string]func(*Trip){
		"no scope":                func(t *Trip) { t.Scope = "" },
		"another scope":           func(t *Trip) { t.Scope = "party:user" },
		"a scope of nothing":      func(t *Trip) { t.Scope = "wallet:" },
		"an endless scope":        func(t *Trip) { t.Scope = OfAgent(strings.Repeat("a", 65)) },
		"no level":                func(t *Trip) { t.Level = "" },
		"a kill with an end":      func(t *Trip) { t.Until = at },
		"a pause without":         func(t *Trip) { t.Level = Pause },
		"an endless reason":       func(t *Trip) { t.Reason = strings.Repeat("a", 201) },
		"a reason in no language": func(t *Trip) { t.Reason = "\xff" },
		"parts of a second":       func(t *Trip) { t.At = t.At.Add(1) },
		"an end within seconds":   func(t *Trip) { t.Level, t.Until = Pause, at.Add(1) },
	} {
		v := trip()
		change(&v)
		if signed(v).Verify(network, anyone) == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestPauseStandsUntilItsEnd(t *testing.T) {
	p := Trip{Level: Pause, Until: at}
	if !p.Stands(at.Add(-time.Second)) || p.Stands(at) {
		t.Error("end of a pause")
	}
	if !(Trip{Level: Kill}).Stands(at.Add(1000 * time.Hour)) {
		t.Error("a kill ended")
	}
	if !(Trip{}).Stands(at) {
		t.Error("a trip of no level does not stand")
	}
}

func TestHashIsOfASet(t *testing.T) {
	if Hash([]string{"a", "b"}) != Hash([]string{"b", "a"}) || Hash(nil) != Hash([]string{}) {
		t.Error("the order, or how nothing is written, matters")
	}
	if Hash([]string{"a"}) == Hash([]string{"a", "b"}) || Hash([]string{"ab"}) == Hash([]string{"a", "b"}) {
		t.Error("different sets have one hash")
	}
	ids := []string{"b", "a"}
	if Hash(ids); ids[0] != "b" {
		t.Error("the caller's list was sorted")
	}
}

// The digests are what people sign; a change here invalidates every signature.
func TestDigestsAreFrozen(t *testing.T) {
	d := trip().Digest(network)
	if got, want := hex.EncodeToString(d[:]), "b88cbdf2b238011a46b8004262adaf16d3038e2eac1505cc4b36c6583b04e172"; got != want {
		t.Errorf("trip: %s", got)
	}
	l := Lift{IDs: []string{"t-b", "t-a"}, Expires: at}.Digest(network)
	if got, want := hex.EncodeToString(l[:]), "d87b677ea59348fc1798238ce9890bf3fe4126995835c6bd19dc578afaf45e0b"; got != want {
		t.Errorf("lift: %s", got)
	}
}

// liftOf is signed by the same person in the name of n parties, which anyone lets pass.
func liftOf(n int, expires time.Time, ids ...string) Lift {
	l := Lift{IDs: ids, Expires: expires}
	d := l.Digest(network)
	for i := range n {
		party := By{Party: "user", Key: by.Key}
		if i > 0 {
			party.Party = "backup"
		}
		l.Signatures = append(l.Signatures, Signature{party, ed25519.Sign(private, d[:])})
	}
	return l
}

func TestLiftIsBounded(t *testing.T) {
	id, later := "t-"+strings.Repeat("0", 32), at.Add(time.Hour)
	if err := liftOf(2, later, id).Verify(network, at, "user", anyone); err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]Lift{
		"no trips":            liftOf(2, later),
		"too many trips":      liftOf(2, later, slices.Repeat([]string{id}, maxLifted+1)...),
		"too many signatures": liftOf(maxSigners+1, later, id),
		"no trip's id":        liftOf(2, later, id, "../"+id),
		"expired":             liftOf(2, at, id),
		"parts of a second":   liftOf(2, later.Add(1), id),
		"one party":           liftOf(1, later, id),
	} {
		if l.Verify(network, at, "user", anyone) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
