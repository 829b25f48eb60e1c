package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
)

// testConfig opens dir with the cheapest key derivation.
func testConfig(dir string) Config {
	return Config{Dir: dir, Secret: NewPassphrase([]byte("correct horse battery")), Party: "user", Network: [32]byte{7},
		cost: cost{Time: 1, Memory: 8, Threads: 1}}
}

// newDir is a data directory that doesn't exist yet.
func newDir(t testing.TB) string { return filepath.Join(t.TempDir(), "data") }

func mustOpen(t testing.TB, cfg Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func mustClose(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func mustDo(t testing.TB, l *Ledger, op func(guard.Tx) error) {
	t.Helper()
	if err := l.Do(t.Context(), op); err != nil {
		t.Fatal(err)
	}
}

func set(k guard.Key, v string) func(guard.Tx) error {
	return func(tx guard.Tx) error {
		tx.Set(k, []byte(v))
		return nil
	}
}

func get(t testing.TB, l *Ledger, k guard.Key) string {
	t.Helper()
	var got []byte
	err := l.View(t.Context(), func(tx guard.Tx) (err error) {
		got, err = tx.Get(k)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

// event is an entry as a caller gives it.
func event(request string) audit.Entry {
	return audit.Entry{EventType: audit.TransactionAuthorized, Actor: audit.Actor{Type: "agent", ID: "agent-1"},
		Action: "transfer", Outcome: audit.Success, Severity: audit.Info, Request: request}
}

func appendEvents(request string, n int) func(guard.Tx) error {
	return func(tx guard.Tx) error {
		for range n {
			tx.Append(event(request))
		}
		return nil
	}
}

// wantError checks that err is of the kind and says what an operator needs.
func wantError(t testing.TB, err, kind error, says ...string) {
	t.Helper()
	if err == nil || kind != nil && !errors.Is(err, kind) {
		t.Fatalf("error %v, want %v", err, kind)
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("error %q doesn't say %q", err, s)
		}
	}
}

func TestReopenKeepsEverything(t *testing.T) {
	cfg := testConfig(newDir(t))
	s := mustOpen(t, cfg)
	mustDo(t, s.Ledger(), set("w/a", "1"))
	mustDo(t, s.Ledger(), appendEvents("r-1", 3))
	size, root := s.Ledger().Head()
	mustClose(t, s)

	s = mustOpen(t, cfg)
	if again, r := s.Ledger().Head(); again != size || r != root || size != 3 {
		t.Errorf("head after reopening: %d %x, was %d %x", again, r, size, root)
	}
	if got := get(t, s.Ledger(), "w/a"); got != "1" {
		t.Errorf("w/a is %q", got)
	}
}

func TestOpenRefusesIncompleteConfig(t *testing.T) {
	for name, c := range map[string]struct {
		breakIt func(*Config)
		says    string
	}{
		"no directory":     {func(c *Config) { c.Dir = "" }, "directory"},
		"no party":         {func(c *Config) { c.Party = "" }, "party"},
		"party not an id":  {func(c *Config) { c.Party = "../x" }, "party"},
		"no network":       {func(c *Config) { c.Network = [32]byte{} }, "network"},
		"no passphrase":    {func(c *Config) { c.Secret = Passphrase{} }, "passphrase"},
		"short passphrase": {func(c *Config) { c.Secret = NewPassphrase([]byte("hunter2")) }, "at least 12"},
	} {
		cfg := testConfig(newDir(t))
		c.breakIt(&cfg)
		_, err := Open(t.Context(), cfg)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(cfg.Dir); cfg.Dir != "" && err == nil {
			t.Errorf("%s: the directory was made", name)
		}
	}
}

func TestCloseTwice(t *testing.T) {
	s := mustOpen(t, testConfig(newDir(t)))
	mustClose(t, s)
	mustClose(t, s)
}

// The test binary is also the process that other tests kill, lock out or starve of space.
func TestMain(m *testing.M) {
	if role := os.Getenv("STORE_TEST_ROLE"); role != "" {
		if err := roles[role](os.Getenv("STORE_TEST_DIR")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

var roles = map[string]func(dir string) error{
	"open":   openRole,
	"append": appendRole,
}

// child runs the test binary in a role.
func child(ctx context.Context, role, dir string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), "STORE_TEST_ROLE="+role, "STORE_TEST_DIR="+dir)
	return cmd
}

func openRole(dir string) error {
	s, err := Open(context.Background(), testConfig(dir))
	if err != nil {
		return err
	}
	return s.Close()
}
