package store

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/tss"
)

var parties = []string{"user", "platform", "backup"}

// generated is one keygen of three parties, run once: it is shares that are wanted here, not keygens.
var generated = sync.OnceValue(func() map[string]tss.Share {
	links, shares := newLinks(), make([]tss.Share, len(parties))
	var wg sync.WaitGroup
	for i, p := range parties {
		wg.Go(func() {
			g, err := tss.Keygen(context.Background(), tss.Committee{Network: [32]byte{7}, Session: [32]byte{1},
				Key: epoch1.Key, Epoch: epoch1.Epoch, Need: 2, Parties: parties, Self: p}, links[p])
			if err != nil {
				panic(err)
			}
			shares[i] = g.Share
		})
	}
	wg.Wait()
	return map[string]tss.Share{parties[0]: shares[0], parties[1]: shares[1], parties[2]: shares[2]}
})

// link joins the parties of a keygen in memory.
type link struct {
	self  string
	inbox chan letter
	all   map[string]*link
}

type letter struct {
	from string
	b    []byte
}

func newLinks() map[string]*link {
	all := map[string]*link{}
	for _, p := range parties {
		all[p] = &link{self: p, inbox: make(chan letter, 64), all: all}
	}
	return all
}

func (l *link) Send(_ context.Context, to string, b []byte) error {
	l.all[to].inbox <- letter{from: l.self, b: bytes.Clone(b)}
	return nil
}

func (l *link) Recv(ctx context.Context) (string, []byte, error) {
	select {
	case m := <-l.inbox:
		return m.from, m.b, nil
	case <-ctx.Done():
		return "", nil, ctx.Err()
	}
}

// again returns a copy of a party's share, for the vault's tests to destroy.
func again(t testing.TB, party string) tss.Share {
	t.Helper()
	s, err := tss.ParseShare(generated()[party].Marshal())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPrepareRefusesWhatCantBeOpenedLater(t *testing.T) {
	v := mustOpen(t, testConfig(newDir(t))).Vault()
	destroyed := again(t, "user")
	destroyed.Destroy()
	for name, s := range map[string]tss.Share{
		"of another party": again(t, "backup"),
		"destroyed":        destroyed,
		"zero":             {},
	} {
		if err := v.Prepare(s); err == nil {
			t.Errorf("%s: prepared", name)
		}
	}
	if len(v.List()) != 0 {
		t.Errorf("List: %v", v.List())
	}
	if err := v.Prepare(again(t, "user")); err != nil {
		t.Fatal(err)
	}
	if err := v.Prepare(again(t, "user")); err == nil {
		t.Error("prepared twice")
	}
}

// testPermit mints a permit for a key test through the ledger, as a node does.
func testPermit(t testing.TB, s *Store, session byte, epoch uint32) *guard.Permit {
	t.Helper()
	cfg := guard.Config{Party: "user", Network: [32]byte{7}, Need: 2, GlobalID: -239}
	for i, p := range parties {
		cfg.Parties = append(cfg.Parties, guard.Party{Name: p, Identity: [32]byte{byte(i + 1)}})
	}
	g, err := guard.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var permit *guard.Permit
	mustDo(t, s.Ledger(), func(tx guard.Tx) (err error) {
		permit, err = g.TestPermit(tx, now, guard.TestTerms{
			Session: [32]byte{session}, Key: epoch1.Key, Epoch: epoch, Signers: parties[:2]})
		return err
	})
	return permit
}

var now = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func TestOpenGivesTheShareForAPermitOnce(t *testing.T) {
	cfg := testConfig(newDir(t))
	s := mustOpen(t, cfg)
	if err := s.Vault().Prepare(again(t, "user")); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	s = mustOpen(t, cfg)
	permit := testPermit(t, s, 1, 1)
	share, err := s.Vault().Open(now, permit)
	if err != nil {
		t.Fatal(err)
	}
	if want := generated()["user"]; !bytes.Equal(share.Marshal(), want.Marshal()) {
		t.Error("the share is another one")
	}
	if _, err := s.Vault().Open(now, permit); err == nil {
		t.Error("a permit opened the vault twice")
	}
}

func TestOpenRefuses(t *testing.T) {
	s := mustOpen(t, testConfig(newDir(t)))
	v := s.Vault()
	if err := v.Prepare(again(t, "user")); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		permit *guard.Permit
		at     time.Time
		says   string
	}{
		"no permit":                {nil, now, "permit"},
		"a permit of nobody":       {new(guard.Permit), now, "permit"},
		"an expired permit":        {testPermit(t, s, 1, 1), now.Add(time.Hour), "expired"},
		"a share that isn't there": {testPermit(t, s, 2, 5), now, "none"},
	} {
		share, err := v.Open(c.at, c.permit)
		if err == nil || share.Key() != "" {
			t.Errorf("%s: opened", name)
			continue
		}
		wantError(t, err, nil, c.says)
	}
}

// A file key and its file belong to a slot, and so does the share inside: were one sealed as another, it would not open.
func TestOpenRefusesAShareOfAnotherSlot(t *testing.T) {
	s := mustOpen(t, testConfig(newDir(t)))
	plain := generated()["user"].Marshal()
	mustAdd(t, s.Vault(), epoch2, plain)
	_, err := s.Vault().Open(now, testPermit(t, s, 1, epoch2.Epoch))
	wantError(t, err, nil, "another share")
}

func TestShareBytesAreNotOnDisk(t *testing.T) {
	cfg := testConfig(newDir(t))
	s := mustOpen(t, cfg)
	share := again(t, "user")
	if err := s.Vault().Prepare(share); err != nil {
		t.Fatal(err)
	}
	mustActivate(t, s.Vault(), epoch1)
	key := s.Vault().shares[epoch1].key
	opened, err := s.Vault().Open(now, testPermit(t, s, 1, 1))
	if err != nil {
		t.Fatal(err)
	}
	opened.Destroy()
	mustClose(t, s)
	notOnDisk(t, cfg.Dir, share.Marshal(), key[:], cfg.Secret.bytes())
}

// notOnDisk looks for every 16 bytes of the secrets in every file.
func notOnDisk(t *testing.T, dir string, secrets ...[]byte) {
	t.Helper()
	for file, c := range takeImage(t, dir).files {
		for _, secret := range secrets {
			for part := range slices.Chunk(secret, 16) {
				if len(part) == 16 && bytes.Contains(c.b, part) {
					t.Errorf("%s has %x", file, part)
				}
			}
		}
	}
}

// BenchmarkOpenShare is the vault's part of one signature: one permit, one share.
func BenchmarkOpenShare(b *testing.B) {
	s := mustOpen(b, testConfig(newDir(b)))
	if err := s.Vault().Prepare(again(b, "user")); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		plain, err := s.Vault().unseal(epoch1, true)
		if err != nil {
			b.Fatal(err)
		}
		share, err := tss.ParseShare(plain)
		if err != nil {
			b.Fatal(err)
		}
		share.Destroy()
		clear(plain)
	}
}
