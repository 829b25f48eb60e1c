package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
)

func (t *tool) contextCommand() *cobra.Command {
	return group("context", "The nodes this tool speaks to, and with which keys",
		verb("list", "List the contexts", t.contextList),
		verb("use NAME", "Make a context the current one", t.contextUse),
		t.contextSet())
}

func (t *tool) contextList(context.Context, []string) error {
	path, err := t.contextsPath()
	if err != nil {
		return err
	}
	all, err := readContexts(path)
	if err != nil {
		return err
	}
	return t.ui.result(all, func(w io.Writer) {
		line(w, "CURRENT", "NAME", "PARTY", "URL", "NETWORK", "AGENT")
		for _, x := range all.Contexts {
			current := ""
			if x.Name == all.Current {
				current = "*"
			}
			line(w, current, x.Name, x.Party, x.URL, x.Network[:16], or(x.Agent, "-"))
		}
	})
}

func (t *tool) contextUse(_ context.Context, args []string) error {
	return t.changeContexts(func(c *Contexts) error {
		if _, ok := c.find(args[0]); !ok {
			return unknownContext(args[0])
		}
		c.Current = args[0]
		return nil
	})
}

// contextSet adds a context, or changes what is given of one.
func (t *tool) contextSet() *cobra.Command {
	var given Context
	c := verb("set NAME", "Add a context, or change one", nil)
	f := c.Flags()
	f.StringVar(&given.Party, "party", "", "the node's party")
	f.StringVar(&given.URL, "url", "", "the node's api.url")
	f.StringVar(&given.Network, "network", "", "network id, 64 hex digits")
	f.Int32Var(&given.GlobalID, "global-id", 0, "TON's global id: -239 for mainnet, -3 for testnet")
	f.IntVar(&given.Threshold, "threshold", 0, "how many parties must sign")
	f.StringSliceVar(&given.Parties, "parties", nil, "all parties, separated by commas")
	f.StringVar(&given.OperatorKeyFile, "operator-key", "", "file of the operator's key, or of a tripper's or auditor's")
	f.StringVar(&given.PolicyAdminKeyFile, "policy-admin-key", "", "file of the policy admin's key")
	f.StringVar(&given.Agent, "agent", "", "agent id, for tx")
	f.StringVar(&given.AgentKeyFile, "agent-key", "", "file of the agent's key")
	c.RunE = func(c *cobra.Command, args []string) error {
		given.Name = args[0]
		slices.Sort(given.Parties)
		if err := given.absolute(); err != nil {
			return err
		}
		return t.changeContexts(func(all *Contexts) error { return all.set(given) })
	}
	return c
}

// absolute makes paths on the command line independent of where it was typed.
func (x *Context) absolute() error {
	dir, err := filepath.Abs(".")
	if err != nil {
		return fmt.Errorf("find working directory: %w", err)
	}
	x.resolve(dir)
	return nil
}

// set adds x, or changes the context of its name in what x gives.
func (c *Contexts) set(x Context) error {
	i := slices.IndexFunc(c.Contexts, func(o Context) bool { return o.Name == x.Name })
	if i < 0 {
		c.Contexts = append(c.Contexts, Context{Name: x.Name})
		i = len(c.Contexts) - 1
	}
	old := &c.Contexts[i]
	take(&old.Party, x.Party)
	take(&old.URL, x.URL)
	take(&old.Network, x.Network)
	take(&old.GlobalID, x.GlobalID)
	take(&old.Threshold, x.Threshold)
	take(&old.OperatorKeyFile, x.OperatorKeyFile)
	take(&old.PolicyAdminKeyFile, x.PolicyAdminKeyFile)
	take(&old.Agent, x.Agent)
	take(&old.AgentKeyFile, x.AgentKeyFile)
	if x.Parties != nil {
		old.Parties = x.Parties
	}
	take(&c.Current, or(c.Current, x.Name))
	return nil
}

// take changes v to what was given, if anything was.
func take[T comparable](v *T, given T) {
	var none T
	if given != none {
		*v = given
	}
}

func (t *tool) changeContexts(change func(*Contexts) error) error {
	path, err := t.contextsPath()
	if err != nil {
		return err
	}
	all, err := readContexts(path)
	if err != nil {
		return err
	}
	if err := change(&all); err != nil {
		return err
	}
	return all.write(path)
}
