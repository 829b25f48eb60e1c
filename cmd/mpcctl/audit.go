package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// auditEntry is what a line shows of an entry; --json passes the node's own JSON on as it is.
type auditEntry struct {
	Seq       uint64                    `json:"seq"`
	Timestamp string                    `json:"timestamp"`
	EventType string                    `json:"eventType"`
	Actor     struct{ Type, ID string } `json:"actor"`
	Action    string                    `json:"action"`
	Resource  struct{ Type, ID string } `json:"resource"`
	Outcome   string                    `json:"outcome"`
	Severity  string                    `json:"severity"`
	Request   string                    `json:"request"`
	Details   map[string]string         `json:"details"`
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
	line(w, "SEQ", "TIME", "EVENT", "OUTCOME", "ACTOR", "RESOURCE", "REQUEST", "REASON")
	for _, raw := range all {
		var e auditEntry
		if err := json.Unmarshal(raw, &e); err != nil {
			line(w, "an entry can't be read:", err)
			continue
		}
		line(w, e.Seq, e.Timestamp, e.EventType, e.Outcome, e.Actor.Type+"/"+e.Actor.ID, e.Resource.Type+"/"+e.Resource.ID, or(e.Request, "-"), or(e.reason(), "-"))
	}
}

// reason is what the first layer that did not allow has said; its details are numbered in the order of the verdicts.
func (e auditEntry) reason() string {
	for _, k := range slices.Sorted(maps.Keys(e.Details)) {
		number, layer, _ := strings.Cut(k, " ")
		effect, rest, _ := strings.Cut(e.Details[k], " ")
		if _, err := strconv.Atoi(number); err == nil && (effect == "deny" || effect == "escalate") {
			reason, _, _ := strings.Cut(rest, " ")
			return layer + ": " + reason
		}
	}
	return ""
}

// auditPage is how many entries one call asks for: a page of the largest ones fits what is read of an answer.
const auditPage = 200

// eachAudited calls f with every entry of the audit log since a time, oldest first.
func (s *site) eachAudited(ctx context.Context, since time.Time, f func(auditEntry)) error {
	from, err := s.firstSince(ctx, since)
	if err != nil {
		return err
	}
	for {
		page, err := s.auditFrom(ctx, from, auditPage)
		if err != nil {
			return err
		}
		for _, e := range page {
			if e.Seq < from {
				return fmt.Errorf("the node sends entry %d of its audit log, not one from %d on", e.Seq, from)
			}
			from = e.Seq + 1
			f(e)
		}
		if len(page) < auditPage {
			return nil
		}
	}
}

// firstSince finds where the entries begin that are not before a time, which rises with them, in some forty short calls, however long the log is.
func (s *site) firstSince(ctx context.Context, since time.Time) (from uint64, err error) {
	for step := uint64(1) << 40; step > 0; step /= 2 {
		page, err := s.auditFrom(ctx, from+step-1, 1)
		if err != nil {
			return 0, err
		}
		if len(page) > 0 && page[0].before(since) {
			from += step
		}
	}
	return from, nil
}

func (s *site) auditFrom(ctx context.Context, from uint64, limit int) (page []auditEntry, err error) {
	return page, s.get(ctx, fmt.Sprintf("/v1/audit?from=%d&limit=%d", from, limit), &page)
}

// before reports whether the entry is older. One that doesn't say when it is from isn't.
func (e auditEntry) before(t time.Time) bool {
	at, err := time.Parse(time.RFC3339, e.Timestamp)
	return err == nil && at.Before(t)
}
