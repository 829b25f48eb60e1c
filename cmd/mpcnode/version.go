package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node"
)

func versionCommand() *cobra.Command {
	c := &cobra.Command{Use: "version", Short: "Print the version"}
	c.RunE = func(c *cobra.Command, _ []string) error {
		fmt.Fprintln(c.OutOrStdout(), "mpcnode", node.Release, revision(), runtime.Version())
		return nil
	}
	return c
}

// revision names the source that the binary was built from, if the build knew it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "unknown"
}
