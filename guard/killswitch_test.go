package guard_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/kill"
)

func (w *world) tripIDs() (ids []string) {
	w.Helper()
	s, err := w.g.TripSet(w.tx)
	w.must(err)
	for _, t := range s.Trips {
		ids = append(ids, t.ID)
	}
	if s.Hash != kill.Hash(ids) {
		w.Error("the set's hash is not that of its ids")
	}
	return ids
}

func TestTripsOfAnyScopeStopWhatTheyName(t *testing.T) {
	for scope, stops := range map[string]bool{
		kill.Network: true, kill.OfWallet("wallet-1"): true, kill.OfAgent("agent-1"): true,
		kill.OfWallet("wallet-2"): false, kill.OfAgent("agent-2"): false,
	} {
		w := newWorld(t, permissive)
		w.addTrip(w.trip("backup", scope, kill.Kill, time.Time{}))
		s, err := w.g.TripSet(w.tx)
		if err != nil || s.Stops("wallet-1", "agent-1") != stops {
			t.Errorf("%s: Stops = %t, %v", scope, !stops, err)
		}
		c := w.request("k1", "1")
		if stops {
			w.deny(c, guard.ReasonKilled)
		} else {
			w.allow(c)
		}
	}
}

func TestHighestLevelWins(t *testing.T) {
	w := newWorld(t, permissive)
	w.addTrip(w.trip("user", kill.Network, kill.Kill, time.Time{}))
	w.addTrip(w.trip("backup", kill.Network, kill.Pause, w.now.Add(time.Hour)))
	w.deny(w.request("k1", "1"), guard.ReasonKilled)
}

func TestPauseEndsByChainTimeAndKillNever(t *testing.T) {
	w := newWorld(t, permissive)
	w.addTrip(w.trip("user", kill.Network, kill.Pause, w.now.Add(time.Hour)))
	w.now = w.now.Add(2 * time.Hour) // the local clock alone ends nothing
	if len(w.tripIDs()) != 1 {
		t.Error("the local clock ended a pause")
	}
	w.advance(0)
	if len(w.tripIDs()) != 0 {
		t.Error("the pause did not end")
	}
	w.allow(w.request("k1", "1"))
	w.addTrip(w.trip("user", kill.Network, kill.Kill, time.Time{}))
	w.advance(365 * 24 * time.Hour)
	w.deny(w.request("k2", "1"), guard.ReasonKilled)
}

func TestTripsMergeAsASet(t *testing.T) {
	a, b := newWorld(t, permissive), newWorld(t, permissive)
	one, two := a.trip("user", kill.Network, kill.Kill, time.Time{}), a.trip("backup", kill.OfAgent("x"), kill.Kill, time.Time{})
	a.addTrip(one)
	a.addTrip(two)
	a.addTrip(one)
	b.addTrip(two)
	b.addTrip(one)
	x, _ := a.g.TripSet(a.tx)
	y, _ := b.g.TripSet(b.tx)
	if x.Hash != y.Hash || len(x.Trips) != 2 {
		t.Errorf("sets differ: %v, %v", x, y)
	}
	entries := slices.DeleteFunc(slices.Clone(a.tx.Entries), func(e audit.Entry) bool { return e.EventType != audit.KillRaised })
	if len(entries) != 2 {
		t.Errorf("%d audit entries for two trips", len(entries))
	}
}

func TestBadTripKeepsNoGoodOneOut(t *testing.T) {
	w := newWorld(t, permissive)
	forged := w.trip("user", kill.Network, kill.Kill, time.Time{})
	forged.Signature[0]++
	stranger := w.trip("user", kill.Network, kill.Kill, time.Time{})
	stranger.By.Key = pub("mallory")
	stranger = signTrip(stranger, "mallory")
	admin := w.trip("user", kill.Network, kill.Kill, time.Time{})
	admin.By.Key = pub("user admin")
	admin = signTrip(admin, "user admin")
	foreign := w.trip("user", kill.Network, kill.Kill, time.Time{})
	foreign.By.Party = "mallory"
	foreign = signTrip(foreign, "user tripper")
	good := w.trip("backup", kill.Network, kill.Kill, time.Time{})

	refused, err := w.addTrips(forged, stranger, admin, foreign, good)
	if err != nil || len(refused) != 4 {
		t.Errorf("refused %v, %v", refused, err)
	}
	if ids := w.tripIDs(); !slices.Equal(ids, []string{good.ID}) {
		t.Errorf("set = %v", ids)
	}
}

func TestOperatorsAndIdentitiesMayTrip(t *testing.T) {
	w := newWorld(t, permissive)
	for _, by := range []string{"platform operator", "backup identity"} {
		trip := w.trip("platform", kill.Network, kill.Kill, time.Time{})
		trip.By = kill.By{Party: by[:len(by)-len(" operator")], Key: pub(by)}
		w.addTrip(signTrip(trip, by))
	}
	if len(w.tripIDs()) != 2 {
		t.Error("not both were taken")
	}
}

func TestOpenTripsOfAPartyAreBounded(t *testing.T) {
	w := newWorld(t, permissive)
	var last kill.Trip
	for n := range 64 {
		last = w.trip("backup", kill.Network, kill.Kill, time.Time{})
		last.At = last.At.Add(time.Duration(n) * time.Second)
		last = signTrip(last, "backup tripper")
		w.addTrip(last)
	}
	w.addTrip(last) // a known one is no new one
	more := w.trip("backup", kill.OfAgent("x"), kill.Kill, time.Time{})
	if refused, err := w.addTrips(more); err != nil || len(refused) != 1 {
		t.Errorf("the 65th: %v, %v", refused, err)
	}
	w.addTrip(w.trip("user", kill.Network, kill.Kill, time.Time{})) // another party is not held up
}

func TestLiftNeedsPeopleOfTwoParties(t *testing.T) {
	w := newWorld(t, permissive)
	trip := w.trip("backup", kill.Network, kill.Kill, time.Time{})
	w.addTrip(trip)
	w.now = w.now.Add(-time.Hour)
	expired := w.lift([]string{trip.ID}, "user", "backup")
	w.now = expired.Expires
	forged := w.lift([]string{trip.ID}, "user", "backup")
	forged.Signatures[1].Signature[0]++
	stranger := w.lift([]string{trip.ID}, "user", "backup")
	stranger.Signatures[1].By.Key = pub("mallory")
	tripper := w.lift([]string{trip.ID}, "user", "backup")
	tripper.Signatures[1].By.Key = pub("backup tripper")
	tripper.Signatures[1].Signature = sign("backup tripper", tripper.Digest(networkID))
	for name, l := range map[string]kill.Lift{
		"by the own operator alone":  w.lift([]string{trip.ID}, "user"),
		"by other parties' alone":    w.lift([]string{trip.ID}, "platform", "backup"),
		"by the own operator twice":  w.lift([]string{trip.ID}, "user", "user"),
		"by nobody":                  w.lift([]string{trip.ID}),
		"of nothing":                 w.lift(nil, "user", "backup"),
		"that has expired":           expired,
		"with a forged signature":    forged,
		"with a stranger's":          stranger,
		"with a tripper's":           tripper,
		"of something else's id":     w.lift([]string{"wallet-1"}, "user", "backup"),
		"of another trip, signed so": w.lift([]string{signTrip(kill.Trip{}, "user tripper").ID}, "user", "backup"),
	} {
		_ = w.g.Lift(w.tx, w.now, l)
		if len(w.tripIDs()) != 1 {
			t.Fatalf("a lift %s took effect", name)
		}
	}
	w.must(w.g.Lift(w.tx, w.now, w.lift([]string{trip.ID}, "user", "backup")))
	if len(w.tripIDs()) != 0 {
		t.Error("the lift had no effect")
	}
	w.addTrip(trip)
	if len(w.tripIDs()) != 0 {
		t.Error("a lifted trip came back")
	}
	w.allow(w.request("k1", "1"))
}

func TestLiftMayArriveBeforeItsTrip(t *testing.T) {
	w := newWorld(t, permissive)
	trip := w.trip("backup", kill.Network, kill.Kill, time.Time{})
	w.must(w.g.Lift(w.tx, w.now, w.lift([]string{trip.ID}, "user", "platform")))
	w.addTrip(trip)
	if len(w.tripIDs()) != 0 {
		t.Error("the trip is in force")
	}
}
