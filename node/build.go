package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/chain"
)

// build returns the unsigned wallet message, "payload": the agent's own if the request carries one, else one that does
// exactly what the request says. It is built once, here only; every node reads the bytes. A request that was at work before
// keeps the payload it had for as long as that can execute.
func (n *Node) build(ctx context.Context, in guard.Intent, j *job) ([]byte, error) {
	w := n.wallets.get(in.Wallet)
	if w.Highload() != (in.Query != nil) {
		return nil, problemf(400, "bad_request", "query_id and created_at: wanted of requests of Highload V3 wallets and of no others, %s is %s", w.ID, w.Version)
	}
	acc, err := n.account(ctx, w, 0)
	if err != nil {
		return nil, chainProblem(err)
	}
	if earlier, err := n.earlier(ctx, j, w, acc); err != nil || earlier != nil {
		return earlier, err
	}
	if in.Payload != nil {
		return in.Payload, nil
	}
	return n.custodyOf(w).prepare(ctx, in, acc)
}

// transfers are the messages that do what the request says.
func (n *Node) transfers(ctx context.Context, in guard.Intent, acc ton.Account) ([]ton.Transfer, error) {
	switch ton.Op(in.Type) {
	case ton.OpTransfer:
		return n.payments(ctx, in, acc)
	case ton.OpJettonTransfer, ton.OpJettonBurn:
		return n.jettonOrders(ctx, in, acc.Address)
	case guard.Gasless:
		return n.gaslessOrders(ctx, in, acc.Address)
	case ton.OpNFTTransfer:
		return itemOrder(in, acc.Address), nil
	}
	return nil, fmt.Errorf("build payload: nobody builds a %s", in.Type) // ParseIntent asks for the agent's own
}

// payments are plain transfers.
func (n *Node) payments(ctx context.Context, in guard.Intent, acc ton.Account) ([]ton.Transfer, error) {
	payments := in.Payments()
	to := make([]ton.Address, len(payments))
	for i, p := range payments {
		to[i] = p.Destination
	}
	states, err := n.destinations(ctx, to, acc.Time)
	if err != nil {
		return nil, chainProblem(err)
	}
	list := make([]ton.Transfer, len(payments))
	for i, p := range payments {
		list[i] = ton.Transfer{To: p.Destination, Value: p.Amount, Bounce: ton.Bounces(p.Form, states[i]), Comment: p.Memo}
	}
	return list, nil
}

// earlier returns the payload that the request had before, if it can still execute.
func (n *Node) earlier(ctx context.Context, j *job, w guard.WalletRecord, acc ton.Account) ([]byte, error) {
	r, _ := j.state()
	live, err := n.live(ctx, w, acc.Seqno)
	if err != nil || !live.Any || r.Payload == [32]byte{} {
		return nil, err
	}
	var e wire.Evidence
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		e, err = readEvidence(tx, r.Payload)
		return err
	})
	return e.Proposal.Payload, err
}

// free refuses a request for a wallet of which another request's payload can still execute.
func (n *Node) free(ctx context.Context, in guard.Intent) error {
	w := n.wallets.get(in.Wallet)
	if !n.alone(w.ID) {
		return nil
	}
	acc, err := n.account(ctx, w, 0)
	if err != nil {
		return chainProblem(err)
	}
	live, err := n.live(ctx, w, acc.Seqno)
	if err == nil && live.Any && live.RequestID != in.RequestID && !n.stopped(ctx, in) { // what is stopped is told so
		return busyUntil(w.ID, live)
	}
	return err
}

func chainProblem(err error) error {
	if errors.Is(err, chain.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
		return &Problem{Status: 503, Code: "chain_unavailable", Detail: err.Error() + ": nothing was reserved; try again", RetryAfter: 2 * time.Second}
	}
	return err
}
