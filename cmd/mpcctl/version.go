package main

import (
	"context"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node"
)

type version struct {
	Release  string `json:"release"`
	Revision string `json:"revision,omitempty"` // of the source, if the build knew it
	Go       string `json:"go"`
}

func (t *tool) versionCommand() *cobra.Command {
	return verb("version", "Print the version", func(context.Context, []string) error {
		v := version{Release: node.Release, Go: runtime.Version()}
		if info, ok := debug.ReadBuildInfo(); ok {
			for _, s := range info.Settings {
				if s.Key == "vcs.revision" {
					v.Revision = s.Value
				}
			}
		}
		return t.ui.result(v, func(w io.Writer) { line(w, "mpcctl", v.Release, v.Revision, v.Go) })
	})
}
