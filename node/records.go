package node

import (
	"context"
	"encoding/hex"
	"slices"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/kill"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// The records that people sign come as the bytes they signed over: deterministic CBOR, decoded strictly. Who brought a
// record means nothing; whose signature it carries is checked where it is entered.

// EnterWallet is AddWallet of an encoded guard.Signed[guard.WalletRecord].
func (n *Node) EnterWallet(ctx context.Context, raw []byte) error {
	return enter(raw, func(s guard.Signed[guard.WalletRecord]) error { return n.AddWallet(ctx, s) })
}

// EnterAgent is AddAgent of an encoded guard.Signed[guard.AgentRecord].
func (n *Node) EnterAgent(ctx context.Context, raw []byte) error {
	return enter(raw, func(s guard.Signed[guard.AgentRecord]) error { return n.AddAgent(ctx, s) })
}

// EnterPolicy is ApplyPolicy of an encoded guard.SignedBundle.
func (n *Node) EnterPolicy(ctx context.Context, raw []byte) error {
	return enter(raw, func(b guard.SignedBundle) error { return n.ApplyPolicy(ctx, b) })
}

// EnterShadow is SetShadow of an encoded guard.SignedShadow.
func (n *Node) EnterShadow(ctx context.Context, raw []byte) error {
	return enter(raw, func(s guard.SignedShadow) error { return n.SetShadow(ctx, s) })
}

// EnterPolicyCancellation is CancelPolicy of an encoded guard.PolicyCancellation.
func (n *Node) EnterPolicyCancellation(ctx context.Context, raw []byte) error {
	return enter(raw, func(c guard.PolicyCancellation) error { return n.CancelPolicy(ctx, c) })
}

// EnterProposal is ProposeKeygen of an encoded wire.KeygenProposal.
func (n *Node) EnterProposal(ctx context.Context, raw []byte) (k Key, err error) {
	err = enter(raw, func(p wire.KeygenProposal) error {
		id, err := n.ProposeKeygen(ctx, p.Keygen, p.Approval)
		if err == nil {
			k = n.key(id)
		}
		return err
	})
	return k, err
}

// EnterApproval is ApproveKeygen of an encoded wire.Approval; it must be for the ceremony id, in hex.
func (n *Node) EnterApproval(ctx context.Context, id string, raw []byte) (k Key, err error) {
	err = enter(raw, func(a wire.Approval) error {
		if hex.EncodeToString(a.Ceremony[:]) != id {
			return problemf(400, "wrong_ceremony", "the approval is for ceremony %x", a.Ceremony[:8])
		}
		if err := n.ApproveKeygen(ctx, a); err != nil {
			return err
		}
		k = n.key(a.Ceremony)
		return nil
	})
	return k, err
}

// TripOrder is one order to stop.
type TripOrder = kill.Trip

// EnterTrip is Trip of an encoded kill.Trip, which it returns. An order that changes nothing, since it was lifted or has
// ended, is a problem: who gives it believes that something has stopped.
func (n *Node) EnterTrip(ctx context.Context, raw []byte) (t TripOrder, recorded, missing []string, err error) {
	err = enter(raw, func(given kill.Trip) (err error) {
		t = given
		if recorded, missing, err = n.Trip(ctx, t); err != nil {
			return err
		}
		return n.stands(ctx, t.ID)
	})
	return t, recorded, missing, err
}

func (n *Node) stands(ctx context.Context, id string) error {
	open, err := n.Trips(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(open, func(t kill.Trip) bool { return t.ID == id }) {
		return problemf(409, "trip_over", "%s stops nothing: it was lifted here or has ended: sign a new one", id)
	}
	return nil
}

// EnterLift is Lift of an encoded kill.Lift.
func (n *Node) EnterLift(ctx context.Context, raw []byte) error {
	return enter(raw, func(l kill.Lift) error { return n.Lift(ctx, l) })
}

// enter decodes a record and hands it on.
func enter[T any](raw []byte, take func(T) error) error {
	var v T
	if err := digest.Decode(raw, &v); err != nil {
		return problemf(400, "bad_record", "the record can't be read: %v", err)
	}
	return take(v)
}
