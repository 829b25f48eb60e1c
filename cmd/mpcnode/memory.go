package main

import (
	"io/fs"
	"log/slog"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// gcPercent is how much garbage may come to what is live. Most of that is the ledger's tables, tens of megabytes which
// Go's default of 100 would double.
const gcPercent = 75

// limitMemory tells the garbage collector of the memory that the cgroup allows, unless GOMEMLIMIT does: it works harder
// then, instead of the kernel killing the node. A tenth is left for what Go doesn't manage.
func limitMemory(log *slog.Logger, getenv func(string) string) {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if getenv("GOMEMLIMIT") != "" {
		return
	}
	if limit, ok := cgroupLimit(os.DirFS("/")); ok {
		debug.SetMemoryLimit(limit / 10 * 9)
		log.Debug("memory limit", "cgroup_bytes", limit)
	}
}

// cgroupLimit reads memory.max of this process's cgroup (cgroups(7), version 2), or of the root that a container sees.
func cgroupLimit(root fs.FS) (bytes int64, ok bool) {
	own, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0, false
	}
	_, group, _ := strings.Cut(string(own), "0::")
	group, _, _ = strings.Cut(group, "\n")
	for _, dir := range []string{group, "/"} {
		raw, err := fs.ReadFile(root, path.Join("sys/fs/cgroup", path.Clean("/"+dir), "memory.max"))
		if bytes, perr := strconv.ParseInt(strings.TrimSpace(string(raw)), 10, 64); err == nil && perr == nil && bytes > 0 {
			return bytes, true
		}
	}
	return 0, false
}
