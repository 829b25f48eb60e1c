package guard

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/kill"
)

// TripSet is what stops this node now.
type TripSet struct {
	Hash  [32]byte // of the sorted ids; goes into heartbeats and session ids
	Trips []kill.Trip
}

// CheckedTrip is a trip of someone who may trip, with a signature that verifies. Only CheckTrips makes one.
type CheckedTrip struct{ trip kill.Trip }

// CheckTrips verifies trips; it reads no record, so that whoever sends forged ones by the hundred holds up nothing but
// themselves. A bad one keeps no good one out.
func (g *Guard) CheckTrips(trips []kill.Trip) (good []CheckedTrip, refused []error) {
	for _, t := range trips {
		if err := t.Verify(g.cfg.Network, g.mayTrip); err != nil {
			refused = append(refused, err)
			continue
		}
		good = append(good, CheckedTrip{t})
	}
	return good, refused
}

// AddTrips merges trips into the set. Known, lifted and ended ones change nothing, so a peer's whole set can be passed
// again and again. A trip beyond the cap of its party is refused, which is no error.
func (g *Guard) AddTrips(tx Tx, now time.Time, trips []CheckedTrip) (refused []error, err error) {
	open, at, err := g.openTrips(tx)
	if err != nil {
		return nil, fmt.Errorf("add trips: %w", err)
	}
	before := len(open)
	for _, c := range trips {
		t := c.trip
		if err := roomFor(open, t); err != nil {
			refused = append(refused, err)
			continue
		}
		lifted, err := tx.Get(keyLifted(t.ID))
		if err != nil {
			return nil, fmt.Errorf("add trips: %w", err)
		}
		if lifted == nil && t.Stands(at) && !holds(open, t.ID) {
			open = append(open, t)
			g.auditTrip(tx, now, t)
		}
	}
	if len(open) > before {
		put(tx, keyOpenTrips, open)
	}
	return refused, nil
}

func roomFor(open []kill.Trip, t kill.Trip) error {
	ofParty := 0
	for _, o := range open {
		if o.By.Party == t.By.Party {
			ofParty++
		}
	}
	if ofParty >= maxOpenTrips && !holds(open, t.ID) {
		return fmt.Errorf("trip %s: party %s has %d open ones already", t.ID, t.By.Party, ofParty)
	}
	return nil
}

func holds(open []kill.Trip, id string) bool {
	return slices.ContainsFunc(open, func(t kill.Trip) bool { return t.ID == id })
}

func (g *Guard) auditTrip(tx Tx, now time.Time, t kill.Trip) {
	tx.Append(audit.Entry{
		V: audit.Version, TS: audit.At(now), EventType: audit.KillRaised, Action: string(t.Level),
		Actor:    audit.Actor{Type: "tripper", ID: t.By.Party + "/" + hex.EncodeToString(t.By.Key[:])},
		Resource: audit.Resource{Type: "trip", ID: t.ID},
		Outcome:  audit.Success, Severity: audit.Critical,
		Details: audit.KV("scope", t.Scope, "reason", t.Reason, "at", t.At.UTC().Format(time.RFC3339)),
	})
}

// Lift ends trips at this node: it needs this party's operator and an operator of one other party. Ids that are not
// known here are noted as lifted too, in case the trip arrives later than its lift.
func (g *Guard) Lift(tx Tx, now time.Time, l kill.Lift) error {
	if err := l.Verify(g.cfg.Network, now, g.cfg.Party, g.isOperator); err != nil {
		return err
	}
	open, _, err := g.openTrips(tx)
	if err != nil {
		return fmt.Errorf("lift: %w", err)
	}
	for _, id := range l.IDs {
		tx.Set(keyLifted(id), []byte{recordVersion})
	}
	open = slices.DeleteFunc(open, func(t kill.Trip) bool { return slices.Contains(l.IDs, t.ID) })
	put(tx, keyOpenTrips, open)
	signers := make([]string, len(l.Signatures))
	for i, s := range l.Signatures {
		signers[i] = s.By.Party
	}
	tx.Append(audit.Entry{
		V: audit.Version, TS: audit.At(now), EventType: audit.KillLifted, Action: "lift",
		Actor:    audit.Actor{Type: "operator", ID: clip(fmt.Sprint(signers))},
		Resource: audit.Resource{Type: "trip", ID: clip(fmt.Sprint(l.IDs))},
		Outcome:  audit.Success, Severity: audit.Critical,
	})
	return nil
}

// TripSet returns the trips in force at the window time: recorded here, not lifted here, pauses not ended.
func (g *Guard) TripSet(tx Tx) (TripSet, error) {
	open, _, err := g.openTrips(tx)
	if err != nil {
		return TripSet{}, fmt.Errorf("read trips: %w", err)
	}
	ids := make([]string, len(open))
	for i, t := range open {
		ids[i] = t.ID
	}
	return TripSet{kill.Hash(ids), open}, nil
}

// openTrips reads the trips in force, and the window time by which pauses end.
func (g *Guard) openTrips(tx Tx) ([]kill.Trip, time.Time, error) {
	at, err := windowTime(tx)
	if err != nil {
		return nil, at, err
	}
	var open []kill.Trip
	if _, err := get(tx, keyOpenTrips, &open); err != nil {
		return nil, at, err
	}
	return slices.DeleteFunc(open, func(t kill.Trip) bool { return !t.Stands(at) }), at, nil
}

// stopped returns the verdict of the trips that stop a wallet's or an agent's requests, the highest level first, and
// whether there is one. Empty ids match the network's trips only.
func (s TripSet) stopped(wallet, agent string) (Verdict, bool) {
	var v Verdict
	for _, t := range s.Trips {
		if t.Scope != kill.Network && t.Scope != kill.OfWallet(wallet) && t.Scope != kill.OfAgent(agent) {
			continue
		}
		if t.Level == kill.Kill {
			return deny(ReasonKilled, t.ID, t.Scope), true
		}
		v = deny(ReasonPaused, t.ID, t.Scope)
	}
	return v, v.Reason != ""
}
