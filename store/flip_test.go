package store

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
)

// place is one bit of one file.
type place struct {
	file string
	bit  int
}

// flips is how many bits of a file are tried. Tables get more: in a block that is not checked, a flipped bit is most often
// just another value.
func flips(file string) int {
	if filepath.Ext(file) == ".sst" {
		return 40
	}
	return 12
}

// flipLedger returns a closed store with data in tables and in the write-ahead log, and what it holds.
func flipLedger(t *testing.T) (Config, map[guard.Key]string) {
	t.Helper()
	cfg, want := testConfig(newDir(t)), map[guard.Key]string{}
	for range 3 { // closing moves the memtable into a table
		s := mustOpen(t, cfg)
		for range 20 {
			k := guard.Key(fmt.Sprint("s/", len(want)))
			want[k] = fmt.Sprint("value ", len(want))
			mustDo(t, s.Ledger(), func(tx guard.Tx) error {
				tx.Set(k, []byte(want[k]))
				tx.Append(event("r-1"))
				return nil
			})
		}
		if len(want) < 60 {
			mustClose(t, s)
		} else { // the last session ends as a crash does: its data is in the log alone
			s.Ledger().stop()
			s.Ledger().anchorHead()
			crashed := takeImage(t, cfg.Dir)
			cfg.Dir = newDir(t)
			crashed.restore(t, cfg.Dir)
		}
	}
	return cfg, want
}

// places returns bits of the image's files, spread by a fixed seed. Only what was ever written can be damaged.
func places(m image) (list []place) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, file := range slices.Sorted(maps.Keys(m.files)) {
		n := len(m.files[file].b)
		for range min(flips(file), n) {
			list = append(list, place{file: file, bit: r.IntN(n * 8)})
		}
	}
	return list
}

// flip returns the image with one bit changed.
func (m image) flip(p place) image {
	files := maps.Clone(m.files)
	c := files[p.file]
	c.b = bytes.Clone(c.b)
	c.b[p.bit/8] ^= 1 << (p.bit % 8)
	files[p.file] = c
	return image{folders: m.folders, files: files}
}

// A flipped bit may make Open or a read fail. It must never make an acknowledged value or entry another one or none.
func TestFlippedBitIsRefusedOrHarmless(t *testing.T) {
	t.Parallel()
	cfg, want := flipLedger(t)
	whole := takeImage(t, cfg.Dir)
	refused, harmless := 0, 0
	for _, p := range places(whole) {
		whole.flip(p).restore(t, cfg.Dir)
		s, err := Open(t.Context(), cfg)
		if err == nil {
			err = readAll(t, s.Ledger(), want, p)
			s.Close()
		}
		if err != nil {
			refused++
		} else {
			harmless++
		}
	}
	t.Logf("%d flips refused, %d harmless", refused, harmless)
	if refused == 0 || harmless == 0 {
		t.Error("the flips prove nothing")
	}
}

// readAll returns an error when something can't be read, and fails the test when something is missing or different.
func readAll(t *testing.T, l *Ledger, want map[guard.Key]string, p place) error {
	t.Helper()
	err := l.View(t.Context(), func(tx guard.Tx) error {
		for k, w := range want {
			v, err := tx.Get(k)
			if err != nil {
				return err
			}
			if string(v) != w {
				t.Errorf("%v flipped: %s is %q, want %q", p, k, v, w)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	n := 0
	err = l.Entries(t.Context(), 0, maxScan, func(audit.Entry) bool { n++; return true })
	if err == nil && n != len(want) {
		t.Errorf("%v flipped: %d audit entries, want %d", p, n, len(want))
	}
	return err
}
