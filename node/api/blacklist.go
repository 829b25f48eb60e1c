package api

import (
	"context"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
)

type pageInput struct {
	After string `query:"after" maxLength:"80" doc:"begin after this address"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

func (s *server) blacklist(ctx context.Context, in *pageInput) (*reply[client.ListingPage], error) {
	all, next, err := s.node.Blacklist(ctx, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	lists, err := s.node.Lists(ctx)
	if err != nil {
		return nil, err
	}
	page := client.ListingPage{Listings: []client.Listing{}, Next: next, Lists: []client.ListState{}}
	for _, l := range all {
		page.Listings = append(page.Listings, listing(l))
	}
	for _, l := range lists {
		state := client.ListState{Source: l.Source, Sequence: l.Sequence, Rows: l.Rows, Importing: l.Importing}
		if l.Sequence > 0 {
			state.Generated = l.Generated
		}
		page.Lists = append(page.Lists, state)
	}
	return ok(page)
}

func listing(l node.Listing) client.Listing {
	return client.Listing{Address: l.Address.String(), Listed: true, Denies: l.Denies(), Severity: string(l.Severity), Reason: l.Reason,
		Source: l.Source, Added: l.Added, Until: l.Until}
}

type addressInput struct {
	Address string `path:"address" maxLength:"80"`
}

func (s *server) onBlacklist(ctx context.Context, in *addressInput) (*reply[client.Listing], error) {
	a, l, found, err := s.node.OnBlacklist(ctx, in.Address)
	if err != nil {
		return nil, err
	}
	if !found {
		return ok(client.Listing{Address: a.String()})
	}
	out := listing(l)
	if l.LookAlike {
		out.Address, out.Alike = a.String(), out.Address
	}
	return ok(out)
}

// importList goes on when the caller hangs up: what has come is kept in any case, and this is short.
func (s *server) importList(ctx context.Context, _ *struct{}) (*reply[client.ListProgress], error) {
	c, err := bodyOf[client.ListChunk](ctx, `{"header": "…", "first": 0, "rows": "…"}`)
	if err != nil {
		return nil, err
	}
	p, err := s.node.ImportList(context.WithoutCancel(ctx), c.Header, c.First, []byte(c.Rows))
	if err != nil {
		return nil, err
	}
	return ok(client.ListProgress(p))
}

func (s *server) feeds(ctx context.Context, _ *struct{}) (*reply[client.Feeds], error) {
	quotes, markets, err := s.node.Feeds(ctx)
	if err != nil {
		return nil, err
	}
	out := client.Feeds{Quotes: []client.LastQuote{}, Markets: []client.Market{}}
	for _, q := range quotes {
		out.Quotes = append(out.Quotes, client.LastQuote{Feed: q.Feed, Asset: q.Asset, Price: q.Price, Sequence: q.Sequence, At: q.At})
	}
	for _, m := range markets {
		out.Markets = append(out.Markets, client.Market{Asset: m.Asset, Agreed: m.Agreed, Price: m.Price, Available: m.Available, Score: m.Score})
	}
	return ok(out)
}
