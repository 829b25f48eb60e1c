package node

import (
	"context"
	"errors"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/chain"
)

// payloadValidity is how long a payload built here may execute. Until then a request that was given up holds its wallet.
const payloadValidity = 60 * time.Second

// build returns the unsigned wallet message, "payload": the agent's own if the request carries one, else one that does
// exactly what the request says. It is built once, here only; every node reads the bytes. A request that was at work before
// this node restarted keeps the payload it had.
func (n *Node) build(ctx context.Context, in guard.Intent, j *job) ([]byte, error) {
	w := n.wallets.get(in.Wallet)
	if e, err := n.evidence(ctx, j); err != nil || e.Found {
		return e.Proposal.Payload, err
	}
	acc, err := n.ownAccount(ctx, w, in)
	if err != nil {
		return nil, err
	}
	if in.Payload != nil {
		return in.Payload, nil
	}
	dest, err := n.destination(ctx, in.Destination, acc.Time)
	if err != nil {
		return nil, chainProblem(err)
	}
	until := n.env.Now().Add(payloadValidity).Truncate(time.Second)
	payload, err := ton.Build(w.TON(), acc.Seqno, until, []ton.Transfer{{
		To: in.Destination, Value: in.Amount, Bounce: ton.Bounces(in.Form, dest), Comment: in.Memo,
	}})
	if err != nil {
		return nil, &Problem{Status: 400, Code: "bad_request", Detail: err.Error()}
	}
	return payload, nil
}

// evidence returns what is kept of the job's payload.
func (n *Node) evidence(ctx context.Context, j *job) (e wire.Evidence, err error) {
	r, _ := j.state()
	if r.Payload == [32]byte{} {
		return e, nil
	}
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		e, err = readEvidence(tx, r.Payload)
		return err
	})
	return e, err
}

// ownAccount returns the wallet's account, and refuses a wallet of which another request's payload can still execute.
// What is live here may have executed since, so then the chain is asked first.
func (n *Node) ownAccount(ctx context.Context, w guard.WalletRecord, in guard.Intent) (ton.Account, error) {
	acc, err := n.account(ctx, w, 0)
	if err != nil {
		return acc, chainProblem(err)
	}
	other, err := n.liveOther(ctx, w, acc, in.RequestID)
	if err != nil || !other {
		return acc, err
	}
	if acc, err = n.look(ctx, w); err != nil {
		return acc, chainProblem(err)
	}
	if other, err = n.liveOther(ctx, w, acc, in.RequestID); err == nil && other {
		err = busy(w.ID)
	}
	return acc, err
}

func (n *Node) liveOther(ctx context.Context, w guard.WalletRecord, acc ton.Account, requestID string) (other bool, err error) {
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		live, err := n.guard.Live(tx, w.ID, acc.Seqno)
		other = live.Any && live.RequestID != requestID
		return err
	})
	return other, err
}

func chainProblem(err error) error {
	if errors.Is(err, chain.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
		return &Problem{Status: 503, Code: "chain_unavailable", Detail: err.Error() + ": nothing was reserved; try again", RetryAfter: 2 * time.Second}
	}
	return err
}
