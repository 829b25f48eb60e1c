package node

import (
	"context"
	"errors"
	"slices"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/kill"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// Trip stops what t names. It returns once t is on this node's disk and the last message of any session that had passed
// the gate before has left: nothing of this node leaves afterwards. Then it tells the other parties and returns which of
// them have recorded it too; the network is stopped only once all have.
func (n *Node) Trip(ctx context.Context, t kill.Trip) (recorded, missing []string, err error) {
	if err := n.addTrips(ctx, []kill.Trip{t}); err != nil {
		return nil, nil, err
	}
	n.log.Warn("stopped", "scope", t.Scope, "level", t.Level, "reason", t.Reason, "party", t.By.Party)
	recorded = []string{n.self}
	for party, err := range n.tellTrips(ctx) {
		if err != nil {
			n.log.Warn("party has not recorded a trip", "peer", party, "err", err)
			missing = append(missing, party)
			continue
		}
		recorded = append(recorded, party)
	}
	slices.Sort(recorded)
	slices.Sort(missing)
	return recorded, missing, nil
}

// addTrips verifies trips and records those that hold.
func (n *Node) addTrips(ctx context.Context, trips []kill.Trip) error {
	checked, refused := n.guard.CheckTrips(trips)
	over, err := n.recordTrips(ctx, checked)
	if refused = append(refused, over...); err == nil && len(refused) > 0 {
		err = &Problem{Status: 403, Code: "trip_refused", Detail: errors.Join(refused...).Error()}
	}
	return err
}

// recordTrips takes the gate: no release is between its last look at the trips and its message meanwhile, and every later
// one sees them.
func (n *Node) recordTrips(ctx context.Context, trips []guard.CheckedTrip) (refused []error, err error) {
	if len(trips) == 0 {
		return nil, nil
	}
	n.gate.Lock()
	defer n.gate.Unlock()
	err = n.ledger.Do(ctx, func(tx guard.Tx) error {
		refused, err = n.guard.AddTrips(tx, n.env.Now(), trips)
		return err
	})
	return refused, err
}

// Lift ends trips at this node, once operators of this party and of another have signed. Other parties' nodes lift for
// themselves.
func (n *Node) Lift(ctx context.Context, l kill.Lift) error {
	err := n.ledger.Do(ctx, func(tx guard.Tx) error { return n.guard.Lift(tx, n.env.Now(), l) })
	if err != nil {
		return &Problem{Status: 403, Code: "lift_refused", Detail: err.Error()}
	}
	n.log.Warn("trips lifted", "ids", l.IDs)
	return nil
}

// Trips returns what stands at this node.
func (n *Node) Trips(ctx context.Context) ([]kill.Trip, error) {
	set, err := n.tripsNow(ctx)
	return set.Trips, err
}

func (n *Node) tripsNow(ctx context.Context) (set guard.TripSet, err error) {
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		set, err = n.guard.TripSet(tx)
		return err
	})
	return set, err
}

// tripSet returns the digest of what stands here. It is in every heartbeat and every session id; unreadable, it is
// nobody's.
func (n *Node) tripSet() [32]byte {
	set, err := n.tripsNow(n.ctx)
	if err != nil {
		return [32]byte{}
	}
	return set.Hash
}

// tellTrips sends this node's trips to every party and takes in theirs.
func (n *Node) tellTrips(ctx context.Context) map[string]error {
	type result struct {
		party string
		err   error
	}
	results := make(chan result, len(n.manifest.Parties))
	peers := n.peers()
	for _, p := range peers {
		go func() { results <- result{p, n.exchangeTrips(ctx, p)} }()
	}
	said := map[string]error{}
	for range peers {
		r := <-results
		said[r.party] = r.err
	}
	return said
}

// exchangeTrips merges the two parties' sets: trips only ever add up.
func (n *Node) exchangeTrips(ctx context.Context, party string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	own, err := n.Trips(ctx)
	if err != nil {
		return err
	}
	theirs, err := callPeer[[]kill.Trip](ctx, n, party, wire.FrameTrips, wire.Encode(own))
	if err != nil {
		return err
	}
	return n.mergeTrips(ctx, theirs)
}

// hearTrips records a party's trips and answers with this node's own.
func (n *Node) hearTrips(ctx context.Context, theirs []kill.Trip) ([]kill.Trip, error) {
	if err := n.mergeTrips(ctx, theirs); err != nil {
		return nil, err
	}
	return n.Trips(ctx)
}

// mergeTrips adds what is new. Trips that were lifted here stay lifted.
func (n *Node) mergeTrips(ctx context.Context, theirs []kill.Trip) error {
	own, err := n.Trips(ctx)
	if err != nil {
		return err
	}
	fresh := slices.DeleteFunc(slices.Clone(theirs), func(t kill.Trip) bool {
		return slices.ContainsFunc(own, func(o kill.Trip) bool { return o.ID == t.ID })
	})
	if len(fresh) == 0 {
		return nil
	}
	return n.addTrips(ctx, fresh)
}
