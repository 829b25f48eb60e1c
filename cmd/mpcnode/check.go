package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node"
)

func checkCommand() *cobra.Command {
	c := &cobra.Command{Use: "check", Short: "Report everything that is wrong with a configuration and the files it names",
		Long: "check reads the configuration and the environment as run does, and the identity, passphrase and TLS files.\n" +
			"It opens nothing else, so it may run beside the node."}
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := required("config", *path); err != nil {
			return err
		}
		cfg, err := node.LoadConfig(*path, os.Getenv)
		if err != nil {
			return err
		}
		if err := cfg.CheckFiles(); err != nil {
			return err
		}
		fmt.Fprintf(c.OutOrStdout(), "%s: ok: party %s of network %s, id %x\n", *path, cfg.Party, cfg.Network.Name, cfg.Manifest().ID())
		return nil
	}
	return c
}
