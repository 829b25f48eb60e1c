package node

import (
	"context"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/contracts"
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
	return c.write(in, acc, transfers, until)
}

// PolicyWallet is a policy wallet as this node has proven it.
type PolicyWallet struct {
	State    contracts.State // the one it is deployed in, as long as it isn't
	Deployed []byte          // BoC of the data it is deployed with
	At       time.Time       // of the block that shows it
}

// PolicyWalletOf returns the policy wallet of w in acc, its account; nil if w is none.
func PolicyWalletOf(w guard.WalletRecord, acc ton.Account) (*PolicyWallet, error) {
	if w.Custody != guard.CustodyContract {
		return nil, nil
	}
	state, err := w.ContractAt(acc)
	if err != nil {
		return nil, &Problem{Status: 409, Code: string(guard.ReasonPolicyWalletState), Detail: err.Error()}
	}
	return &PolicyWallet{State: state, Deployed: w.TON().Data.ToBOC(), At: acc.Time}, nil
}

// maxAge is about a block: a freeze uses no seqno up, so that an older state would hide it from the guards. The contract
// itself would refuse what they allow by mistake.
func (contractCustody) maxAge() time.Duration { return time.Second }
