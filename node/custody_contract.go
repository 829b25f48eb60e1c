package node

import (
	"context"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
)

// contractCustody is guard.CustodyContract: the key is shared as in sharedCustody, and is the spender's of a policy wallet,
// whose rules its owner may change at any moment.
type contractCustody struct{ sharedCustody }

// prepare writes a message that bounces, the only one that the contract sends, for no longer than its policy takes.
func (c contractCustody) prepare(ctx context.Context, in guard.Intent, acc ton.Account) ([]byte, error) {
	state, err := c.w.ContractAt(acc)
	if err != nil {
		return nil, &Problem{Status: 409, Code: string(guard.ReasonPolicyWalletState), Detail: err.Error()}
	}
	transfers, err := c.n.transfers(ctx, in, acc)
	if err != nil {
		return nil, err
	}
	for i := range transfers {
		transfers[i].Bounce = true // the guard refuses a destination whose form asks for another flag
	}
	until, latest := c.n.env.Now().Add(payloadValidity), acc.Time.Add(time.Duration(state.Config.MaxValidity)*time.Second)
	if latest.Before(until) {
		until = latest
	}
	return c.write(acc, transfers, until)
}

// maxAge is about a block: a freeze uses no seqno up, so that an older state would hide it from the guards. The contract
// itself would refuse what they allow by mistake.
func (contractCustody) maxAge() time.Duration { return time.Second }
