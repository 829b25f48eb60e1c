package main

import (
	"errors"
	"slices"
	"testing"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// What is called lifted stood before, stands no more, and was in the lift: a pause that ended meanwhile was not lifted.
func TestLiftedIsWhatTheLiftEnded(t *testing.T) {
	at := func(ids ...string) outcome[[]client.Trip] {
		trips := []client.Trip{}
		for _, id := range ids {
			trips = append(trips, client.Trip{ID: id})
		}
		return outcome[[]client.Trip]{Result: &trips}
	}
	down := outcome[[]client.Trip]{err: errors.New("down")}
	lift := wire.Lift{IDs: []string{"t-1", "t-2", "t-4"}}
	for _, c := range []struct {
		before, after outcome[[]client.Trip]
		want          []string
	}{
		{at("t-1", "t-2", "t-3"), at("t-2"), []string{"t-1"}},
		{at("t-1"), at("t-1"), nil},
		{at(), at(), nil},
		{down, at(), nil},
		{at("t-1"), down, nil},
	} {
		if got := lifted(c.before, c.after, lift); !slices.Equal(got, c.want) {
			t.Errorf("lifted %v, want %v", got, c.want)
		}
	}
}
