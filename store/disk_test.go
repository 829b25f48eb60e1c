package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/tonaiagent/mpcnode/guard"
)

func TestFullDiskRefusesBeforeAnythingIsTouched(t *testing.T) {
	dir := newDir(t)
	synctest.Test(t, func(t *testing.T) {
		var free atomic.Uint64
		free.Store(minFree)
		cfg := testConfig(dir)
		cfg.FreeSpace = func(string) (uint64, error) { return free.Load(), nil }
		s := mustOpen(t, cfg)
		defer s.Close()
		l := s.Ledger()
		mustDo(t, l, set("a", "1"))

		free.Store(minFree - 1)
		time.Sleep(freeFor)
		l.sync = func(*badger.Txn) error { t.Error("badger was asked to commit"); return nil }
		err := l.Do(t.Context(), func(guard.Tx) error { t.Error("the operation ran"); return nil })
		wantError(t, err, ErrDiskFull, "511 MiB are free", "512 MiB must be", "free some space", dir)
		if got := get(t, l, "a"); got != "1" {
			t.Errorf("reading on a full disk: %q", got)
		}

		l.sync = (*badger.Txn).Commit
		free.Store(minFree)
		time.Sleep(freeFor)
		mustDo(t, l, set("a", "2"))
	})
}

func TestFreeSpaceIsLookedAtOnceInAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		d := disk{dir: "/data", free: func(string) (uint64, error) { looks++; return minFree, nil }}
		for range 1000 {
			if err := d.check(); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(freeFor)
		if err := d.check(); err != nil || looks != 2 {
			t.Errorf("%d looks, %v", looks, err)
		}
	})
}

func TestUnknownFreeSpaceRefuses(t *testing.T) {
	cfg := testConfig(newDir(t))
	cfg.FreeSpace = func(string) (uint64, error) { return minFree * 2, errors.New("no such device") }
	_, err := Open(t.Context(), cfg)
	wantError(t, err, nil, "no such device", "free space")
}

func TestOpenOnAFullDiskTouchesNothing(t *testing.T) {
	cfg := testConfig(newDir(t))
	cfg.FreeSpace = func(string) (uint64, error) { return minFree - 1, nil }
	_, err := Open(t.Context(), cfg)
	wantError(t, err, ErrDiskFull)
	cfg.FreeSpace = nil
	mustOpen(t, cfg) // and it is as good as new
}

func TestFreeSpaceIsTheFileSystems(t *testing.T) {
	if n, err := freeSpace(t.TempDir()); err != nil || n == 0 {
		t.Errorf("free: %d, %v", n, err)
	}
	if _, err := freeSpace("/does/not/exist"); err == nil {
		t.Error("free space of nothing")
	}
}

// starveRole fills the file system under a store that is at work, and frees it again. What it says is checked by
// TestStoreSurvivesAFullFileSystem.
func starveRole(dir string) error {
	if err := mountSmall(dir); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	cfg := testConfig(dir + "/data")
	s, err := Open(context.Background(), cfg)
	if err != nil {
		return err
	}
	acknowledged := 0
	if acknowledged, err = appendUntilRefused(s.Ledger(), dir); !errors.Is(err, ErrDiskFull) {
		return fmt.Errorf("on a full disk: %w", err)
	}
	if err := s.Close(); err != nil {
		return err
	}
	if _, err := Open(context.Background(), cfg); !errors.Is(err, ErrDiskFull) {
		return fmt.Errorf("opening on a full disk: %w", err)
	}
	if err := os.Remove(dir + "/filler"); err != nil {
		return err
	}
	if s, err = Open(context.Background(), cfg); err != nil {
		return fmt.Errorf("with space again: %w", err)
	}
	if size, _ := s.Ledger().Head(); size != uint64(acknowledged) {
		return fmt.Errorf("%d entries, %d were acknowledged", size, acknowledged)
	}
	if err := s.Ledger().Do(context.Background(), appendEvents("r-1", 1)); err != nil {
		return fmt.Errorf("with space again: %w", err)
	}
	fmt.Println("survived", acknowledged)
	return s.Close()
}

// appendUntilRefused works while another program eats the space, 32 MiB at a time.
func appendUntilRefused(l *Ledger, dir string) (acknowledged int, err error) {
	filler, err := os.Create(dir + "/filler")
	if err != nil {
		return 0, err
	}
	defer filler.Close()
	for range 40 {
		if err := l.Do(context.Background(), appendEvents("r-1", 1)); err != nil {
			return acknowledged, err
		}
		acknowledged++
		if _, err := filler.Write(make([]byte, 32<<20)); err != nil {
			return acknowledged, err
		}
		l.disk.mu.Lock()
		l.disk.until = time.Time{} // the next look is now
		l.disk.mu.Unlock()
	}
	return acknowledged, errors.New("never refused")
}

func TestStoreSurvivesAFullFileSystem(t *testing.T) {
	cmd := child(t.Context(), "starve", t.TempDir())
	cmd.SysProcAttr = ownMounts()
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "survived") {
		t.Errorf("%v: %s", err, out)
	}
}
