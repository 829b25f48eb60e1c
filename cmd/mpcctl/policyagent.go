package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/guard/policy"
)

func (t *tool) policyAgent() *cobra.Command {
	return group("agent", "What the policy in force allows one agent", t.policyAgentSet(), t.policyAgentRemove())
}

func (t *tool) policyAgentSet() *cobra.Command {
	var preset, file string
	c := t.editing(verb("set AGENT", "Set the permissions of an agent, in place of those that it has", nil), func(args []string) (policyEdit, error) {
		permissions, err := readPermissions(preset, file)
		if err != nil {
			return nil, err
		}
		return func(document []byte) ([]byte, error) { return policy.SetAgent(document, args[0], permissions) }, nil
	})
	c.Flags().StringVar(&preset, "preset", "", "conservative, balanced or aggressive")
	c.Flags().StringVar(&file, "file", "", "permissions as a policy has them below the agent's name, or - for standard input")
	return c
}

func readPermissions(preset, file string) ([]byte, error) {
	if (preset == "") == (file == "") {
		return nil, &failure{errors.New("want one of --preset and --file"), exitUsage, "see `mpcctl policy agent set --help`"}
	}
	if preset != "" {
		if _, ok := policy.Preset(preset); !ok {
			return nil, wrong("preset", fmt.Errorf("%q is none of conservative, balanced, aggressive", preset))
		}
		return []byte("preset: " + preset + "\n"), nil
	}
	b, err := readPiece(file)
	if err != nil {
		return nil, fmt.Errorf("read permissions: %w", err)
	}
	return b, nil
}

func (t *tool) policyAgentRemove() *cobra.Command {
	return t.editing(verb("rm AGENT", "Remove an agent, which may do nothing then", nil), func(args []string) (policyEdit, error) {
		return func(document []byte) ([]byte, error) {
			changed, err := policy.RemoveAgent(document, args[0])
			return changed, hinted(err, "`mpcctl policy show` says who is named where; a rule that names the agent goes first: mpcctl policy rule rm")
		}, nil
	})
}
