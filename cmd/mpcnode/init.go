package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node"
)

func initCommand() *cobra.Command {
	c := &cobra.Command{Use: "init", Short: "Make a data directory with a new identity, and print its public key",
		Long: "init makes the directory and a new identity key in it, and nothing else. It never overwrites one. The public key\n" +
			"that it prints goes into network.parties of every party's configuration."}
	dir := c.Flags().String("data", "", "the node's data directory")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := required("data", *dir); err != nil {
			return err
		}
		path, err := filepath.Abs(*dir)
		if err != nil {
			return fmt.Errorf("find %s: %w", *dir, err)
		}
		pub, err := node.CreateIdentity(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.OutOrStdout(), "%x\n", []byte(pub))
		return nil
	}
	return c
}
