package main

import (
	"log/slog"
	"testing"
	"testing/fstest"
)

var discard = slog.New(slog.DiscardHandler)

func TestCgroupLimit(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"own group":       {map[string]string{"proc/self/cgroup": "0::/system.slice/mpcnode.service\n", "sys/fs/cgroup/system.slice/mpcnode.service/memory.max": "536870912\n"}, 536870912},
		"container":       {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "268435456\n"}, 268435456},
		"hidden group":    {map[string]string{"proc/self/cgroup": "0::/outside\n", "sys/fs/cgroup/memory.max": "1000\n"}, 1000},
		"unlimited":       {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 0},
		"version 1":       {map[string]string{"proc/self/cgroup": "4:memory:/x\n"}, 0},
		"no cgroup":       {nil, 0},
		"strange content": {map[string]string{"proc/self/cgroup": "0::/../..\n", "sys/fs/cgroup/memory.max": "-1"}, 0},
	} {
		root := fstest.MapFS{}
		for path, content := range c.files {
			root[path] = &fstest.MapFile{Data: []byte(content)}
		}
		if got, ok := cgroupLimit(root); got != c.want || ok != (c.want > 0) {
			t.Errorf("%s: got %d %v, want %d", name, got, ok, c.want)
		}
	}
}
