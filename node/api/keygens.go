package api

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
)

func (s *server) keys(context.Context, *struct{}) (*reply[[]client.Key], error) {
	list := []client.Key{}
	for _, k := range s.node.Keys() {
		if k.Usable() {
			list = append(list, client.Key{ID: k.Keygen.Key, Epoch: k.Keygen.Epoch, State: string(k.State), Threshold: k.Keygen.Need,
				Parties: k.Keygen.Parties, PublicKey: hex.EncodeToString(k.Public[:])})
		}
	}
	return ok(list)
}

func (s *server) keygens(context.Context, *struct{}) (*reply[[]client.Ceremony], error) {
	list := []client.Ceremony{}
	for _, k := range s.node.Keys() {
		list = append(list, ceremonyOf(k))
	}
	return ok(list)
}

func (s *server) propose(ctx context.Context, _ *struct{}) (*reply[client.Ceremony], error) {
	record, err := recordOf(ctx)
	if err != nil {
		return nil, err
	}
	k, err := s.node.EnterProposal(ctx, record)
	if err != nil {
		return nil, err
	}
	return ok(ceremonyOf(k))
}

type ceremonyInput struct {
	ID string `path:"id" maxLength:"64" doc:"digest of the proposal, hex"`
}

func (s *server) approve(ctx context.Context, in *ceremonyInput) (*reply[client.Ceremony], error) {
	record, err := recordOf(ctx)
	if err != nil {
		return nil, err
	}
	k, err := s.node.EnterApproval(ctx, in.ID, record)
	if err != nil {
		return nil, err
	}
	return ok(ceremonyOf(k))
}

func ceremonyOf(k node.Key) client.Ceremony {
	id := k.ID()
	return client.Ceremony{ID: hex.EncodeToString(id[:]), Key: k.Keygen.Key, State: string(k.State), Threshold: k.Keygen.Need,
		Parties: k.Keygen.Parties, Proposer: k.Keygen.Proposer, Expires: time.Unix(k.Keygen.Expires, 0).UTC(),
		Waiting: append([]string{}, k.Waiting()...)}
}
