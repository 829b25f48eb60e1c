package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// lockDir takes the directory for this process. The lock is the kernel's, on the open file: it ends with the process
// however it ends, and the file stays.
func lockDir(root *os.Root) (*os.File, error) {
	f, err := root.OpenFile("LOCK", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := takeLock(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock: %w", err)
	}
	return f, nil
}

func takeLock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("process %s has it open: stop it, or use another data directory", owner(f))
	}
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// unlockDir gives the directory back at once: a child that is just being started has the file open too, for a moment.
func unlockDir(f *os.File) {
	syscall.Flock(int(f.Fd()), syscall.LOCK_UN) // fails only for a file that is closed
	f.Close()
}

// owner reads the pid that the holder wrote.
func owner(f *os.File) string {
	b, err := io.ReadAll(io.LimitReader(f, 16))
	if pid := strings.TrimSpace(string(b)); err == nil && pid != "" {
		return pid
	}
	return "(unknown)"
}
