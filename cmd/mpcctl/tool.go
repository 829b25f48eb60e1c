package main

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// tool is what every verb works with.
type tool struct {
	ui       *ui
	file     string   // of the contexts; "" for the default
	selected []string // contexts; none: the current one
}

// run is the whole tool: arguments in, exit code out.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	t := &tool{ui: &ui{out: stdout, err: stderr, json: slices.Contains(args, "--json")}} // also for what is wrong before flags are read
	root := t.root()
	root.SetArgs(args)
	root.SetOut(stdout) // help that was asked for is a result
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err != nil && ctx.Err() != nil && !errors.Is(err, errInterrupted) {
		err = errInterrupted
	}
	return t.ui.end(err)
}

func (t *tool) root() *cobra.Command {
	root := group("mpcctl", "Operate a network of threshold-signing nodes for TON",
		t.demoCommand(), t.devCommand(), t.statusCommand(), t.keygenCommand(), t.keyCommand(), t.walletCommand(),
		t.agentCommand(), t.txCommand(), t.riskCommand(), t.policyCommand(), t.blacklistCommand(), t.feedCommand(), t.killCommand(), t.auditCommand(), t.contextCommand(),
		t.keypairCommand(), t.versionCommand())
	root.Long = "mpcctl operates a network of threshold-signing nodes for TON.\n\nTo see all of it on this machine: mpcctl demo\n\n" +
		"Exit codes: 0 done, 1 failed, 2 usage, 3 refused by a guard, 4 waiting for approval."
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usagef(c, "%v", err) })
	f := root.PersistentFlags()
	f.BoolVar(&t.ui.json, "json", t.ui.json, "print the result as JSON, and notes and the error as one JSON object a line")
	f.StringVar(&t.file, "contexts", os.Getenv("MPCCTL_CONTEXTS"), "contexts file, also MPCCTL_CONTEXTS (default ~/.config/mpcctl/contexts.yaml)")
	f.StringSliceVar(&t.selected, "context", nil, "contexts to use, separated by commas (default: the current one)")
	return root
}

// group is a verb that only holds others.
func group(name, short string, verbs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: name, Short: short, Args: cobra.ArbitraryArgs, RunE: func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usagef(c, "there is no command %q", strings.Join(append([]string{c.CommandPath()}, args[0]), " "))
		}
		return usagef(c, "which command? there are %s", strings.Join(names(c.Commands()), ", "))
	}}
	c.AddCommand(verbs...)
	return c
}

func names(commands []*cobra.Command) (all []string) {
	for _, c := range commands {
		if c.IsAvailableCommand() {
			all = append(all, c.Name())
		}
	}
	return all
}

// verb is a command that does something, with exactly the arguments that its use line names.
func verb(use, short string, do func(ctx context.Context, args []string) error) *cobra.Command {
	want := strings.Fields(use)[1:]
	return &cobra.Command{Use: use, Short: short,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != len(want) {
				return usagef(c, "%d arguments, want %d", len(args), len(want))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return do(c.Context(), args) },
	}
}

// require makes flags mandatory, with our own error.
func require(c *cobra.Command, flags ...string) *cobra.Command {
	do := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		for _, name := range flags {
			if !c.Flags().Changed(name) {
				return usagef(c, "--%s is missing", name)
			}
		}
		return do(c, args)
	}
	return c
}

// poll calls f until it says that it is done, fails, or ctx ends.
func poll(ctx context.Context, pace time.Duration, f func() (done bool, err error)) error {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		if done, err := f(); done || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
