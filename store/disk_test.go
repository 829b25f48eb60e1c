package store

import (
	"errors"
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
