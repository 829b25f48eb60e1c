package store

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/tonaiagent/mpcnode/guard"
)

// view is a snapshot that stays open, and what it must show.
type view struct {
	tx   *snapshot
	want map[guard.Key]string
}

func openView(l *Ledger, want map[guard.Key]string) view {
	return view{&snapshot{under: l.db.NewTransaction(false), recent: l.recent}, maps.Clone(want)}
}

func (v view) check(t *testing.T, when string, k guard.Key) {
	t.Helper()
	got, err := v.tx.Get(k)
	if want, ok := v.want[k]; err != nil || string(got) != want || ok != (got != nil) {
		t.Errorf("%s: %s is %q (%v), want %q", when, k, got, err, want)
	}
}

// story writes at random, and knows what must be read. Its operations and the sync run on the committer's goroutine.
type story struct {
	t         *testing.T
	l         *Ledger
	r         *rand.Rand
	synced    map[guard.Key]string
	queued    map[guard.Key]string // with what isn't synced yet
	views     []view
	unfounded error
}

func (s *story) anyKey() guard.Key { return guard.Key(fmt.Sprint("k/", s.r.IntN(12))) }

// operation reads and writes some records, and fails at times.
func (s *story) operation(tx guard.Tx) error {
	own := maps.Clone(s.queued)
	for range 1 + s.r.IntN(4) {
		k := s.anyKey()
		if got, err := tx.Get(k); err != nil || string(got) != own[k] {
			s.t.Errorf("an operation reads %s: %q (%v), want %q", k, got, err, own[k])
		}
		if k = s.anyKey(); s.r.IntN(4) == 0 {
			tx.Set(k, nil)
			delete(own, k)
			continue
		}
		own[k] = fmt.Sprint(s.r.IntN(1e6))
		tx.Set(k, []byte(own[k]))
	}
	if s.r.IntN(4) == 0 {
		return s.unfounded
	}
	s.queued = own
	return nil
}

// sync commits, and looks from snapshots that began right before and right after it.
func (s *story) sync(commit func(*badger.Txn) error, txn *badger.Txn) error {
	before := openView(s.l, s.synced)
	for range 5 {
		before.check(s.t, "before a commit", s.anyKey())
	}
	err := commit(txn)
	s.synced = maps.Clone(s.queued)
	after := openView(s.l, s.synced)
	for range 5 {
		k := s.anyKey()
		before.check(s.t, "from before a commit, after it", k)
		after.check(s.t, "right after a commit", k)
	}
	s.views = append(s.views, before, after)
	return err
}

// Every snapshot, however old, and one that begins while a commit is on its way to the disk, shows what was so when it
// began; an operation sees all before it and nothing of one that failed.
func TestRecentRecordsAreThoseOfTheDatabase(t *testing.T) {
	st := mustOpen(t, testConfig(newDir(t)))
	defer st.Close()
	s := &story{t: t, l: st.Ledger(), r: rand.New(rand.NewPCG(7, 8)), synced: map[guard.Key]string{}, unfounded: errors.New("no")}
	s.queued = maps.Clone(s.synced)
	s.l.recent = newRecent(2000) // room for some of the keys
	commit := s.l.sync
	s.l.sync = func(txn *badger.Txn) error { return s.sync(commit, txn) }
	for i := 0; i < 500 && !t.Failed(); i++ {
		var queued []*operation
		for range 1 + i%4 {
			o := &operation{run: s.operation, done: make(chan struct{})}
			queued = append(queued, o)
			if err := s.l.enqueue(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
		for _, o := range queued {
			if <-o.done; o.err != nil && o.err != s.unfounded {
				t.Fatal(o.err)
			}
		}
		for ; len(s.views) > 20; s.views = s.views[1:] {
			s.views[0].tx.under.Discard()
		}
		for _, v := range s.views {
			v.check(t, "later", guard.Key(fmt.Sprint("k/", i%12)))
		}
	}
	for _, v := range s.views {
		v.tx.under.Discard()
	}
}

func TestRecentRecordsAreBounded(t *testing.T) {
	r := newRecent(10_000)
	big := make([]byte, maxRecentValue+1)
	r.learn("big", big, 1)
	if _, ok := r.get("big", 1); ok {
		t.Error("a value above the bound was kept")
	}
	for i := range 10_000 {
		r.learn(guard.Key(fmt.Sprint(i)), make([]byte, 50), 1)
		if _, ok := r.get("0", 1); !ok {
			t.Fatalf("what is used again and again was lost after %d others", i)
		}
	}
	size := 0
	for _, half := range []map[guard.Key]version{r.young, r.old} {
		for k, v := range half {
			size += len(k) + len(v.value) + recentOverhead
		}
	}
	if size > 10_000 {
		t.Errorf("%d bytes are kept", size)
	}
	if _, ok := r.get("1", 1); ok {
		t.Error("what nobody used is kept")
	}
}
