package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestNewDirectoryIsPrivate(t *testing.T) {
	cfg := written(t, 1)
	s := mustOpen(t, cfg)
	mustAdd(t, s.Vault(), epoch1, secret)
	for name, want := range map[string]os.FileMode{
		".": 0o700, "ledger": 0o700, "log": 0o700, "vault": 0o700,
		"VERSION": 0o600, "LOCK": 0o600, anchorName: 0o600, pageName: 0o600, epoch1.file(): 0o600,
	} {
		info, err := os.Stat(filepath.Join(cfg.Dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", name, info.Mode().Perm(), err, want)
		}
	}
}

func TestWhatOthersCanReachIsRefused(t *testing.T) {
	cfg := testConfig(newDir(t))
	s := mustOpen(t, cfg)
	mustAdd(t, s.Vault(), epoch1, secret)
	mustClose(t, s)
	for _, name := range []string{".", "ledger", "log", "vault", "VERSION", anchorName, pageName, epoch1.file()} {
		path := filepath.Join(cfg.Dir, name)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, info.Mode()|0o004); err != nil {
			t.Fatal(err)
		}
		_, err = Open(t.Context(), cfg)
		wantError(t, err, nil, "every user", "chmod", filepath.Base(path))
		if err := os.Chmod(path, info.Mode()); err != nil {
			t.Fatal(err)
		}
	}
	mustOpen(t, cfg)
}

// info is a file of a group, as a file system would show it.
type info struct {
	os.FileInfo
	gid uint32
}

func (i info) Sys() any { return &syscall.Stat_t{Gid: i.gid} }

func TestGroupMayReachOnlyWhereItIsOurs(t *testing.T) {
	if !ourGroup(info{gid: uint32(os.Getegid())}) {
		t.Error("our own group is not ours")
	}
	if ourGroup(info{gid: 1<<31 - 7}) {
		t.Error("a group nobody is in is ours")
	}
	cfg := written(t, 1)
	if err := os.Chmod(cfg.Dir, 0o750); err != nil {
		t.Fatal(err)
	}
	mustClose(t, mustOpen(t, cfg))
	if err := os.Chown(cfg.Dir, -1, 1<<31-7); errors.Is(err, os.ErrPermission) {
		return // only root can hand a file to a foreign group
	} else if err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), cfg)
	wantError(t, err, nil, "group that is not ours", "chmod g-rwx")
}

func TestVersionIsChecked(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"2\n": "use the release that wrote it", "0\n": "VERSION says", "": "VERSION says", "x": "VERSION says", "-1\n": "VERSION says",
	} {
		cfg := written(t, 1)
		if err := os.WriteFile(filepath.Join(cfg.Dir, "VERSION"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), cfg)
		wantError(t, err, nil, says)
	}
}

func TestMissingPartIsSealed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"VERSION", "ledger", "log", "vault", anchorName, pageName} {
		cfg := written(t, 1)
		if err := os.RemoveAll(filepath.Join(cfg.Dir, name)); err != nil {
			t.Fatal(err)
		}
		wantSealed(t, cfg, name)
	}
}

func TestEmptiedLedgerIsSealed(t *testing.T) {
	cfg := written(t, 1)
	ledger := filepath.Join(cfg.Dir, "ledger")
	if err := os.RemoveAll(ledger); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(ledger, 0o700); err != nil {
		t.Fatal(err)
	}
	wantSealed(t, cfg, "behind its anchor")
}

func TestDirectoryOfAnotherIsSealed(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"party":   func(c *Config) { c.Party = "backup" },
		"network": func(c *Config) { c.Network = [32]byte{8} },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := written(t, 1)
			change(&cfg)
			wantSealed(t, cfg, "the directory is of")
		})
	}
}

func TestFilesOfOthersInTheDirectoryStay(t *testing.T) {
	cfg := testConfig(newDir(t))
	if err := os.Mkdir(cfg.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cfg.Dir, "identity.key")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustClose(t, mustOpen(t, cfg))
	if b, err := os.ReadFile(path); string(b) != "mine" {
		t.Errorf("identity.key is %q, %v", b, err)
	}
}

func TestSecondProcessIsToldWhoHoldsTheDirectory(t *testing.T) {
	cfg := testConfig(newDir(t))
	s := mustOpen(t, cfg)
	out, err := child(t.Context(), "open", cfg.Dir).CombinedOutput()
	if err == nil || !strings.Contains(string(out), fmt.Sprint("process ", os.Getpid(), " has it open")) {
		t.Errorf("the second process: %v, %s", err, out)
	}
	mustDo(t, s.Ledger(), appendEvents("r-1", 1)) // and the first goes on
	mustClose(t, s)
	if out, err := child(t.Context(), "open", cfg.Dir).CombinedOutput(); err != nil {
		t.Errorf("after the first has closed: %v, %s", err, out)
	}
}

func TestSecondOpenInOneProcessIsRefused(t *testing.T) {
	cfg := testConfig(newDir(t))
	mustOpen(t, cfg)
	_, err := Open(t.Context(), cfg)
	wantError(t, err, nil, "has it open")
}
