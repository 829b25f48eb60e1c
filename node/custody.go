package node

import (
	"context"
	"errors"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
)

// custody is a model of who holds a wallet's key, with the four steps that a transaction takes in every one of them. The
// way of a request is the same in all (sign.go); what differs is here, in a file for each.
type custody interface {
	// prepare writes the unsigned payload that does what the request says, on the wallet's account as it is now.
	prepare(ctx context.Context, in guard.Intent, acc ton.Account) ([]byte, error)

	// simulate shows what a payload, which was decoded to t, would do on the wallet's account.
	simulate(acc ton.Account, t ton.Transaction, payload []byte) (ton.Outcome, error)

	// requestApproval asks people for the approval that a request needs beyond the guards' allow, and returns the request as
	// it then stands.
	requestApproval(r Request) (Request, error)

	// sign has a payload signed by who holds the key: all that the guards of signers have allowed. It returns errPending if
	// the signature comes from elsewhere, later.
	sign(ctx context.Context, in guard.Intent, all *voices, signers []string) (signature, error)

	// maxAge is how old the account's state may be when a request is judged by it.
	maxAge() time.Duration
}

// errPending says that the payload was handed out, and the request waits for its signature.
var errPending = errors.New("waits for the signature of the wallet's owner")

// custodyOf returns the model of a wallet. A custody that isn't known gets no permit from the guard.
func (n *Node) custodyOf(w guard.WalletRecord) custody {
	shared := sharedCustody{n, w}
	switch w.Custody {
	case guard.CustodyOwner:
		return ownerCustody{shared}
	case guard.CustodyContract:
		return contractCustody{shared}
	}
	return shared
}

// RequestApproval asks people to approve a request that waits for it. An agent sees its own requests only.
func (n *Node) RequestApproval(ctx context.Context, agent, id string) (Request, error) {
	r, err := n.RequestOf(ctx, agent, id, 0)
	if err != nil {
		return r, err
	}
	return n.custodyOf(n.wallets.get(r.Wallet)).requestApproval(r)
}
