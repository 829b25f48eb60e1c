package node

import (
	"context"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
)

// WalletsOf returns the ids of the wallets that an agent may use.
func (n *Node) WalletsOf(ctx context.Context, agent string) (ids []string, err error) {
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		a, _, err := n.guard.Agent(tx, agent)
		ids = a.Wallets
		return err
	})
	return ids, err
}

// StatusName names the status of an account as the API does.
func StatusName(a ton.Account) string {
	switch a.Status {
	case ton.StatusAbsent:
		return "absent"
	case ton.StatusUninit:
		return "uninit"
	case ton.StatusActive:
		return "active"
	case ton.StatusFrozen:
		return "frozen"
	}
	return "unknown"
}
