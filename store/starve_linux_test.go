package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func init() {
	roles["starve on a mount"] = func(dir string) error {
		if err := mountSmall(dir); err != nil {
			return fmt.Errorf("mount: %w", err)
		}
		return starve(testConfig(dir+"/data"), dir)
	}
	roles["starve by count"] = func(dir string) error {
		cfg := testConfig(dir + "/data")
		cfg.FreeSpace = func(string) (uint64, error) { return smallDisk - eaten(dir), nil }
		return starve(cfg, dir)
	}
}

// A store at work while another program eats the file system: a real one that is nearly full from the start, or, where
// mounting isn't permitted, by count of what the other program took.
func TestStoreSurvivesAFullFileSystem(t *testing.T) {
	t.Parallel()
	cmd := child(t.Context(), "starve on a mount", t.TempDir())
	cmd.SysProcAttr = ownMounts()
	out, err := cmd.CombinedOutput()
	if err != nil && (cmd.Process == nil || strings.HasPrefix(string(out), "mount: ")) {
		t.Logf("by count, because of: %v %s", err, out)
		out, err = child(t.Context(), "starve by count", t.TempDir()).CombinedOutput()
	}
	if err != nil || !strings.Contains(string(out), "survived") {
		t.Errorf("%v: %s", err, out)
	}
}

// ownMounts starts a process in a mount namespace of its own; who isn't root becomes root of a user namespace first.
func ownMounts() *syscall.SysProcAttr {
	if os.Geteuid() == 0 {
		return &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	}
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
}

// smallDisk has little more than the watermark.
const smallDisk = 640 << 20

// mountSmall mounts a small file system in memory, where badger's sparse files cost nothing.
func mountSmall(dir string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	return syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700", smallDisk))
}

// starve fails when the store does not refuse in time, doesn't come back, or loses what it acknowledged.
func starve(cfg Config, dir string) error {
	ctx := context.Background()
	s, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	acknowledged, err := appendUntilRefused(ctx, s.Ledger(), dir)
	if !errors.Is(err, ErrDiskFull) {
		return fmt.Errorf("on a full disk: %w", err)
	}
	if err := s.Close(); err != nil {
		return err
	}
	if _, err := Open(ctx, cfg); !errors.Is(err, ErrDiskFull) {
		return fmt.Errorf("opening on a full disk: %w", err)
	}
	if err := os.Remove(dir + "/filler"); err != nil {
		return err
	}
	return checkRecovered(ctx, cfg, acknowledged)
}

func checkRecovered(ctx context.Context, cfg Config, acknowledged int) error {
	s, err := Open(ctx, cfg)
	if err != nil {
		return fmt.Errorf("with space again: %w", err)
	}
	if size, _ := s.Ledger().Head(); size != uint64(acknowledged) {
		return fmt.Errorf("%d entries, %d were acknowledged", size, acknowledged)
	}
	if err := s.Ledger().Do(ctx, appendEvents("r-1", 1)); err != nil {
		return fmt.Errorf("with space again: %w", err)
	}
	fmt.Println("survived")
	return s.Close()
}

func eaten(dir string) uint64 {
	info, err := os.Stat(dir + "/filler")
	if err != nil {
		return 0
	}
	return uint64(info.Size())
}

// appendUntilRefused works while another program eats the space, 32 MiB at a time.
func appendUntilRefused(ctx context.Context, l *Ledger, dir string) (acknowledged int, err error) {
	filler, err := os.Create(dir + "/filler")
	if err != nil {
		return 0, err
	}
	defer filler.Close()
	for range smallDisk / (32 << 20) {
		if err := l.Do(ctx, appendEvents("r-1", 1)); err != nil {
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
