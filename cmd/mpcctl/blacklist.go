package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/guard/blacklist"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
)

func (t *tool) blacklistCommand() *cobra.Command {
	rm := verb("rm ADDRESS", "Take an address off the nodes' own blacklists, as each one's policy admin", t.blacklistRemove)
	rm.Long = "rm takes off what this node's own people have listed. The entry counts for a day more; adding it again in that time keeps it.\n" +
		"What a published list says goes with the publisher's next list, or when the policy no longer names the publisher."
	return group("blacklist", "The addresses that should not be paid",
		t.blacklistAdd(), rm,
		verb("check ADDRESS", "Show what the blacklist says of an address", func(ctx context.Context, args []string) error {
			a, err := parseAddress(args[0])
			if err != nil {
				return err
			}
			return each(ctx, t, func(ctx context.Context, s *site) (client.Listing, error) { return s.listing(ctx, a) }, listingText)
		}),
		t.blacklistList(), t.blacklistImport(), t.blacklistSign())
}

func (t *tool) blacklistAdd() *cobra.Command {
	var severity, reason string
	c := verb("add ADDRESS", "Put an address on the nodes' blacklists, as each one's operator", func(ctx context.Context, args []string) error {
		a, err := parseAddress(args[0])
		if err != nil {
			return err
		}
		r := wire.BlacklistRecord{Address: a, Revision: revision(time.Now()), Severity: blacklist.Severity(severity), Reason: reason}
		if err := (blacklist.Row{Address: a, Severity: r.Severity, Reason: reason}).Check(); err != nil {
			return &failure{err, exitUsage, ""}
		}
		return each(ctx, t, func(ctx context.Context, s *site) (client.Listing, error) {
			return s.setBlacklist(ctx, "operator", s.OperatorKeyFile, r)
		}, listingText)
	})
	c.Flags().StringVar(&severity, "severity", "high", "low, medium, high or critical; nothing may go to the latter two")
	c.Flags().StringVar(&reason, "reason", "", "why, for people; it is recorded")
	return require(c, "reason")
}

func (t *tool) blacklistRemove(ctx context.Context, args []string) error {
	a, err := parseAddress(args[0])
	if err != nil {
		return err
	}
	r := wire.BlacklistRecord{Address: a, Revision: revision(time.Now()), Remove: true}
	return each(ctx, t, func(ctx context.Context, s *site) (client.Listing, error) {
		return s.setBlacklist(ctx, "policy-admin", s.PolicyAdminKeyFile, r)
	}, listingText)
}

func parseAddress(text string) (ton.Address, error) {
	a, _, err := ton.ParseAddress(text, true)
	if err != nil {
		return a, &failure{err, exitUsage, ""}
	}
	return a, nil
}

// setBlacklist signs the record with the key of a role and returns what the blacklist says then.
func (s *site) setBlacklist(ctx context.Context, role, path string, r wire.BlacklistRecord) (l client.Listing, err error) {
	key, err := s.key(role, path)
	if err != nil {
		return l, err
	}
	if err := s.hand(ctx, key, "/v1/blacklist", wire.SignBlacklist(s.network, s.Party, key, r), nil); err != nil {
		return l, err
	}
	return s.listing(ctx, r.Address)
}

func (s *site) listing(ctx context.Context, a ton.Address) (l client.Listing, err error) {
	return l, s.get(ctx, "/v1/blacklist/"+a.String(), &l)
}

func (t *tool) blacklistList() *cobra.Command {
	var after string
	var limit int
	c := verb("list", "Show the blacklist in pages, and the published lists in force", func(ctx context.Context, _ []string) error {
		q := url.Values{"limit": {fmt.Sprint(limit)}}
		if after != "" {
			q.Set("after", after)
		}
		return each(ctx, t, func(ctx context.Context, s *site) (p client.ListingPage, err error) {
			return p, s.get(ctx, "/v1/blacklist?"+q.Encode(), &p)
		}, listingPageText)
	})
	c.Flags().StringVar(&after, "after", "", "begin after this address")
	c.Flags().IntVar(&limit, "limit", 100, "how many, at most 1000")
	return c
}

func listingText(w io.Writer, l client.Listing) {
	if !l.Listed {
		line(w, l.Address, "is not listed")
		return
	}
	line(w, "address", l.Address)
	if l.Alike != "" {
		line(w, "looks like", l.Alike)
	}
	line(w, "severity", l.Severity)
	line(w, "denies", l.Denies)
	line(w, "reason", or(l.Reason, "-"))
	line(w, "source", l.Source)
	line(w, "added", clock(l.Added))
	line(w, "until", clock(l.Until))
}

func listingPageText(w io.Writer, p client.ListingPage) {
	line(w, "ADDRESS", "SEVERITY", "SOURCE", "UNTIL", "REASON")
	for _, l := range p.Listings {
		line(w, l.Address, l.Severity, l.Source, clock(l.Until), or(l.Reason, "-"))
	}
	if p.Next != "" {
		line(w, "more: --after "+p.Next)
	}
	line(w)
	line(w, "LIST", "SEQUENCE", "ROWS", "GENERATED", "IMPORTING")
	for _, l := range p.Lists {
		line(w, l.Source, l.Sequence, l.Rows, clock(l.Generated), l.Importing)
	}
}
