package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

func init() { roles["starve"] = starveRole }

// A store at work while another program eats the file system: in a real one that is nearly full from the start, or, where
// mounting isn't permitted, with a count of what the other program took.
func TestStoreSurvivesAFullFileSystem(t *testing.T) {
	dir := t.TempDir()
	run := func(attr *syscall.SysProcAttr) (*exec.Cmd, string, error) {
		cmd := child(t.Context(), "starve", dir)
		cmd.SysProcAttr = attr
		out, err := cmd.CombinedOutput()
		return cmd, string(out), err
	}
	cmd, out, err := run(ownMounts())
	if cmd.Process == nil {
		_, out, err = run(nil)
	}
	if err != nil || !strings.Contains(out, "survived") {
		t.Errorf("%v: %s", err, out)
	}
	t.Log(strings.TrimSpace(out))
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

// mountSmall mounts a small file system in memory, where badger's sparse files cost nothing. In a process without a mount
// namespace of its own it changes nothing.
func mountSmall(dir string) error {
	own, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		return err
	}
	if parents, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", os.Getppid())); err != nil || parents == own {
		return errors.New("no mount namespace")
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	return syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700", smallDisk))
}

// starveRole fails when the store does not refuse in time, doesn't come back, or loses what it acknowledged.
func starveRole(dir string) error {
	cfg, kind := testConfig(dir+"/data"), "a real file system"
	if err := mountSmall(dir); err != nil {
		kind = "a counted one, because of: " + err.Error()
		cfg.FreeSpace = func(string) (uint64, error) { return smallDisk - eaten(dir), nil }
	}
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
	fmt.Println("survived", kind)
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
