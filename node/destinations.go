package node

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tonaiagent/mpcnode/ton"
)

// asksAtOnce bounds the questions to the chain that one payload of up to 255 messages raises at a time.
const asksAtOnce = 16

// destinations reads the states of all destinations side by side. One that can't be had stays unknown, which the guard
// refuses, and is the error.
func (n *Node) destinations(ctx context.Context, to []ton.Address, at time.Time) ([]ton.Account, error) {
	states := make([]ton.Account, len(to))
	var asked errgroup.Group
	asked.SetLimit(asksAtOnce)
	for i, a := range to {
		asked.Go(func() (err error) {
			defer contained(&err)
			states[i], err = n.destination(ctx, a, at)
			return err
		})
	}
	return states, asked.Wait()
}

// destination returns a destination's account, read lately.
func (n *Node) destination(ctx context.Context, a ton.Address, at time.Time) (ton.Account, error) {
	n.mirror.destMu.Lock()
	acc, ok := n.mirror.destinations[a]
	n.mirror.destMu.Unlock()
	if ok && at.Sub(acc.Time).Abs() < destinationAge {
		return acc, nil
	}
	acc, err := n.chain.Account(ctx, a)
	if err != nil {
		return ton.Account{}, err
	}
	n.mirror.destMu.Lock()
	defer n.mirror.destMu.Unlock()
	if len(n.mirror.destinations) >= maxDestinations {
		clear(n.mirror.destinations)
	}
	n.mirror.destinations[a] = acc
	return acc, nil
}
