package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/blacklist"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/store"
	"github.com/tonaiagent/mpcnode/ton"
)

func testKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func testPublic(name string) [32]byte { return [32]byte(testKey(name).Public().(ed25519.PublicKey)) }

// informed is a node over a ledger of its own, with nobody to talk to, whose policy names a publisher of blacklists and two price feeds.
func informed(t testing.TB, dir string) *Node {
	t.Helper()
	g, err := guard.New(guard.Config{Party: "user", Network: [32]byte{1}, Need: 2, GlobalID: -239, Parties: []guard.Party{
		{Name: "platform", Identity: [32]byte{1}},
		{Name: "user", Identity: [32]byte{3}, Operators: [][32]byte{testPublic("operator")}, PolicyAdmins: [][32]byte{testPublic("admin")}}}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Config{Dir: filepath.Join(dir, "data"), Party: "user", Network: [32]byte{1},
		Secret: store.NewPassphrase([]byte("correct horse battery staple"))})
	if err != nil {
		t.Fatal(err)
	}
	n := &Node{self: "user", guard: g, store: s, ledger: s.Ledger(), log: slog.New(slog.DiscardHandler), env: Env{Now: func() time.Time { return longAgo }}}
	n.ctx, n.cancel = context.WithCancel(t.Context())
	n.metrics = newMetrics(n)
	document := []byte(fmt.Sprintf(`
version: 1
agents: {agent-1: {preset: conservative}}
lists: {watch: {publicKey: "%x"}}
feeds:
  feed-a: {publicKey: "%x", assets: [native]}
  feed-b: {publicKey: "%x", assets: [native]}
`, testPublic("watch"), testPublic("feed-a"), testPublic("feed-b")))
	d := policy.SigningDigest([32]byte{1}, "user", document)
	bundle := guard.SignedBundle{Document: document, Signatures: []guard.BundleSignature{{
		Admin: testPublic("admin"), Signature: ed25519.Sign(testKey("admin"), d[:])}}}
	err = n.ledger.Do(t.Context(), func(tx guard.Tx) error {
		if b, err := g.Policy(tx); err != nil || b != nil {
			return err
		}
		return g.ApplyPolicy(tx, longAgo, bundle)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// address is the ith of a list.
func address(i int) ton.Address {
	return ton.Address{Hash: sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))}
}

// rowsOf are the rows of the addresses from one number up to another, as a list's file has them.
func rowsOf(from, to int) []byte {
	var b bytes.Buffer
	for i := from; i < to; i++ {
		b.WriteString(blacklist.Row{Address: address(i), Severity: blacklist.High, Reason: "reported"}.String())
	}
	return b.Bytes()
}

// importList signs and hands in the list of those addresses in chunks, as a tool does: it holds none of it as a whole. After a number of
// rows it stops.
func importList(t testing.TB, n *Node, sequence uint64, from, to, stop int) (p ListProgress) {
	t.Helper()
	const chunk = 500
	sum := sha256.New()
	for i := from; i < to; i += chunk {
		sum.Write(rowsOf(i, min(i+chunk, to)))
	}
	h := blacklist.Header{Source: "watch", Sequence: sequence, Generated: longAgo.Unix(), Count: uint64(to - from), Rows: [32]byte(sum.Sum(nil))}
	header := h.Sign(testKey("watch")).String()
	p, err := n.ImportList(t.Context(), header, 0, nil)
	for i := from + int(p.Rows); i < from+stop && err == nil; i += chunk {
		p, err = n.ImportList(t.Context(), header, uint64(i-from), rowsOf(i, min(i+chunk, to)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func says(t testing.TB, n *Node, a ton.Address) (l Listing, found bool) {
	t.Helper()
	_, l, found, err := n.OnBlacklist(t.Context(), a.String())
	if err != nil {
		t.Fatal(err)
	}
	return l, found
}

func TestImportGoesOnAfterARestart(t *testing.T) {
	dir := t.TempDir()
	n := informed(t, dir)
	if p := importList(t, n, 1, 0, 2000, 1000); p.Complete || p.Rows != 1000 {
		t.Fatalf("the import came to %+v", p)
	}
	if _, found := says(t, n, address(0)); found {
		t.Error("a list counts before its end")
	}
	if err := n.store.Close(); err != nil {
		t.Fatal(err)
	}
	n = informed(t, dir)
	defer n.store.Close()
	if p := importList(t, n, 1, 0, 2000, 2000); !p.Complete {
		t.Fatalf("the import came to %+v", p)
	}
	for _, i := range []int{0, 1999} {
		if _, found := says(t, n, address(i)); !found {
			t.Errorf("row %d is not found", i)
		}
	}
}

func TestSweepLeavesOnlyTheListInForce(t *testing.T) {
	n := informed(t, t.TempDir())
	defer n.store.Close()
	importList(t, n, 1, 0, 700, 700)
	importList(t, n, 2, 600, 900, 300)
	if got := count(t, n, guard.PrefixBlacklist); got != 1000 {
		t.Fatalf("%d records before the sweep, want 1000", got)
	}
	for range 2 {
		if err := n.sweepOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := count(t, n, guard.PrefixBlacklist); got != 300 {
			t.Errorf("%d records after the sweep, want 300", got)
		}
	}
	if _, found := says(t, n, address(650)); !found {
		t.Error("a row of the list in force is gone")
	}
}

func TestBlacklistComesInPages(t *testing.T) {
	n := informed(t, t.TempDir())
	defer n.store.Close()
	importList(t, n, 1, 0, 25, 25)
	importList(t, n, 2, 5, 25, 20) // five that no longer count, and twenty twice
	seen := map[ton.Address]bool{}
	pages := 0
	for after := ""; ; pages++ {
		page, next, err := n.Blacklist(t.Context(), after, 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range page {
			if seen[l.Address] || l.Severity != blacklist.High || l.Source != "watch" {
				t.Errorf("%+v, seen before: %t", l, seen[l.Address])
			}
			seen[l.Address] = true
		}
		if after = next; next == "" {
			break
		}
	}
	if len(seen) != 20 || pages < 3 {
		t.Errorf("%d addresses in %d pages, want 20 in several", len(seen), pages)
	}
	if _, _, err := n.Blacklist(t.Context(), "nowhere", 7); err == nil {
		t.Error("a page after no address was given")
	}
}

// What a look-up takes must not grow with the blacklist: BenchmarkListed compares none and 100,000 rows.
func BenchmarkListed(b *testing.B) {
	for _, rows := range []int{0, 100_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			n := informed(b, b.TempDir())
			defer n.store.Close()
			if rows > 0 {
				importList(b, n, 1, 0, rows, rows)
			}
			b.ResetTimer()
			for i := range b.N {
				if err := n.ledger.View(b.Context(), func(tx guard.Tx) error {
					_, _, err := n.guard.Listed(tx, address(i%(2*rows+1)))
					return err
				}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
