package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// errUsage is wrapped by errors of the command line.
var errUsage = errors.New("see `mpcnode --help`")

// execute runs one command and returns the exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := command(stderr)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	for line := range strings.SplitSeq(strings.TrimSpace(err.Error()), "\n") {
		fmt.Fprintln(stderr, "mpcnode:", line)
	}
	if errors.Is(err, errUsage) || strings.HasPrefix(err.Error(), "unknown command") {
		return exitUsage
	}
	return exitFailed
}

func command(stderr io.Writer) *cobra.Command {
	root := &cobra.Command{Use: "mpcnode", Short: "One party's node of a threshold-signing network for TON",
		SilenceErrors: true, SilenceUsage: true}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.AddCommand(runCommand(stderr), initCommand(), checkCommand(), versionCommand())
	for _, c := range root.Commands() {
		c.Args = func(c *cobra.Command, args []string) error { return usage(cobra.NoArgs(c, args)) }
	}
	return root
}

func usage(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", err, errUsage)
}

// configFlag adds --config and returns where its value will be.
func configFlag(c *cobra.Command) *string {
	path := c.Flags().String("config", "", "the node's configuration, a YAML file")
	return path
}

func required(flag, value string) error {
	if value == "" {
		return usage(fmt.Errorf("--%s is missing", flag))
	}
	return nil
}
