package node

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/chain"
)

// jettonOrders are the messages to the own jetton wallet that do what the request says.
func (n *Node) jettonOrders(ctx context.Context, in guard.Intent, own ton.Address) ([]ton.Transfer, error) {
	master, ok := ton.JettonMaster(in.Asset)
	if !ok {
		return nil, fmt.Errorf("build payload: %s is no jetton", in.Asset)
	}
	purse, err := n.chain.JettonWallet(ctx, master, own)
	if errors.Is(err, chain.ErrUnavailable) {
		return nil, chainProblem(err)
	}
	if err != nil {
		return nil, problemf(409, string(ton.CodeFacts), "asset: %s can't be asked for the wallet's own jetton wallet: is there such a jetton? %v", master, err)
	}
	var list []ton.Transfer
	for i, p := range in.Payments() {
		j := ton.Jetton{QueryID: queryID(in, i), Amount: p.Amount, Destination: p.Destination, Response: own,
			Forward: in.Forward, Payload: ton.Payload{Comment: p.Memo}}
		order := ton.Transfer{To: purse, Value: in.Attached, Bounce: true}
		if order.Body = j.Transfer(); in.Type == string(ton.OpJettonBurn) {
			order.Body = j.Burn()
		}
		list = append(list, order)
	}
	return list, nil
}

// gaslessOrders are a payment and the relayer's fee, which is all that the request lets it have.
func (n *Node) gaslessOrders(ctx context.Context, in guard.Intent, own ton.Address) ([]ton.Transfer, error) {
	list, err := n.jettonOrders(ctx, in, own)
	if err != nil || in.MaxFee.IsZero() {
		return list, err
	}
	fee := ton.Jetton{QueryID: queryID(in, 1), Amount: in.MaxFee, Destination: in.Relayer, Response: own, Forward: in.Forward}
	return append(list, ton.Transfer{To: list[0].To, Value: in.Attached, Bounce: true, Body: fee.TransferFee()}), nil
}

// itemOrder is the message to an own item that gives it to another owner.
func itemOrder(in guard.Intent, own ton.Address) []ton.Transfer {
	order := ton.NFT{QueryID: queryID(in, 0), NewOwner: in.Destination, Response: own, Forward: in.Forward, Payload: ton.Payload{Comment: in.Memo}}
	return []ton.Transfer{{To: in.Item, Value: in.Amount, Bounce: true, Body: order.Transfer()}}
}

// queryID numbers the orders of a request, the same each time that a payload is built for it: only then do both payloads
// have the same effects.
func queryID(in guard.Intent, i int) uint64 {
	return binary.BigEndian.Uint64(in.Request[:8]) + uint64(i)
}
