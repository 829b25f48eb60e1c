package store

import (
	"fmt"
	"sync"
	"syscall"
	"time"
)

// disk watches the free space under a directory.
type disk struct {
	dir  string
	free func(dir string) (uint64, error)

	mu    sync.Mutex // guards the fields below
	until time.Time  // when the last look stops holding
	err   error      // what it found
}

// check returns nil when there is room to write.
func (d *disk) check() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if now.Before(d.until) {
		return d.err
	}
	d.until, d.err = now.Add(freeFor), d.look()
	return d.err
}

func (d *disk) look() error {
	n, err := d.free(d.dir)
	if err != nil {
		return fmt.Errorf("look at free space of %s: %w", d.dir, err)
	}
	if n < minFree {
		return fmt.Errorf("%w: %d MiB are free under %s and %d MiB must be: free some space, the node goes on by itself",
			ErrDiskFull, n>>20, d.dir, minFree>>20)
	}
	return nil
}

// freeSpace returns the bytes that this user may still write on the file system of dir.
func freeSpace(dir string) (uint64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return uint64(st.Bavail) * uint64(st.Bsize), nil
}
