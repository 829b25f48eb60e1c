package node

import (
	"context"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/node/validate"
)

// ApplyPolicy takes in a bundle that this party's policy admins signed: in force at once, or to wait if it allows more.
func (n *Node) ApplyPolicy(ctx context.Context, b guard.SignedBundle) error {
	if err := n.checkValidators(b.Document); err != nil {
		return recordProblem(fmt.Errorf("apply policy: %w", err))
	}
	return recordProblem(n.ledger.Do(ctx, func(tx guard.Tx) error { return n.guard.ApplyPolicy(tx, n.env.Now(), b) }))
}

// checkValidators refuses a document whose validators this node may not ask: all that they are asked about would be refused.
func (n *Node) checkValidators(document []byte) error {
	b, err := policy.Parse(document)
	if err != nil {
		return err
	}
	for _, v := range b.AllValidators() {
		if v.URL == "" {
			continue
		}
		if err := validate.CheckHost(v.URL, n.cfg.ValidatorHosts); err != nil {
			return fmt.Errorf("validator %s: %w", v.ID, err)
		}
	}
	return nil
}

// CancelPolicy stops the bundle that waits, as one of this party's policy admins signed it.
func (n *Node) CancelPolicy(ctx context.Context, c guard.PolicyCancellation) error {
	return recordProblem(n.ledger.Do(ctx, func(tx guard.Tx) error { return n.guard.CancelPolicy(tx, n.env.Now(), c) }))
}

// SetShadow has a policy judged beside the one in force, as one of this party's policy admins signed it, or ends that.
func (n *Node) SetShadow(ctx context.Context, s guard.SignedShadow) error {
	return recordProblem(n.ledger.Do(ctx, func(tx guard.Tx) error { return n.guard.SetShadow(tx, n.env.Now(), s) }))
}

// Policy is the bundle in force, as it was signed, and the one that waits.
type Policy struct {
	Version  uint64
	Hash     [32]byte
	Document []byte
	Unread   error               // why this release can't read it: nothing is signed then
	Next     uint64              // the least version that a new one may have
	Pending  *PendingPolicy      // nil: none waits
	Shadow   *guard.ShadowPolicy // nil: none is judged beside it

	NextShadow uint64 // the revision of the next
}

// PendingPolicy is a bundle that waits to come into force, as it was signed.
type PendingPolicy struct {
	guard.PendingPolicy
	Document []byte
}

// Policy returns the bundle in force; its version is 0 when there is none.
func (n *Node) Policy(ctx context.Context) (p Policy, err error) {
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		if p.Next, err = n.guard.NextVersion(tx); err != nil {
			return err
		}
		if p.NextShadow, err = n.guard.NextShadow(tx); err != nil {
			return err
		}
		if p.Shadow, err = n.guard.Shadow(tx); err != nil {
			return err
		}
		s, err := n.guard.Standing(tx)
		if err != nil || s == nil {
			return err
		}
		p.Version, p.Hash, p.Unread = s.Version, s.Hash, s.Unread
		if p.Document, err = n.guard.PolicyDocument(tx, s.Hash); err != nil {
			return err
		}
		p.Pending, err = n.pendingPolicy(tx)
		return err
	})
	return p, err
}

func (n *Node) pendingPolicy(tx guard.Tx) (*PendingPolicy, error) {
	waits, err := n.guard.PendingPolicy(tx)
	if err != nil || waits == nil {
		return nil, err
	}
	document, err := n.guard.PolicyDocument(tx, waits.Hash)
	return &PendingPolicy{*waits, document}, err
}

// warning tells everybody who looks that nothing can be signed, and that more will be allowed, so that who didn't want it can
// still cancel it.
func (p Policy) warning() (all []string) {
	if p.Unread != nil {
		all = append(all, "policy: "+p.Unread.Error())
	}
	if p.Pending != nil {
		all = append(all, fmt.Sprintf("policy: version %d allows more than version %d and comes into force at %s by the chain's time, unless a policy admin cancels it: "+
			"see `mpcctl policy show`", p.Pending.Version, p.Version, p.Pending.Due.Format(time.RFC3339)))
	}
	return all
}
