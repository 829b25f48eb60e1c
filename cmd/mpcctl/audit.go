package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"
)

// auditEntry is what a line shows of an entry; --json passes the node's own JSON on as it is.
type auditEntry struct {
	Seq       uint64                    `json:"seq"`
	Timestamp string                    `json:"timestamp"`
	EventType string                    `json:"eventType"`
	Actor     struct{ Type, ID string } `json:"actor"`
	Resource  struct{ Type, ID string } `json:"resource"`
	Outcome   string                    `json:"outcome"`
	Severity  string                    `json:"severity"`
	Request   string                    `json:"request"`
}

func (t *tool) auditCommand() *cobra.Command {
	return group("audit", "What a node has recorded", t.auditQuery())
}

func (t *tool) auditQuery() *cobra.Command {
	var from uint64
	var limit int
	var request, event string
	c := verb("query", "Show entries of the audit log, oldest first", func(ctx context.Context, _ []string) error {
		q := url.Values{"from": {fmt.Sprint(from)}, "limit": {fmt.Sprint(limit)}}
		for name, v := range map[string]string{"request": request, "type": event} {
			if v != "" {
				q.Set(name, v)
			}
		}
		return each(ctx, t, func(ctx context.Context, s *site) (all []json.RawMessage, err error) {
			return all, s.get(ctx, "/v1/audit?"+q.Encode(), &all)
		}, auditText)
	})
	f := c.Flags()
	f.Uint64Var(&from, "from", 0, "first sequence number")
	f.IntVar(&limit, "limit", 100, "how many, at most 1000")
	f.StringVar(&request, "request", "", "only of this request")
	f.StringVar(&event, "type", "", "only of this event type, such as transaction_denied")
	return c
}

func auditText(w io.Writer, all []json.RawMessage) {
	line(w, "SEQ", "TIME", "EVENT", "OUTCOME", "ACTOR", "RESOURCE", "REQUEST")
	for _, raw := range all {
		var e auditEntry
		if err := json.Unmarshal(raw, &e); err != nil {
			line(w, "an entry can't be read:", err)
			continue
		}
		line(w, e.Seq, e.Timestamp, e.EventType, e.Outcome, e.Actor.Type+"/"+e.Actor.ID, e.Resource.Type+"/"+e.Resource.ID, or(e.Request, "-"))
	}
}
