package api

import (
	"context"
	"encoding/json"

	"github.com/tonaiagent/mpcnode/node"
)

type auditInput struct {
	From    uint64 `query:"from" doc:"first sequence number"`
	Limit   int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Request string `query:"request" maxLength:"64" doc:"only of this request"`
	Type    string `query:"type" maxLength:"64" doc:"only of this event type"`
}

// audit passes entries on in their own JSON, whose names are stable and complete enough to check each entry's leaf.
func (s *server) audit(ctx context.Context, in *auditInput) (*reply[[]json.RawMessage], error) {
	entries, err := s.node.Audit(ctx, node.AuditQuery{From: in.From, Limit: in.Limit, Request: in.Request, Type: in.Type})
	if err != nil {
		return nil, err
	}
	list := make([]json.RawMessage, len(entries))
	for i, e := range entries {
		if list[i], err = e.MarshalJSON(); err != nil {
			return nil, err
		}
	}
	return ok(list)
}
