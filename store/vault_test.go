package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var (
	epoch1 = slot{Key: "key-1", Epoch: 1}
	epoch2 = slot{Key: "key-1", Epoch: 2}
	secret = []byte("canary: these bytes are as secret as a share")
)

func mustAdd(t testing.TB, v *Vault, s slot, plain []byte) {
	t.Helper()
	if err := v.add(s, plain); err != nil {
		t.Fatal(err)
	}
}

func mustActivate(t testing.TB, v *Vault, s slot) {
	t.Helper()
	if err := v.Activate(s.Key, s.Epoch); err != nil {
		t.Fatal(err)
	}
}

func TestVaultKeepsSharesAndStatesOverRestart(t *testing.T) {
	cfg := testConfig(newDir(t))
	s := mustOpen(t, cfg)
	mustAdd(t, s.Vault(), epoch1, secret)
	mustActivate(t, s.Vault(), epoch1)
	mustAdd(t, s.Vault(), epoch2, []byte("the second"))
	mustAdd(t, s.Vault(), slot{Key: "a-key", Epoch: 7}, []byte("another"))
	mustClose(t, s)

	v := mustOpen(t, cfg).Vault()
	if got := fmt.Sprint(v.List()); got != "[{a-key 7 prepared} {key-1 1 active} {key-1 2 prepared}]" {
		t.Errorf("List: %s", got)
	}
	if got, err := v.unseal(epoch1, false); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("unseal: %q, %v", got, err)
	}
}

func TestUnsealOpensOnlyWhatMayBeUsed(t *testing.T) {
	v := mustOpen(t, testConfig(newDir(t))).Vault()
	mustAdd(t, v, epoch1, secret)
	refused := func(s slot, test bool, says string) {
		t.Helper()
		_, err := v.unseal(s, test)
		wantError(t, err, nil, says)
	}
	refused(epoch2, false, "none")
	refused(epoch1, false, "prepared, not active")
	if _, err := v.unseal(epoch1, true); err != nil {
		t.Errorf("a key test of a prepared share: %v", err)
	}
	mustActivate(t, v, epoch1)
	mustAdd(t, v, epoch2, []byte("the second"))
	if _, err := v.unseal(epoch1, false); err != nil {
		t.Errorf("beside a prepared epoch: %v", err)
	}
	mustActivate(t, v, epoch2)
	refused(epoch1, false, "epoch 2 is active")
	refused(epoch1, true, "epoch 2 is active")
	if err := v.Discard(epoch2.Key, epoch2.Epoch); err != nil {
		t.Fatal(err)
	}
	refused(epoch2, false, "none")
}

func TestAddRefuses(t *testing.T) {
	v := mustOpen(t, testConfig(newDir(t))).Vault()
	mustAdd(t, v, epoch1, secret)
	for name, s := range map[string]slot{
		"a second of the epoch": epoch1,
		"epoch zero":            {Key: "key-1"},
		"a path":                {Key: "../../etc", Epoch: 1},
		"a dot":                 {Key: "key-1.2", Epoch: 1},
		"no key":                {Epoch: 1},
	} {
		if err := v.add(s, []byte("x")); err == nil {
			t.Errorf("%s: added", name)
		}
	}
	if err := v.add(epoch2, make([]byte, maxSealed)); err == nil {
		t.Error("a share beyond the bound was added")
	}
	if got, err := v.unseal(epoch1, true); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("the first share: %q, %v", got, err)
	}
}

func TestActivateTwiceAndUnknown(t *testing.T) {
	v := mustOpen(t, testConfig(newDir(t))).Vault()
	mustAdd(t, v, epoch1, secret)
	mustActivate(t, v, epoch1)
	mustActivate(t, v, epoch1)
	if err := v.Activate(epoch2.Key, epoch2.Epoch); err == nil {
		t.Error("activated what the vault doesn't have")
	}
}

// TestDiscardOverwritesEveryCopyOfThePage holds on to the files by a second name each: the page, and one that a crash
// kept from becoming the page.
func TestDiscardOverwritesEveryCopyOfThePage(t *testing.T) {
	cfg := testConfig(newDir(t))
	v := mustOpen(t, cfg).Vault()
	mustAdd(t, v, epoch1, secret)
	page, left := filepath.Join(cfg.Dir, pageName), filepath.Join(cfg.Dir, pageName+tmpSuffix)
	sealed, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(left, sealed, 0o600); err != nil {
		t.Fatal(err)
	}
	held := []string{filepath.Join(t.TempDir(), "page"), filepath.Join(t.TempDir(), "left")}
	if err := errors.Join(os.Link(page, held[0]), os.Link(left, held[1])); err != nil {
		t.Fatal(err)
	}
	if err := v.Discard(epoch1.Key, epoch1.Epoch); err != nil {
		t.Fatal(err)
	}
	for _, name := range held {
		if b, err := os.ReadFile(name); err != nil || !bytes.Equal(b, make([]byte, len(sealed))) {
			t.Errorf("%s was not overwritten: %v", filepath.Base(name), err)
		}
	}
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the leftover is still there: %v", err)
	}
}

func TestFileKeysAreClearedWhereTheyWereReadFrom(t *testing.T) {
	cfg := testConfig(newDir(t))
	s := mustOpen(t, cfg)
	mustAdd(t, s.Vault(), epoch1, secret)
	mustAdd(t, s.Vault(), epoch2, secret)
	v := s.Vault()
	for _, damaged := range []bool{false, true} {
		_, records, err := openPage(s.root, cfg)
		if err != nil || len(records) != 2 {
			t.Fatalf("%d records, %v", len(records), err)
		}
		if damaged {
			records[0].Key[0]++
		}
		again := &Vault{root: v.root, network: v.network, party: v.party, shares: map[slot]*sealedShare{}}
		if err := again.loadAll(records); (err != nil) != damaged {
			t.Fatalf("damaged %v: %v", damaged, err)
		}
		for _, r := range records {
			if r.Key != (fileKey{}) {
				t.Errorf("damaged %v: the key of the %s is still in the list", damaged, r.Slot)
			}
		}
	}
}

func TestDiscardedShareIsGoneThoughItsFileIsPutBack(t *testing.T) {
	cfg := testConfig(newDir(t))
	s := mustOpen(t, cfg)
	mustAdd(t, s.Vault(), epoch1, secret)
	path := filepath.Join(cfg.Dir, epoch1.file())
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second is no error
		if err := s.Vault().Discard(epoch1.Key, epoch1.Epoch); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
	mustClose(t, s)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	v := mustOpen(t, cfg).Vault()
	if _, err := v.unseal(epoch1, true); err == nil || len(v.List()) != 0 {
		t.Errorf("opened a discarded share, %v", v.List())
	}
	mustAdd(t, v, epoch1, []byte("a new one")) // the slot is free again
}

func TestReplacedPageIsOverwritten(t *testing.T) {
	s := mustOpen(t, testConfig(newDir(t)))
	old, err := s.root.Open(pageName)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	mustAdd(t, s.Vault(), epoch1, secret)
	b := make([]byte, maxSmallFile)
	n, err := old.Read(b)
	if err != nil || n == 0 || bytes.Trim(b[:n], "\x00") != nil && len(bytes.Trim(b[:n], "\x00")) > 0 {
		t.Errorf("the replaced page still has %d bytes: %x, %v", n, b[:n], err)
	}
}

func TestVaultFileInAnothersPlaceIsSealed(t *testing.T) {
	cfg := testConfig(newDir(t))
	s := mustOpen(t, cfg)
	mustAdd(t, s.Vault(), epoch1, secret)
	mustAdd(t, s.Vault(), epoch2, secret)
	mustClose(t, s)
	one, two := filepath.Join(cfg.Dir, epoch1.file()), filepath.Join(cfg.Dir, epoch2.file())
	if err := os.Rename(one, two); err != nil {
		t.Fatal(err)
	}
	wantSealed(t, cfg, "unreadable")
	b, err := os.ReadFile(two)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(one, b, 0o600); err != nil {
		t.Fatal(err)
	}
	wantSealed(t, cfg, "epoch 2 is damaged")
}

// A share's file key opens it only as what it is: the associated data binds network, key, party and epoch.
func TestAssociatedDataBindsTheShare(t *testing.T) {
	base := Vault{network: [32]byte{1}, party: "user"}
	seen := map[[32]byte]string{base.ad(epoch1): "itself"}
	for name, ad := range map[string][32]byte{
		"epoch":   base.ad(epoch2),
		"key":     base.ad(slot{Key: "key-2", Epoch: 1}),
		"party":   (&Vault{network: [32]byte{1}, party: "backup"}).ad(epoch1),
		"network": (&Vault{network: [32]byte{2}, party: "user"}).ad(epoch1),
	} {
		if other, ok := seen[ad]; ok {
			t.Errorf("%s: same as %s", name, other)
		}
		seen[ad] = name
	}
}

func TestWrongPassphrase(t *testing.T) {
	cfg := written(t, 1)
	cfg.Secret = NewPassphrase([]byte("another passphrase"))
	_, err := Open(t.Context(), cfg)
	wantError(t, err, ErrPassphrase, cfg.Dir, "wrong passphrase")
	if strings.Contains(err.Error(), "another passphrase") {
		t.Error("the error says the passphrase")
	}
}

func TestDamagedPageOpensNothing(t *testing.T) {
	t.Parallel()
	cfg := testConfig(newDir(t))
	s := mustOpen(t, cfg)
	mustAdd(t, s.Vault(), epoch1, secret)
	mustClose(t, s)
	path := filepath.Join(cfg.Dir, pageName)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(good)*8; i += 5 { // every byte, another bit
		bad := bytes.Clone(good)
		bad[i/8] ^= 1 << (i % 8)
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), cfg)
		if !errors.Is(err, ErrPassphrase) && !errors.Is(err, ErrSealed) {
			t.Errorf("bit %d flipped: %v", i, err)
		}
	}
}

func TestClosedVaultRefusesAndForgets(t *testing.T) {
	s := mustOpen(t, testConfig(newDir(t)))
	v := s.Vault()
	mustAdd(t, v, epoch1, secret)
	h := v.shares[epoch1]
	mustClose(t, s)
	if h.key != (fileKey{}) || v.page.key != (fileKey{}) {
		t.Error("keys are still in memory")
	}
	_, err := v.unseal(epoch1, true)
	wantError(t, err, ErrClosed)
	wantError(t, v.add(epoch2, secret), ErrClosed)
	wantError(t, v.Activate(epoch1.Key, 1), ErrClosed)
	wantError(t, v.Discard(epoch1.Key, 1), ErrClosed)
}

// A disk that fails while the page is written must leave memory and disk agreeing on what can be opened.
func TestFailedPageWriteChangesNothing(t *testing.T) {
	s := mustOpen(t, testConfig(newDir(t)))
	v := s.Vault()
	mustAdd(t, v, epoch1, secret)
	if err := s.root.Mkdir(pageName+".tmp", 0o700); err != nil {
		t.Fatal(err)
	}
	if v.add(epoch2, secret) == nil || v.Activate(epoch1.Key, 1) == nil || v.Discard(epoch1.Key, 1) == nil {
		t.Error("a change without a page")
	}
	if got := fmt.Sprint(v.List()); got != "[{key-1 1 prepared}]" {
		t.Errorf("List: %s", got)
	}
	if err := s.root.Remove(pageName + ".tmp"); err != nil {
		t.Fatal(err)
	}
	mustAdd(t, v, epoch2, secret)
	mustActivate(t, v, epoch1)
}

func TestCostsOutOfBoundsAreRefused(t *testing.T) {
	if err := defaultCost.check(); err != nil {
		t.Error(err)
	}
	for _, c := range []cost{
		{}, {Time: 1, Memory: 8}, {Time: 1, Threads: 1}, {Memory: 8, Threads: 1},
		{Time: 17, Memory: 8, Threads: 1}, {Time: 1, Memory: 3 << 20, Threads: 1}, {Time: 1, Memory: 8, Threads: 65},
	} {
		if c.check() == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}

// The product's cost and no cheaper one seals a new page.
func TestNewPageHasTheRecommendedCost(t *testing.T) {
	t.Parallel()
	cfg := testConfig(newDir(t))
	cfg.cost = cost{}
	s := mustOpen(t, cfg)
	if c := s.Vault().page.cost; c.Time != 3 || c.Memory != 64<<10 || c.Threads != 4 {
		t.Errorf("cost %+v, want RFC 9106's second recommended option", c)
	}
}
