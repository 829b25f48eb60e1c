package store

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
)

// written returns the config of a closed store with n audit entries.
func written(t *testing.T, n int) Config {
	t.Helper()
	cfg := testConfig(newDir(t))
	s := mustOpen(t, cfg)
	for ; n > 0; n -= 500 {
		mustDo(t, s.Ledger(), appendEvents("r-1", min(n, 500)))
	}
	mustClose(t, s)
	return cfg
}

// image is a directory in memory: its folders, and its files without the zeros that badger's have at their ends.
type image struct {
	folders []string
	files   map[string]content
}

type content struct {
	b    []byte
	size int64
}

func takeImage(t *testing.T, dir string) image {
	t.Helper()
	m := image{files: map[string]content{}}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			m.folders = append(m.folders, path)
			return nil
		}
		b, err := os.ReadFile(filepath.Join(dir, path))
		m.files[path] = content{b: bytes.Clone(bytes.TrimRight(b, "\x00")), size: int64(len(b))}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// restore makes dir what the image was taken of.
func (m image) restore(t *testing.T, dir string) {
	t.Helper()
	err := os.RemoveAll(dir)
	for _, path := range m.folders {
		err = errors.Join(err, os.Mkdir(filepath.Join(dir, path), 0o700))
	}
	for path, c := range m.files {
		path = filepath.Join(dir, path)
		err = errors.Join(err, os.WriteFile(path, c.b, 0o600), os.Truncate(path, c.size))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func wantSealed(t *testing.T, cfg Config, says string) {
	t.Helper()
	s, err := Open(t.Context(), cfg)
	if err == nil {
		s.Close()
	}
	wantError(t, err, ErrSealed, says)
}

func TestOlderLedgerUnderNewerAnchorIsSealed(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]func(guard.Tx) error{
		"with audit entries":    appendEvents("r-2", 1),
		"without audit entries": set("x/wallet-1", "position"),
	} {
		t.Run(name, func(t *testing.T) {
			cfg := written(t, 10)
			ledger := filepath.Join(cfg.Dir, "ledger")
			older := takeImage(t, ledger)
			s := mustOpen(t, cfg)
			mustDo(t, s.Ledger(), more)
			mustClose(t, s)
			older.restore(t, ledger)
			wantSealed(t, cfg, "behind its anchor")
		})
	}
}

func TestNewerLedgerOverOlderAnchorOpens(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 3, edgeEvery, edgeEvery + 1} {
		cfg := written(t, size)
		path := filepath.Join(cfg.Dir, anchorName)
		older, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s := mustOpen(t, cfg)
		mustDo(t, s.Ledger(), appendEvents("r-2", edgeEvery))
		mustDo(t, s.Ledger(), appendEvents("r-2", 7))
		want, root := s.Ledger().Head()
		mustClose(t, s)
		if err := os.WriteFile(path, older, 0o600); err != nil {
			t.Fatal(err)
		}
		s = mustOpen(t, cfg)
		if got, r := s.Ledger().Head(); got != want || r != root {
			t.Errorf("after %d: head %d, want %d", size, got, want)
		}
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	cfg := written(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Open(ctx, cfg)
	wantError(t, err, context.Canceled)
	mustOpen(t, cfg)
}

func TestForkedLedgerIsSealed(t *testing.T) {
	cfg := written(t, 10)
	common := takeImage(t, cfg.Dir)
	grow := func() { // salts make each history its own
		s := mustOpen(t, cfg)
		mustDo(t, s.Ledger(), appendEvents("r-2", 5))
		mustClose(t, s)
	}
	grow()
	first, err := os.ReadFile(filepath.Join(cfg.Dir, anchorName))
	if err != nil {
		t.Fatal(err)
	}
	common.restore(t, cfg.Dir)
	grow()
	if err := os.WriteFile(filepath.Join(cfg.Dir, anchorName), first, 0o600); err != nil {
		t.Fatal(err)
	}
	wantSealed(t, cfg, "not those of the anchor")
}

// edit changes a closed ledger with badger's own tools.
func edit(t *testing.T, cfg Config, change func(*badger.Txn) error) {
	t.Helper()
	db, err := openBadger(filepath.Join(cfg.Dir, "ledger"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(change); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestEditedLedgerIsSealed(t *testing.T) {
	t.Parallel()
	const n = edgeEvery + 20
	rewritten := func(txn *badger.Txn) error { // an entry and everything the ledger says about it
		e, err := entry(txn, n-1)
		if err != nil {
			return err
		}
		e.Action = "nothing"
		b, err := e.Encode()
		if err != nil {
			return err
		}
		return write(txn, entryKey(n-1), b)
	}
	for name, c := range map[string]struct {
		change func(*badger.Txn) error
		says   string
	}{
		"entry changed":  {rewritten, "not those of the anchor"},
		"entry removed":  {func(txn *badger.Txn) error { return write(txn, entryKey(n-5), nil) }, "is missing"},
		"entry added":    {func(txn *badger.Txn) error { return write(txn, entryKey(n), []byte{1}) }, "after the last"},
		"head removed":   {func(txn *badger.Txn) error { return write(txn, headKey, nil) }, "behind its anchor"},
		"head damaged":   {func(txn *badger.Txn) error { return write(txn, headKey, []byte{1}) }, "head is unreadable"},
		"log cut":        {cutLog, "behind its anchor"},
		"head of others": {otherHead, "don't hash to the ledger's head"},
		"edge replaced": {func(txn *badger.Txn) error {
			var tree audit.Tree
			for range edgeEvery {
				tree.Append([32]byte{1})
			}
			return write(txn, edgeKey(edgeEvery), tree.Marshal())
		}, "not those of the anchor"},
		"edge of another size": {func(txn *badger.Txn) error {
			return write(txn, edgeKey(edgeEvery), audit.Tree{}.Marshal())
		}, "another size"},
		"edge removed": {func(txn *badger.Txn) error { return write(txn, edgeKey(edgeEvery), nil) }, "edge of the audit log"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := written(t, n)
			if name == "edge replaced" || name == "edge of another size" || name == "edge removed" {
				grow := mustOpen(t, cfg) // so that the replay starts at the edge
				for range 2 {
					mustDo(t, grow.Ledger(), appendEvents("r-2", 502))
				}
				mustClose(t, grow)
			}
			edit(t, cfg, c.change)
			wantSealed(t, cfg, c.says)
		})
	}
}

// cutLog takes the last entry away and makes the head agree, but for the number of commits.
func cutLog(txn *badger.Txn) error {
	h, err := readHead(txn)
	if err != nil {
		return err
	}
	last := h.tree.Size() - 1
	h.tree = audit.Tree{}
	for seq := range last {
		b, err := read(txn, entryKey(seq))
		if err != nil {
			return err
		}
		h.tree.Append(audit.Leaf(b))
	}
	return errors.Join(write(txn, entryKey(last), nil), write(txn, headKey, h.marshal()))
}

// otherHead keeps size and commits and changes the tree.
func otherHead(txn *badger.Txn) error {
	h, err := readHead(txn)
	if err != nil {
		return err
	}
	size := h.tree.Size()
	h.tree = audit.Tree{}
	for range size {
		h.tree.Append([32]byte{1})
	}
	return write(txn, headKey, h.marshal())
}

func TestDamagedAnchorIsSealed(t *testing.T) {
	t.Parallel()
	cfg := written(t, 5)
	path := filepath.Join(cfg.Dir, anchorName)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(good)*8; i += 23 { // every byte or two another bit
		bad := bytes.Clone(good)
		bad[i/8] ^= 1 << (i % 8)
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), cfg)
		if err == nil {
			// What is left is a lower number of commits: a lower bound still.
			a, _ := parseAnchor(bad)
			if now, _ := parseAnchor(good); a.commits > now.commits || a.size != now.size || a.root != now.root {
				t.Errorf("bit %d flipped: opened with the anchor %+v", i, a)
			}
			s.Close()
			continue
		}
		wantError(t, err, ErrSealed)
	}
}
