package api

import (
	"context"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
)

func (s *server) trips(ctx context.Context, _ *struct{}) (*reply[[]client.Trip], error) {
	all, err := s.node.Trips(ctx)
	if err != nil {
		return nil, err
	}
	return ok(tripsOf(all))
}

// trip goes on when the caller hangs up: an order to stop is not taken back by a lost connection.
func (s *server) trip(ctx context.Context, _ *struct{}) (*reply[client.TripResult], error) {
	record, err := recordOf(ctx)
	if err != nil {
		return nil, err
	}
	t, recorded, missing, err := s.node.EnterTrip(context.WithoutCancel(ctx), record)
	if err != nil {
		return nil, err
	}
	return ok(client.TripResult{Trip: tripOf(t), Recorded: recorded, Missing: append([]string{}, missing...)})
}

func tripsOf(all []node.TripOrder) []client.Trip {
	list := make([]client.Trip, len(all))
	for i, t := range all {
		list[i] = tripOf(t)
	}
	return list
}

func tripOf(t node.TripOrder) client.Trip {
	return client.Trip{ID: t.ID, Scope: t.Scope, Level: string(t.Level), Reason: t.Reason, Party: t.By.Party, At: t.At, Until: t.Until}
}
