package store

import (
	"fmt"
	"os"
	"slices"
	"syscall"
)

// checkPrivate refuses a file or directory that other users can reach. The group may, where it is one of ours: that is
// how volumes are handed to containers.
func checkPrivate(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("check permissions: %w", err)
	}
	mode := info.Mode().Perm()
	if mode&0o007 != 0 {
		return fmt.Errorf("%s can be reached by every user (mode %04o): run chmod o-rwx on it", f.Name(), mode)
	}
	if mode&0o070 != 0 && !ourGroup(info) {
		return fmt.Errorf("%s can be reached by a group that is not ours (mode %04o): run chmod g-rwx on it", f.Name(), mode)
	}
	return nil
}

func ourGroup(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	groups, err := os.Getgroups()
	return int(st.Gid) == os.Getegid() || err == nil && slices.Contains(groups, int(st.Gid))
}
