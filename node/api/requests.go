package api

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
)

type sendInput struct {
	Deliver string `query:"deliver" enum:"signed,sent,confirmed" default:"signed" doc:"how far the node takes the request"`
	Prefer  string `header:"Prefer" doc:"wait=N: how many seconds to wait for it to settle, 1 to 60, by default 10 (RFC 7240)"`
}

// send answers 200 once the request is settled, a denial included, and 202 while it is under way.
func (s *server) send(ctx context.Context, in *sendInput) (*reply[client.Status], error) {
	ctx, cancel := context.WithTimeout(ctx, preferredWait(in.Prefer))
	defer cancel()
	r, err := s.node.Sign(ctx, callOf(ctx).envelope, node.Deliver(in.Deliver))
	if err != nil {
		return nil, err
	}
	return s.settled(context.WithoutCancel(ctx), r)
}

type requestInput struct {
	ID   string `path:"id" maxLength:"64"`
	Wait int    `query:"wait" minimum:"0" maximum:"60" doc:"seconds to wait for it to settle"`
}

func (s *server) request(ctx context.Context, in *requestInput) (*reply[client.Status], error) {
	caller := callOf(ctx).caller
	r, err := s.node.RequestOf(ctx, caller.Agent, in.ID, time.Duration(in.Wait)*time.Second)
	if err != nil {
		return nil, err
	}
	status, err := s.status(ctx, r)
	if err != nil {
		return nil, err
	}
	if caller.Role != node.RoleAgent {
		if status.Verdicts, err = s.verdicts(ctx, r.ID); err != nil {
			return nil, err
		}
	}
	return ok(status)
}

// takeSignature answers as send does: 200 once the request is settled, and 202 while it is under way.
func (s *server) takeSignature(ctx context.Context, in *requestInput) (*reply[client.Status], error) {
	body, err := bodyOf[client.OwnerSignature](ctx, `{"signature": "…"}, 64 bytes in base64`)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, max(time.Duration(in.Wait)*time.Second, minWait))
	defer cancel()
	r, err := s.node.TakeSignature(ctx, callOf(ctx).caller.Agent, in.ID, body.Signature)
	if err != nil {
		return nil, err
	}
	return s.settled(context.WithoutCancel(ctx), r)
}

// requestApproval answers with the request as it waits for the people that were asked.
func (s *server) requestApproval(ctx context.Context, in *idInput) (*reply[client.Status], error) {
	r, err := s.node.RequestApproval(ctx, callOf(ctx).caller.Agent, in.ID)
	if err != nil {
		return nil, err
	}
	return s.settled(ctx, r)
}

// broadcast hands a message that somebody has signed elsewhere to the chain.
func (s *server) broadcast(ctx context.Context, _ *struct{}) (*reply[client.Sent], error) {
	m, err := bodyOf[client.Message](ctx, `{"boc": "…"}, an external message in base64`)
	if err != nil {
		return nil, err
	}
	hash, err := s.node.Broadcast(ctx, m.BoC)
	return &reply[client.Sent]{http.StatusOK, client.Sent{MessageHash: hex.EncodeToString(hash[:])}}, err
}

// settled says by its status whether more is to come.
func (s *server) settled(ctx context.Context, r node.Request) (*reply[client.Status], error) {
	status, err := s.status(ctx, r)
	if err != nil {
		return nil, err
	}
	if !r.State.Final(r.Deliver) {
		return &reply[client.Status]{http.StatusAccepted, status}, nil
	}
	return ok(status)
}

type listInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"500" default:"50"`
}

func (s *server) requests(ctx context.Context, in *listInput) (*reply[[]client.Status], error) {
	all, err := s.node.Requests(ctx, in.Limit)
	if err != nil {
		return nil, err
	}
	list := make([]client.Status, len(all))
	for i, r := range all {
		list[i] = summary(r)
	}
	return ok(list)
}

// summary is what the node knows of r without looking further.
func summary(r node.Request) client.Status {
	s := client.Status{
		ID: r.ID, State: string(r.State), Wallet: r.Wallet, Agent: r.Agent, Asset: r.Asset, Amount: r.AmountText(),
		Destination: r.Recipient(), Payments: r.Payments, Signers: r.Signers, Signature: hex.EncodeToString(r.Signature),
		MaybeSigned: r.MaybeSigned, LiveUntil: r.LiveUntil, Created: time.UnixMilli(r.Created).UTC(), Updated: time.UnixMilli(r.Updated).UTC(),
	}
	if r.Payload != [32]byte{} {
		s.SigningHash = hex.EncodeToString(r.Payload[:])
	}
	if r.Effect != 0 { // before the decision there is none
		s.Effect = r.Effect.String()
	}
	if r.Reason.Code != "" {
		s.Reason = &client.Reason{Layer: r.Reason.Layer, Code: r.Reason.Code, Text: node.Sentence(r.Reason)}
	}
	return s
}

// status is summary with the complete signed message, or with what the wallet's owner has to sign.
func (s *server) status(ctx context.Context, r node.Request) (client.Status, error) {
	boc, err := s.node.Message(ctx, r)
	unsigned, err2 := s.node.Unsigned(ctx, r)
	if err = errors.Join(err, err2); err != nil {
		return client.Status{}, err
	}
	status := summary(r)
	status.BoC, status.Payload = base64.StdEncoding.EncodeToString(boc), base64.StdEncoding.EncodeToString(unsigned)
	if boc == nil || r.Relayed {
		return status, nil
	}
	hash, err := node.MessageHash(boc)
	status.MessageHash = hex.EncodeToString(hash[:])
	return status, err
}

func (s *server) verdicts(ctx context.Context, id string) ([]client.Verdict, error) {
	said, err := s.node.Verdicts(ctx, id)
	return verdictsOf(said), err
}

func verdictsOf(said []node.Verdict) (all []client.Verdict) {
	for _, v := range said {
		all = append(all, client.Verdict{Layer: string(v.Layer), Effect: v.Effect.String(), Code: string(v.Reason),
			Observed: v.Observed, Limit: v.Limit})
	}
	return all
}

// preferredWait reads `wait` of a Prefer header. A preference that can't be read is ignored (RFC 7240 section 2).
func preferredWait(prefer string) time.Duration {
	for p := range strings.SplitSeq(prefer, ",") {
		if seconds, found := strings.CutPrefix(strings.TrimSpace(p), "wait="); found {
			if n, err := strconv.ParseUint(seconds, 10, 16); err == nil {
				return min(max(time.Duration(n)*time.Second, minWait), maxWait)
			}
		}
	}
	return defaultWait
}
