package api

import (
	"context"
	"encoding/hex"
	"net/http"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
)

// testnetID is the global id of TON's test network, whose addresses carry a flag.
const testnetID = -3

// wallets lists accounts as the node last saw them: each would be a question to the chain, and a call asks one at most.
func (s *server) wallets(ctx context.Context, _ *struct{}) (*reply[[]client.Wallet], error) {
	mayUse, err := s.mayUse(ctx)
	if err != nil {
		return nil, err
	}
	list := []client.Wallet{}
	for _, w := range s.node.Wallets() {
		if mayUse(w.ID) {
			seen := s.node.LastSeen(w.ID)
			list = append(list, client.Wallet{
				ID: w.ID, Custody: string(w.Custody), Key: w.Key, Version: string(w.Version), Address: w.Address.Friendly(false, w.GlobalID == testnetID),
				Raw: w.Address.String(), PublicKey: hex.EncodeToString(w.PublicKey[:]), Subwallet: w.Subwallet,
				Seqno: seen.Seqno, Balance: seen.Balance.String(), Status: node.StatusName(seen),
			})
		}
	}
	return ok(list)
}

type idInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *server) wallet(ctx context.Context, in *idInput) (*reply[client.Wallet], error) {
	all, err := s.wallets(ctx, nil)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all.Body, func(w client.Wallet) bool { return w.ID == in.ID })
	if i < 0 {
		return nil, problemf(http.StatusNotFound, "unknown_wallet", "no wallet %.80q here", in.ID)
	}
	record, account, err := s.node.Wallet(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	w := all.Body[i]
	w.Seqno, w.Balance, w.Status = account.Seqno, account.Balance.String(), node.StatusName(account)
	policy, err := node.PolicyWalletOf(record, account)
	if err != nil {
		return nil, err
	}
	if policy != nil {
		w.Contract = contract(*policy)
	}
	return ok(w)
}

// mayUse tells which wallets the caller sees: an agent those of its enrolment, people all.
func (s *server) mayUse(ctx context.Context) (func(string) bool, error) {
	caller := callOf(ctx).caller
	if caller.Role != node.RoleAgent {
		return func(string) bool { return true }, nil
	}
	own, err := s.node.WalletsOf(ctx, caller.Agent)
	return func(id string) bool { return slices.Contains(own, id) }, err
}

func (s *server) agents(ctx context.Context, _ *struct{}) (*reply[[]client.Agent], error) {
	all, err := s.node.Agents(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]client.Agent, len(all))
	for i, a := range all {
		list[i] = client.Agent{ID: a.ID, Revision: a.Revision, PublicKey: hex.EncodeToString(a.PublicKey[:]),
			Wallets: a.Wallets, NotBefore: bound(a.NotBefore), NotAfter: bound(a.NotAfter), Suspended: a.Suspended}
	}
	return ok(list)
}

// bound returns one end of a validity in Unix seconds; 0 is none.
func bound(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

func (s *server) policy(ctx context.Context, _ *struct{}) (*reply[client.Policy], error) {
	p, err := s.node.Policy(ctx)
	if err != nil {
		return nil, err
	}
	out := client.Policy{Version: p.Version, Document: string(p.Document), Next: p.Next, NextShadow: p.NextShadow}
	if p.Version > 0 {
		out.Hash = hex.EncodeToString(p.Hash[:])
	}
	if p.Pending != nil {
		out.Pending = pendingOf(*p.Pending)
	}
	if s := p.Shadow; s != nil {
		out.Shadow = &client.ShadowPolicy{Version: s.Version, Hash: hex.EncodeToString(s.Hash[:]), Document: string(s.Document), Admin: hex.EncodeToString(s.Admin[:]), Since: s.Since}
	}
	return ok(out)
}

func pendingOf(p node.PendingPolicy) *client.PendingPolicy {
	out := client.PendingPolicy{Version: p.Version, Hash: hex.EncodeToString(p.Hash[:]), Document: string(p.Document), Since: p.Since, Due: p.Due}
	for _, a := range p.Admins {
		out.Admins = append(out.Admins, hex.EncodeToString(a[:]))
	}
	for _, c := range p.Loosens {
		out.Loosens = append(out.Loosens, client.PolicyChange(c))
	}
	return &out
}
