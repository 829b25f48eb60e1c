//go:build linux && !race

package node

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
)

// A million rows take most of a minute, and under the race detector ten.

// rss is what the process holds in memory of its own, in MiB.
func rss(t testing.TB) int {
	t.Helper()
	debug.FreeOSMemory()
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), "RssAnon:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kb >> 10
}

// lookups returns how long one look-up takes, of addresses of which every other one is listed.
func lookups(t testing.TB, n *Node) time.Duration {
	t.Helper()
	const many = 2000
	begin := time.Now()
	err := n.ledger.View(t.Context(), func(tx guard.Tx) error {
		for i := range many {
			if _, _, err := n.guard.Listed(tx, address(i*977%1_000_000+i%2*10_000_000)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return time.Since(begin) / many
}

func TestMillionRows(t *testing.T) {
	n := informed(t, t.TempDir())
	defer n.store.Close()
	empty := lookups(t, n)
	before, begin := rss(t), time.Now()
	if p := importList(t, n, 1, 0, 1_000_000, 1_000_000); !p.Complete {
		t.Fatalf("the import came to %+v", p)
	}
	t.Logf("loaded in %s, RSS %d MiB to %d MiB; a look-up took %s and takes %s", time.Since(begin), before, rss(t), empty, lookups(t, n))
	for _, i := range []int{0, 1, 499_999, 999_999} {
		if l, found := says(t, n, address(i)); !found || !l.Denies() {
			t.Errorf("row %d is not found", i)
		}
	}
}
