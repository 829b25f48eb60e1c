package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// liftTime is how long a lift may be handed in: long enough for a person to reach every node.
const liftTime = 10 * time.Minute

func (t *tool) killCommand() *cobra.Command {
	return group("kill", "Stop signing; anyone enrolled can stop, nobody alone can restart",
		t.killOn(), t.killOff(),
		verb("status", "Show what is stopped", func(ctx context.Context, _ []string) error {
			return each(ctx, t, func(ctx context.Context, s *site) ([]client.Trip, error) { return s.trips(ctx) }, tripText)
		}))
}

func (t *tool) killOn() *cobra.Command {
	var scope, reason string
	var pause time.Duration
	var paused bool
	c := verb("on", "Stop signing: network-wide, of one wallet, or of one agent", func(ctx context.Context, _ []string) error {
		if paused && !isPause(pause) {
			return wrong("pause", fmt.Errorf("%s: want 1s to %s; without --pause it is a kill", pause, maxPause))
		}
		sites, err := t.sites()
		if err != nil {
			return err
		}
		if wallet, is := strings.CutPrefix(scope, "wallet:"); is {
			t.warnUnknown(ctx, sites[0], wallet)
		}
		return t.tripAt(ctx, sites, scope, reason, pause)
	})
	f := c.Flags()
	f.StringVar(&scope, "scope", "network", "network, wallet:ID or agent:ID")
	f.StringVar(&reason, "reason", "", "why, for people; it is recorded")
	f.DurationVar(&pause, "pause", 0, "stop for so long, and resume by itself (default: until people of two parties lift it)")
	run := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		paused = c.Flags().Changed("pause")
		return run(c, args)
	}
	return require(c, "reason")
}

// maxPause is the longest pause: what must stand longer is for people to end.
const maxPause = 30 * 24 * time.Hour

func isPause(d time.Duration) bool { return d >= time.Second && d <= maxPause }

// tripAt stops a scope at every site; pause is 0 for a kill.
func (t *tool) tripAt(ctx context.Context, sites []*site, scope, reason string, pause time.Duration) error {
	all := ask(ctx, sites, func(ctx context.Context, s *site) (client.TripResult, error) {
		return s.trip(ctx, scope, reason, pause)
	})
	return errors.Join(report(t, all, tripResultText), notEverywhere(all))
}

// warnUnknown says that wallets are named which the node doesn't know. The order goes out all the same: they may be known
// elsewhere or later, and stopping comes first.
func (t *tool) warnUnknown(ctx context.Context, s *site, wallets ...string) {
	for _, id := range wallets {
		var w client.Wallet
		var p *client.Problem
		if err := s.get(ctx, "/v1/wallets/"+id, &w); errors.As(err, &p) && p.Code == "unknown_wallet" {
			t.ui.say("no wallet %q is known at %s: is the name right?", id, s.Name)
		}
	}
}

// notEverywhere says which parties have not recorded a trip: until all have, the network is not stopped.
func notEverywhere(all []outcome[client.TripResult]) error {
	var missing []string
	for _, o := range all {
		if o.Result != nil {
			missing = append(missing, o.Result.Missing...)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return hinted(fmt.Errorf("not stopped network-wide: %s did not record it", list(slices.Compact(missing))),
		"their nodes hear of it when they connect; to stop them now, their own people run `mpcctl kill on`")
}

// trip signs an order to stop and gives it to the node, which records it before it answers.
func (s *site) trip(ctx context.Context, scope, reason string, pause time.Duration) (r client.TripResult, err error) {
	key, err := s.operatorKey()
	if err != nil {
		return r, err
	}
	now, until := time.Now(), time.Time{}
	if pause > 0 {
		until = now.Add(pause)
	}
	return r, s.hand(ctx, key, "/v1/kill", wire.SignTrip(s.network, s.Party, key, scope, reason, now, until), &r)
}

func (t *tool) killOff() *cobra.Command {
	var all bool
	var file string
	c := &cobra.Command{Use: "off [TRIP-ID...]", Short: "Lift trips: takes the operators of two parties"}
	c.Long = "off lifts trips at every selected node. Each selected context's operator signs; a node takes it with the signatures\n" +
		"of its own operator and of another party's. A node that is not selected stays stopped.\n\n" +
		"Operators on one machine: mpcctl kill off --all --context user,platform\n" +
		"Each on their own: the first runs mpcctl kill off --all --file lift, the other mpcctl kill off --file lift with the file that\n" +
		"came of it, and the first, with the other's file, mpcctl kill off --file lift, now without --all."
	c.Flags().BoolVar(&all, "all", false, "every trip that stands at any selected node")
	c.Flags().StringVar(&file, "file", "", "lift that goes from operator to operator: made if it isn't there, else signed too")
	c.RunE = func(c *cobra.Command, ids []string) error {
		carried := file != "" && exists(file)
		if !carried && all == (len(ids) > 0) {
			return usagef(c, "name the trips to lift, or --all")
		}
		if carried && (all || len(ids) > 0) {
			return usagef(c, "%s says already which trips are lifted", file)
		}
		sites, err := t.sites()
		if err != nil {
			return err
		}
		if file != "" {
			return t.liftByFile(c.Context(), sites, ids, file)
		}
		return t.lift(c.Context(), sites, ids)
	}
	return c
}

func (t *tool) lift(ctx context.Context, sites []*site, ids []string) error {
	l, err := liftOf(ctx, sites, ids, liftTime)
	if err != nil {
		return err
	}
	if l, err = signLift(sites, l); err != nil {
		return err
	}
	if !ofTwo(l) {
		return &failure{errors.New("a lift needs the operators of two parties"), exitUsage,
			fmt.Sprintf("name both contexts, such as --context %s, or see --file in `mpcctl kill off --help`", strings.Join(pairWith(sites[0]), ","))}
	}
	return t.handLift(ctx, sites, l, func(party string) string {
		return fmt.Sprintf("mpcctl kill off %s --context %s,%s", strings.Join(l.IDs, " "), party, sites[0].Name)
	})
}

// liftOf is an unsigned lift of the trips of those ids, of all that stand if there are none.
func liftOf(ctx context.Context, sites []*site, ids []string, valid time.Duration) (l wire.Lift, err error) {
	stand, err := standing(ctx, sites, "")
	if err != nil {
		return l, err
	}
	if len(stand) == 0 {
		return l, errors.New("nothing is stopped at the selected nodes")
	}
	unknown := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(stand, id) })
	if len(unknown) > 0 {
		return l, hinted(fmt.Errorf("no trip %s stands at any of the selected nodes: nothing was lifted", list(unknown)), "mpcctl kill status shows what stands")
	}
	if len(ids) == 0 {
		ids = stand
	}
	return wire.Lift{IDs: ids, Expires: time.Now().Add(valid).UTC().Truncate(time.Second)}, nil
}

// handLift gives the lift to every node, and says what it lifted there. What is not lifted shows. again says what
// lifts at a party that no context names: whether it has lifted already, nobody here can tell.
func (t *tool) handLift(ctx context.Context, sites []*site, l wire.Lift, again func(party string) string) error {
	before := ask(ctx, sites, func(ctx context.Context, s *site) ([]client.Trip, error) { return s.trips(ctx) })
	after := ask(ctx, sites, func(ctx context.Context, s *site) ([]client.Trip, error) { return s.handLift(ctx, l) })
	for i, o := range after {
		if ids := lifted(before[i], o, l); len(ids) > 0 {
			t.ui.say("lifted %s at %s", list(ids), o.Context)
		}
	}
	if err := report(t, after, tripText); err != nil {
		return err
	}
	for _, party := range unnamed(sites) {
		t.ui.say("%s isn't named, what is stopped there stays stopped: %s", party, again(party))
	}
	return nil
}

// handLift returns what stands at the node afterwards.
func (s *site) handLift(ctx context.Context, l wire.Lift) ([]client.Trip, error) {
	key, err := s.operatorKey()
	if err != nil {
		return nil, err
	}
	if err := s.hand(ctx, key, "/v1/kill/lift", l, nil); err != nil {
		return nil, err
	}
	return s.trips(ctx)
}

// lifted returns which trips of the lift stood at a node and do so no more: none if either answer is missing.
func lifted(before, after outcome[[]client.Trip], l wire.Lift) (ids []string) {
	if before.Result == nil || after.Result == nil {
		return nil
	}
	for _, x := range *before.Result {
		still := slices.ContainsFunc(*after.Result, func(y client.Trip) bool { return y.ID == x.ID })
		if !still && slices.Contains(l.IDs, x.ID) {
			ids = append(ids, x.ID)
		}
	}
	return ids
}

// unnamed returns the network's parties of which no context is selected.
func unnamed(sites []*site) []string {
	return slices.DeleteFunc(slices.Clone(sites[0].Parties), func(party string) bool {
		return slices.ContainsFunc(sites, func(s *site) bool { return s.Party == party })
	})
}

// standing returns the ids of the trips of a scope that stand at any of the sites, of all trips if it is "".
func standing(ctx context.Context, sites []*site, scope string) (ids []string, err error) {
	all := ask(ctx, sites, func(ctx context.Context, s *site) ([]client.Trip, error) { return s.trips(ctx) })
	for _, o := range all {
		if o.Result == nil {
			continue
		}
		for _, trip := range *o.Result {
			if scope == "" || trip.Scope == scope {
				ids = append(ids, trip.ID)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), first(all)
}

// signLift adds the signature of every site's operator who has not signed; the sites must be of one network.
func signLift(sites []*site, l wire.Lift) (wire.Lift, error) {
	for _, s := range sites {
		if s.network != sites[0].network {
			return l, &failure{errors.New("the contexts are of different networks"), exitUsage, ""}
		}
		key, err := s.operatorKey()
		if err != nil {
			return l, err
		}
		if !slices.Contains(partiesOf(l), s.Party) {
			l = wire.SignLift(s.network, s.Party, key, l)
		}
	}
	return l, nil
}

// partiesOf returns whose operators have signed.
func partiesOf(l wire.Lift) (parties []string) {
	for _, s := range l.Signatures {
		parties = append(parties, s.By.Party)
	}
	slices.Sort(parties)
	return slices.Compact(parties)
}

func ofTwo(l wire.Lift) bool { return len(partiesOf(l)) >= 2 }

// pairWith returns the site's party and one other.
func pairWith(s *site) []string {
	for _, p := range s.Parties {
		if p != s.Party {
			return []string{s.Party, p}
		}
	}
	return []string{s.Party}
}

func (s *site) trips(ctx context.Context) (all []client.Trip, err error) {
	return all, s.get(ctx, "/v1/kill", &all)
}

func tripResultText(w io.Writer, r client.TripResult) {
	tripText(w, []client.Trip{r.Trip})
	line(w, "recorded by", list(r.Recorded))
	line(w, "not by", list(r.Missing))
}

func tripText(w io.Writer, all []client.Trip) {
	if len(all) == 0 {
		line(w, "nothing is stopped")
		return
	}
	line(w, "TRIP", "SCOPE", "LEVEL", "BY", "AT", "UNTIL", "REASON")
	for _, x := range all {
		line(w, x.ID, x.Scope, x.Level, x.Party, clock(x.At), clock(x.Until), x.Reason)
	}
}
