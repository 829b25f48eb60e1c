package node

import (
	"context"
	"errors"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
)

// payloadValidity is how long a payload built here may execute. Until then a request that was given up holds its wallet.
const payloadValidity = 60 * time.Second

// sharedCustody is guard.CustodyMPC: the parties hold the key in shares, and as many as must sign together are its holder.
type sharedCustody struct {
	n *Node
	w guard.WalletRecord
}

func (c sharedCustody) prepare(ctx context.Context, in guard.Intent, acc ton.Account) ([]byte, error) {
	transfers, err := c.n.transfers(ctx, in, acc)
	if err != nil {
		return nil, err
	}
	return c.write(acc, transfers, c.n.env.Now().Add(payloadValidity))
}

// write builds the payload for the account's next seqno.
func (c sharedCustody) write(acc ton.Account, transfers []ton.Transfer, until time.Time) ([]byte, error) {
	payload, err := ton.Build(c.w.TON(), acc.Seqno, until.Truncate(time.Second), transfers)
	if err != nil {
		return nil, &Problem{Status: 400, Code: "bad_request", Detail: err.Error()}
	}
	return payload, nil
}

func (c sharedCustody) simulate(acc ton.Account, payload []byte) (ton.Outcome, error) {
	defer c.n.metrics.stage("emulate")()
	e := c.n.emulator.Load()
	if e == nil {
		return ton.Outcome{}, errors.New("the blockchain's configuration was not read yet")
	}
	return e.Run(c.w.TON(), acc, payload, acc.Time)
}

func (c sharedCustody) requestApproval(r Request) (Request, error) {
	return r, problemf(409, string(guard.ReasonApprovalUnavailable), "%s: no approval can be given for wallet %s: what a policy escalates is refused", r.ID, r.Wallet)
}

// sign is a session of the threshold protocol among the signers.
func (c sharedCustody) sign(ctx context.Context, in guard.Intent, all *voices, signers []string) (signature, error) {
	return c.n.sign(ctx, in, all, signers)
}

func (sharedCustody) maxAge() time.Duration { return viewAge }
