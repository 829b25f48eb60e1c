package policy

import (
	"fmt"
	"maps"
	"slices"
)

// Feed is a source of prices that the party believes as far as others say the same.
type Feed struct {
	ID        string
	PublicKey [32]byte
	Assets    []string // asset ids whose prices it gives
}

type feedFields struct {
	// PublicKey is the key that signs the feed's prices, 64 hex digits; no two feeds have the same. Required.
	PublicKey publicKey `yaml:"publicKey"`
	// Assets are those whose prices it gives: native (TON, GRAM), or jetton:<raw address of its master>. 1 to 64.
	Assets []asset `yaml:"assets"`
}

// Feeds returns the feeds that the bundle names, by rising id.
func (b *Bundle) Feeds() []Feed { return slices.Clone(b.feeds) }

// readFeeds takes in the feeds. Two under one key would agree with each other.
func (d document) readFeeds(b *Bundle) (problems []problem) {
	if len(d.Feeds) > maxFeeds {
		problems = append(problems, tooMany("feeds", len(d.Feeds), maxFeeds))
	}
	owner := map[publicKey]string{}
	for _, id := range slices.Sorted(maps.Keys(d.Feeds)) {
		f, path := d.Feeds[id], "feeds."+clip(id)
		if !agentID.MatchString(id) || f == nil || f.PublicKey == (publicKey{}) || len(f.Assets) == 0 || len(f.Assets) > maxAssets {
			problems = append(problems, problem{path, fmt.Sprintf("want an id (a-z, 0-9 and -, at most 64) with a publicKey and 1 to %d assets", maxAssets)})
			continue
		}
		if other, taken := owner[f.PublicKey]; taken {
			problems = append(problems, problem{path, fmt.Sprintf("has the key of %s: one source would count as two", other)})
		}
		owner[f.PublicKey] = id
		feed := Feed{ID: id, PublicKey: f.PublicKey}
		for _, a := range f.Assets {
			feed.Assets = append(feed.Assets, string(a))
		}
		b.feeds = append(b.feeds, feed)
	}
	return problems
}
