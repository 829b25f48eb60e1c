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

// relayed is what a relayer is taken to attach for fees, besides the coins that the wallet sends on: ten times what they are.
var relayed = ton.NanoOf(100_000_000)

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
	return c.write(in, acc, transfers, c.n.env.Now().Add(payloadValidity))
}

// write builds the payload for the account's next seqno, or with the query id that the request names.
func (c sharedCustody) write(in guard.Intent, acc ton.Account, transfers []ton.Transfer, until time.Time) ([]byte, error) {
	build, number := ton.Build, acc.Seqno
	if in.Type == guard.Gasless {
		build = ton.BuildGasless
	}
	if q := in.Query; q != nil {
		number, until = q.ID, q.Created.Add(ton.HighloadTimeout)
	}
	payload, err := build(c.w.TON(), number, until.Truncate(time.Second), transfers)
	if err != nil {
		return nil, &Problem{Status: 400, Code: "bad_request", Detail: err.Error()}
	}
	return payload, nil
}

func (c sharedCustody) simulate(acc ton.Account, t ton.Transaction, payload []byte) (ton.Outcome, error) {
	defer c.n.metrics.stage("emulate")()
	e := c.n.emulator.Load()
	if e == nil {
		return ton.Outcome{}, errors.New("the blockchain's configuration was not read yet")
	}
	if t.Kind != ton.Gasless {
		return e.Run(c.w.TON(), acc, payload, acc.Time)
	}
	value, err := t.Outflow()
	if err == nil {
		value, err = value.Add(relayed)
	}
	if err != nil {
		return ton.Outcome{}, err
	}
	return e.RunGasless(c.w.TON(), acc, payload, value, acc.Time)
}

func (c sharedCustody) requestApproval(r Request) (Request, error) {
	return r, problemf(409, string(guard.ReasonApprovalUnavailable), "%s: no approval can be given for wallet %s: what a policy escalates is refused", r.ID, r.Wallet)
}

// sign is a session of the threshold protocol among the signers.
func (c sharedCustody) sign(ctx context.Context, in guard.Intent, all *voices, signers []string) (signature, error) {
	return c.n.sign(ctx, in, all, signers)
}

// maxAge is about a block for a wallet without a seqno: others of its requests change the balance all the time.
func (c sharedCustody) maxAge() time.Duration {
	if c.w.Highload() {
		return time.Second
	}
	return viewAge
}
