package main

import (
	"errors"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
)

// TestKeyIsWholeOrNotThere lets no file grow, as on a full disk: a key is never overwritten, so half of one would be in the
// way.
func TestKeyIsWholeOrNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 0, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := createKey(path)
	if back := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); back != nil {
		t.Fatal(back)
	}
	if !errors.Is(err, syscall.EFBIG) {
		t.Fatalf("with a full disk: %v", err)
	}
	if _, err := createKey(path); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
