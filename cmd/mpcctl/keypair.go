package main

import (
	"context"
	"encoding/hex"
	"io"

	"github.com/spf13/cobra"
)

// keypairCommand makes the keys of people and agents. They are no threshold keys: those are made by keygen, and nobody
// holds one.
func (t *tool) keypairCommand() *cobra.Command {
	c := verb("keypair FILE", "Make an Ed25519 key pair for an operator, policy admin, tripper, auditor or agent",
		func(_ context.Context, args []string) error {
			pub, err := createKey(args[0])
			if err != nil {
				return err
			}
			made := keypair{File: args[0], PublicKey: hex.EncodeToString(pub)}
			return t.ui.result(made, func(w io.Writer) { line(w, made.PublicKey) })
		})
	c.Long = "keypair writes the secret seed to FILE, mode 0600, and prints the public key, which goes into the nodes'\n" +
		"configuration (people) or into `mpcctl agent create` (agents). It never overwrites a file."
	return c
}

type keypair struct {
	File      string `json:"file"`
	PublicKey string `json:"public_key"`
}
