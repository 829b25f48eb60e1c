package node

import (
	"context"
	"errors"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/blacklist"
	"github.com/tonaiagent/mpcnode/ton"
)

const (
	// sweepEvery is how often the node looks whether rows of earlier lists are left, and sweepPage how many records it then looks at in
	// one operation of the committer.
	sweepEvery = time.Minute
	sweepPage  = 256

	// maxListings is how many entries a page of the blacklist has.
	maxListings = 1000
)

// Listing is what the blacklist says of an address.
type Listing = guard.Listing

// ListProgress says how far the import of a list is.
type ListProgress = guard.ListProgress

// ListState is what is known of a source of published lists.
type ListState = guard.ListState

// EnterBlacklist is SetBlacklist of an encoded guard.Signed[guard.BlacklistRecord].
func (n *Node) EnterBlacklist(ctx context.Context, raw []byte) error {
	return enter(raw, func(s guard.Signed[guard.BlacklistRecord]) error {
		err := n.ledger.Do(ctx, func(tx guard.Tx) error { return n.guard.SetBlacklist(tx, n.env.Now(), s) })
		if err != nil {
			return &Problem{Status: 403, Code: "blacklist_refused", Detail: err.Error()}
		}
		n.log.Info("blacklist changed", "address", s.Body.Address.String(), "severity", string(s.Body.Severity), "remove", s.Body.Remove)
		return nil
	})
}

// ImportList takes in the next rows of a published list, as its file has them: the header with its empty line, and whole lines of rows,
// of which the first is number first. Whose list it is, its signature says; who brings it is a courier.
func (n *Node) ImportList(ctx context.Context, header string, first uint64, rows []byte) (p ListProgress, err error) {
	h, err := blacklist.ParseHeader(header)
	if err != nil {
		return p, problemf(400, "bad_list", "%v", err)
	}
	chunk, err := guard.ReadListChunk(h, first, rows)
	if err != nil {
		return p, problemf(400, "bad_list", "%v", err)
	}
	for _, part := range chunk.Split() {
		if p, err = n.importPart(ctx, part); err != nil {
			n.metrics.imports.WithLabelValues("refused").Inc()
			return p, err
		}
	}
	if p.Complete {
		n.metrics.imports.WithLabelValues("complete").Inc()
		n.log.Info("blacklist imported", "source", h.Source, "sequence", h.Sequence, "rows", h.Count)
	}
	return p, nil
}

// importPart is one operation of the committer, so that decisions get their turn in between.
func (n *Node) importPart(ctx context.Context, part guard.ListChunk) (p ListProgress, err error) {
	var refused, given error
	err = n.ledger.Do(ctx, func(tx guard.Tx) error {
		p, refused, given = n.guard.ImportList(tx, n.env.Now(), part)
		return given
	})
	if given != nil && err != nil || refused != nil {
		return p, &Problem{Status: 403, Code: "list_refused", Detail: errors.Join(given, refused).Error()}
	}
	return p, err
}

// OnBlacklist reads an address in any form, and returns what the blacklist says of it and whether it says anything.
func (n *Node) OnBlacklist(ctx context.Context, address string) (a ton.Address, l Listing, found bool, err error) {
	if a, _, err = ton.ParseAddress(address, true); err != nil {
		return a, l, false, problemf(400, "bad_address", "%v", err)
	}
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		l, found, err = n.guard.Listed(tx, a)
		return err
	})
	return a, l, found, err
}

// Blacklist returns at most limit entries in the order of their addresses, after one of them ("" is the beginning). A page may be shorter,
// and empty, before the last one; the next begins after next, which is "" at the end. Of several sources that list an address, the
// gravest entry is given.
func (n *Node) Blacklist(ctx context.Context, after string, limit int) (all []Listing, next string, err error) {
	from := guard.PrefixBlacklist
	if after != "" {
		a, _, err := ton.ParseAddress(after, true)
		if err != nil {
			return nil, "", problemf(400, "bad_address", "%v", err)
		}
		from = guard.FirstListed(a)
	}
	most := min(limit, maxListings)
	records, err := n.listedFrom(ctx, from, most)
	if err != nil || len(records) == 0 {
		return nil, "", err
	}
	var last ton.Address
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		for i, k := range records {
			a, err := guard.ListedAddress(k)
			if err != nil {
				return err
			}
			if i > 0 && a == last {
				continue // of another source, or of an earlier list
			}
			last = a
			l, found, err := n.guard.Listed(tx, a)
			if err != nil {
				return err
			}
			if found && !l.LookAlike {
				all = append(all, l)
			}
		}
		return nil
	})
	if err != nil || len(records) < most {
		return all, "", err
	}
	return all, last.String(), nil
}

// listedFrom returns the next records of the blacklist.
func (n *Node) listedFrom(ctx context.Context, from guard.Key, limit int) (all []guard.Key, err error) {
	err = n.ledger.Scan(ctx, guard.PrefixBlacklist, from, limit, func(k guard.Key, _ []byte) bool {
		all = append(all, k)
		return true
	})
	return all, err
}

// Lists returns the state of the published lists that the policy names.
func (n *Node) Lists(ctx context.Context) (all []ListState, err error) {
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		all, err = n.guard.Lists(tx)
		return err
	})
	return all, err
}

// sweepBlacklist deletes rows of lists that are no longer in force until the node stops.
func (n *Node) sweepBlacklist() {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := n.sweepOnce(n.ctx); err != nil && n.ctx.Err() == nil {
			n.log.Warn("sweep the blacklist", "err", err)
		}
		select {
		case <-tick.C:
		case <-n.ctx.Done():
			return
		}
	}
}

// sweepOnce walks over all records, if there is anything to delete, in steps between which others get their turn.
func (n *Node) sweepOnce(ctx context.Context) error {
	lists, err := n.Lists(ctx)
	if err != nil || !unswept(lists) {
		return err
	}
	for from := guard.PrefixBlacklist; ; {
		records, err := n.listedFrom(ctx, from, sweepPage)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			return n.ledger.DoSoon(ctx, func(tx guard.Tx) error { return n.guard.Swept(tx, lists) })
		}
		if err = n.ledger.DoSoon(ctx, func(tx guard.Tx) error { return n.guard.SweepBlacklist(tx, lists, records) }); err != nil {
			return err
		}
		from = records[len(records)-1] + "\x00"
	}
}

func unswept(lists []ListState) bool {
	for _, l := range lists {
		if l.Sweep > 0 {
			return true
		}
	}
	return false
}
