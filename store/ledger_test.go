package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
)

// inBubble opens a store in a synctest bubble, where "everybody waits" can be known.
func inBubble(t *testing.T, f func(t *testing.T, s *Store)) {
	t.Helper()
	dir := newDir(t)
	synctest.Test(t, func(t *testing.T) {
		s := mustOpen(t, testConfig(dir))
		defer s.Close()
		f(t, s)
	})
}

// hold keeps the committer busy with one operation until the returned function is called. Its Do must return want.
func hold(t *testing.T, l *Ledger, want error) (release func()) {
	t.Helper()
	gate := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := l.Do(t.Context(), func(guard.Tx) error { <-gate; return nil }); !errors.Is(err, want) {
			t.Errorf("the holding operation: %v, want %v", err, want)
		}
	})
	synctest.Wait()
	return func() { close(gate); wg.Wait() }
}

// countSyncs counts the ledger's syncs from now on; the committer must be idle.
func countSyncs(l *Ledger) *atomic.Int64 {
	var n atomic.Int64
	commit := l.sync
	l.sync = func(txn *badger.Txn) error { n.Add(1); return commit(txn) }
	return &n
}

func TestQueuedOperationsShareOneSync(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		l := s.Ledger()
		syncs := countSyncs(l)
		release := hold(t, l, nil)
		var wg sync.WaitGroup
		for i := range maxBatch - 1 {
			wg.Go(func() {
				if err := l.Do(t.Context(), appendEvents(fmt.Sprint("r-", i), 1)); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		release()
		wg.Wait()
		if n := syncs.Load(); n != 1 {
			t.Errorf("%d syncs for %d callers", n, maxBatch)
		}
		if size, _ := l.Head(); size != maxBatch-1 {
			t.Errorf("%d entries", size)
		}
	})
}

func TestPatientOperationsShareTheNextSync(t *testing.T) {
	appendOne := appendEvents("r", 1)
	for _, c := range []struct {
		name string
		ask  func(context.Context, *Ledger) error // 1 ms after two patient operations
		took time.Duration
	}{
		{"an operation takes them along", func(ctx context.Context, l *Ledger) error { return l.Do(ctx, appendOne) }, time.Millisecond},
		{"a patient one does not", func(ctx context.Context, l *Ledger) error { return l.DoSoon(ctx, appendOne) }, linger},
		{"closing does", func(_ context.Context, l *Ledger) error { return l.close() }, time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Store) {
				l := s.Ledger()
				syncs, start := countSyncs(l), time.Now()
				var wg sync.WaitGroup
				for range 2 {
					wg.Go(func() {
						if err := l.DoSoon(t.Context(), appendOne); err != nil {
							t.Error(err)
						}
					})
				}
				time.Sleep(time.Millisecond)
				if err := c.ask(t.Context(), l); err != nil {
					t.Error(err)
				}
				wg.Wait()
				if n, took := syncs.Load(), time.Since(start); n != 1 || took != c.took {
					t.Errorf("%d syncs after %s, want one after %s", n, took, c.took)
				}
			})
		})
	}
}

func TestLargeOperationsAreSplitOverSyncs(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		l := s.Ledger()
		syncs := countSyncs(l)
		release := hold(t, l, nil)
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				big := strings.Repeat("x", maxOpBytes-maxKey-writeOverhead)
				if err := l.Do(t.Context(), set(guard.Key(fmt.Sprint("y/", i)), big)); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		release()
		wg.Wait()
		if n := syncs.Load(); n < 2 {
			t.Errorf("%d sync for 6 MiB", n)
		}
	})
}

func TestManySmallWritesFitOneTransaction(t *testing.T) {
	l := mustOpen(t, testConfig(newDir(t))).Ledger()
	mustDo(t, l, func(tx guard.Tx) error {
		for i := range maxOpBytes/(writeOverhead+10) - 1 {
			tx.Set(guard.Key(fmt.Sprintf("y/%08d", i)), nil)
		}
		return nil
	})
}

func TestFailedOperationLeavesNothingAndNeighboursStay(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		l, boom := s.Ledger(), errors.New("boom")
		release := hold(t, l, nil)
		var wg sync.WaitGroup
		do := func(want error, op func(guard.Tx) error) {
			wg.Go(func() {
				if err := l.Do(t.Context(), op); !errors.Is(err, want) {
					t.Errorf("error %v, want %v", err, want)
				}
			})
			synctest.Wait()
		}
		do(nil, func(tx guard.Tx) error { tx.Append(event("r-1")); return set("a", "before")(tx) })
		do(boom, func(tx guard.Tx) error {
			tx.Set("a", []byte("lost"))
			tx.Set("b", []byte("lost"))
			tx.Append(event("r-lost"))
			return boom
		})
		do(nil, func(tx guard.Tx) error {
			if v, err := tx.Get("a"); string(v) != "before" || err != nil {
				t.Errorf("the next operation reads %q, %v", v, err)
			}
			if seq := tx.Append(event("r-2")); seq != 1 {
				t.Errorf("the next entry has number %d", seq)
			}
			return nil
		})
		release()
		wg.Wait()
		if a, b := get(t, l, "a"), get(t, l, "b"); a != "before" || b != "" {
			t.Errorf("a is %q, b is %q", a, b)
		}
		if size, _ := l.Head(); size != 2 {
			t.Errorf("%d entries, want 2", size)
		}
	})
}

func TestOperationsRunInTheOrderQueued(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		l := s.Ledger()
		release := hold(t, l, nil)
		var wg sync.WaitGroup
		var order []int // written by the committer alone
		for i := range 200 {
			wg.Go(func() {
				if err := l.Do(t.Context(), func(guard.Tx) error { order = append(order, i); return nil }); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		release()
		wg.Wait()
		for i, got := range order {
			if got != i {
				t.Fatalf("operation %d ran as number %d", got, i)
			}
		}
	})
}

func TestOverlayReadsItsOwnWritesAndDeletions(t *testing.T) {
	l := mustOpen(t, testConfig(newDir(t))).Ledger()
	mustDo(t, l, set("a", "old"))
	mustDo(t, l, func(tx guard.Tx) error {
		tx.Set("a", nil)
		tx.Set("empty", []byte{})
		if v, err := tx.Get("a"); v != nil || err != nil {
			t.Errorf("deleted: %q, %v", v, err)
		}
		return nil
	})
	err := l.View(t.Context(), func(tx guard.Tx) error {
		a, err := tx.Get("a")
		if a != nil || err != nil {
			t.Errorf("deleted, then synced: %q, %v", a, err)
		}
		empty, err := tx.Get("empty")
		if empty == nil || err != nil {
			t.Errorf("an empty value is %v, %v: absent and empty are not the same", empty, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAppendFillsInWhatIsTheStores(t *testing.T) {
	l := mustOpen(t, testConfig(newDir(t))).Ledger()
	mustDo(t, l, func(tx guard.Tx) error {
		e := event("r-1")
		e.Seq, e.Party = 99, "backup"
		tx.Append(e)
		tx.Append(e)
		return nil
	})
	got := entries(t, l, 0)
	if len(got) != 2 || got[1].Seq != 1 || got[1].Party != "user" || got[1].V != audit.Version {
		t.Fatalf("entries %+v", got)
	}
	if got[0].Salt == got[1].Salt || got[0].Salt == [16]byte{} {
		t.Error("salts are not random")
	}
}

func entries(t testing.TB, l *Ledger, from uint64) (list []audit.Entry) {
	t.Helper()
	err := l.Entries(t.Context(), from, maxScan, func(e audit.Entry) bool { list = append(list, e); return true })
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRequestEntriesAreThoseOfOneRequest(t *testing.T) {
	l := mustOpen(t, testConfig(newDir(t))).Ledger()
	mustDo(t, l, func(tx guard.Tx) error {
		for _, r := range []string{"r-1", "r-11", "", "r-1", "r-1"} {
			tx.Append(event(r))
		}
		return nil
	})
	for _, c := range []struct {
		from  uint64
		limit int
		want  string
	}{{0, 10, "[0 3 4]"}, {1, 10, "[3 4]"}, {0, 2, "[0 3]"}} {
		var got []uint64
		err := l.RequestEntries(t.Context(), "r-1", c.from, c.limit, func(e audit.Entry) bool {
			got = append(got, e.Seq)
			return true
		})
		if err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("from %d, at most %d: %v, %v; want %s", c.from, c.limit, got, err, c.want)
		}
	}
}

func TestOperationIsRefused(t *testing.T) {
	l := mustOpen(t, testConfig(newDir(t))).Ledger()
	for name, op := range map[string]func(guard.Tx) error{
		"audit entry overwritten": set("l/x", "x"),
		"head overwritten":        set("m/head", "x"),
		"edge overwritten":        set("e/x", "x"),
		"index overwritten":       set("i/r/x", "x"),
		"empty key":               set("", "x"),
		"long key":                set(guard.Key(strings.Repeat("k", maxKey+1)), "x"),
		"large value":             set("a", strings.Repeat("x", maxOpBytes)),
		"entry that can't be recorded": func(tx guard.Tx) error {
			tx.Append(audit.Entry{})
			return nil
		},
	} {
		err := l.Do(t.Context(), func(tx guard.Tx) error {
			tx.Set("b", []byte("with it"))
			return op(tx)
		})
		if err == nil {
			t.Errorf("%s: done", name)
		}
	}
	if size, _ := l.Head(); get(t, l, "b") != "" || size != 0 {
		t.Error("a refused operation left something")
	}
}

func TestPanicReachesTheCallerAndLeavesNothing(t *testing.T) {
	l := mustOpen(t, testConfig(newDir(t))).Ledger()
	func() {
		defer func() {
			v := recover()
			if text, _ := v.(string); !strings.Contains(text, "a bug") || !strings.Contains(text, "ledger_test.go") {
				t.Errorf("recovered %v", v)
			}
		}()
		l.Do(t.Context(), func(tx guard.Tx) error {
			tx.Set("a", []byte("lost"))
			panic("a bug")
		})
		t.Error("Do returned")
	}()
	mustDo(t, l, set("b", "1"))
	if got := get(t, l, "a"); got != "" {
		t.Errorf("a is %q", got)
	}
}

func TestViewRefusesWrites(t *testing.T) {
	l := mustOpen(t, testConfig(newDir(t))).Ledger()
	if err := l.View(t.Context(), set("a", "1")); !errors.Is(err, errReadOnly) {
		t.Errorf("Set: %v", err)
	}
	if err := l.View(t.Context(), appendEvents("r-1", 1)); !errors.Is(err, errReadOnly) {
		t.Errorf("Append: %v", err)
	}
	if size, _ := l.Head(); size != 0 || get(t, l, "a") != "" {
		t.Error("a view wrote")
	}
}

func TestViewSeesOnlyWhatIsSynced(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		l := s.Ledger()
		gate := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			err := l.Do(t.Context(), func(tx guard.Tx) error {
				tx.Set("a", []byte("1"))
				<-gate
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		if got := get(t, l, "a"); got != "" {
			t.Errorf("a is %q before the sync", got)
		}
		close(gate)
		wg.Wait()
		if got := get(t, l, "a"); got != "1" {
			t.Errorf("a is %q after the sync", got)
		}
	})
}

func TestScan(t *testing.T) {
	l := mustOpen(t, testConfig(newDir(t))).Ledger()
	mustDo(t, l, func(tx guard.Tx) error {
		for _, k := range []guard.Key{"w/a", "w/b", "w/c", "x/a", "v/z"} {
			tx.Set(k, []byte("value of "+k))
		}
		return nil
	})
	for _, c := range []struct {
		prefix, from guard.Key
		limit        int
		want         string
	}{
		{"w/", "", 10, "[w/a w/b w/c]"},
		{"w/", "w/b", 10, "[w/b w/c]"},
		{"w/", "w/b\x00", 10, "[w/c]"},
		{"w/", "", 2, "[w/a w/b]"},
		{"w/", "a", 10, "[w/a w/b w/c]"},
		{"none/", "", 10, "[]"},
	} {
		var got []guard.Key
		err := l.Scan(t.Context(), c.prefix, c.from, c.limit, func(k guard.Key, v []byte) bool {
			if string(v) != "value of "+string(k) {
				t.Errorf("%s is %q", k, v)
			}
			got = append(got, k)
			return true
		})
		if err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("Scan(%q, %q, %d): %v, %v; want %s", c.prefix, c.from, c.limit, got, err, c.want)
		}
	}
}

func TestScanRefusesLimitsOutOfBounds(t *testing.T) {
	l := mustOpen(t, testConfig(newDir(t))).Ledger()
	for _, limit := range []int{-1, 0, maxScan + 1} {
		if err := l.Scan(t.Context(), "w/", "", limit, func(guard.Key, []byte) bool { return true }); err == nil {
			t.Errorf("limit %d was taken", limit)
		}
	}
}

func TestScanStopsWhenToldTo(t *testing.T) {
	l := mustOpen(t, testConfig(newDir(t))).Ledger()
	mustDo(t, l, set("w/a", "1"))
	mustDo(t, l, set("w/b", "1"))
	n := 0
	if err := l.Scan(t.Context(), "w/", "", 10, func(guard.Key, []byte) bool { n++; return false }); err != nil || n != 1 {
		t.Errorf("%d records after false, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n = 0
	err := l.Scan(ctx, "w/", "", 10, func(guard.Key, []byte) bool { n++; cancel(); return true })
	if !errors.Is(err, context.Canceled) || n != 1 {
		t.Errorf("%d records after cancelling, %v", n, err)
	}
}

func TestCancelAfterQueueingReturnsWhatHappened(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		l := s.Ledger()
		release := hold(t, l, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := l.Do(ctx, set("a", "1")); err != nil {
				t.Errorf("done, but Do says %v", err)
			}
		})
		synctest.Wait()
		cancel()
		synctest.Wait()
		release()
		wg.Wait()
		if get(t, l, "a") != "1" {
			t.Error("the queued operation is lost")
		}
	})
}

func TestCancelWhileTheQueueIsFullRunsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		l := s.Ledger()
		release := hold(t, l, nil)
		var wg sync.WaitGroup
		for range maxQueue {
			wg.Go(func() {
				if err := l.Do(t.Context(), func(guard.Tx) error { return nil }); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			if err := l.Do(ctx, set("a", "1")); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled before queueing: %v", err)
			}
		})
		synctest.Wait()
		cancel()
		synctest.Wait()
		release()
		wg.Wait()
		if get(t, l, "a") != "" {
			t.Error("an operation ran after Do returned an error")
		}
	})
}

func TestCloseAnswersWhatIsQueued(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		l := s.Ledger()
		release := hold(t, l, nil)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if err := l.Do(t.Context(), appendEvents("r-1", 1)); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		wg.Go(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		release()
		wg.Wait()
		if size, _ := l.Head(); size != 100 {
			t.Errorf("%d of 100 operations done", size)
		}
	})
}

func TestClosedLedgerRefuses(t *testing.T) {
	s := mustOpen(t, testConfig(newDir(t)))
	mustClose(t, s)
	l := s.Ledger()
	wantError(t, l.Do(t.Context(), set("a", "1")), ErrClosed)
	wantError(t, l.View(t.Context(), func(guard.Tx) error { return nil }), ErrClosed)
	wantError(t, l.Scan(t.Context(), "a", "", 1, func(guard.Key, []byte) bool { return true }), ErrClosed)
}

func TestCommitFailureEndsTheLedger(t *testing.T) {
	dir := newDir(t)
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig(dir)
		var told []error
		cfg.OnFatal = func(err error) { told = append(told, err) }
		s := mustOpen(t, cfg)
		l := s.Ledger()
		mustDo(t, l, appendEvents("r-1", 1))
		synctest.Wait()
		l.sync = func(*badger.Txn) error { return errors.New("input/output error") }
		release := hold(t, l, ErrStorage)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { wantError(t, l.Do(t.Context(), appendEvents("r-2", 1)), ErrStorage, "input/output") })
		}
		synctest.Wait()
		release()
		wg.Wait()
		ran := false
		wantError(t, l.Do(t.Context(), func(guard.Tx) error { ran = true; return nil }), ErrStorage)
		if ran {
			t.Error("an operation ran after the failure")
		}
		wantError(t, s.Close(), ErrStorage)
		l.db.Close() // the process would be gone
		if len(told) != 1 || !errors.Is(told[0], ErrStorage) {
			t.Errorf("told %v", told)
		}
	})
	if size, _ := mustOpen(t, testConfig(dir)).Ledger().Head(); size != 1 {
		t.Errorf("%d entries after the restart, want 1", size)
	}
}

func TestAnchorFailureEndsTheLedger(t *testing.T) {
	dir := newDir(t)
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig(dir)
		var told []error
		cfg.OnFatal = func(err error) { told = append(told, err) }
		s := mustOpen(t, cfg)
		if err := s.root.Mkdir(anchorName+".tmp", 0o700); err != nil {
			t.Fatal(err)
		}
		mustDo(t, s.Ledger(), appendEvents("r-1", 1))
		synctest.Wait()
		wantError(t, s.Ledger().Do(t.Context(), appendEvents("r-1", 1)), ErrStorage, "anchor")
		wantError(t, s.Close(), ErrStorage)
		s.Ledger().db.Close() // the process would be gone
		if len(told) != 1 {
			t.Errorf("told %v", told)
		}
	})
}

func TestAnchorFollowsAtMostEveryQuarterSecond(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		l := s.Ledger()
		anchored := func() uint64 {
			a, err := readAnchor(s.root, testConfig("").origin())
			if err != nil {
				t.Fatal(err)
			}
			return a.size
		}
		for want, size := range []uint64{0, 1, 1} { // the first at once, the second is held back
			if got := anchored(); got != size {
				t.Fatalf("after %d commits the anchor has %d entries, want %d", want, got, size)
			}
			mustDo(t, l, appendEvents("r-1", 1))
			synctest.Wait()
		}
		time.Sleep(anchorEvery) // the bubble's clock
		synctest.Wait()
		if got := anchored(); got != 3 {
			t.Errorf("%d entries anchored after %v, want 3", got, anchorEvery)
		}
	})
}
