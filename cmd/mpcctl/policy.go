package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/strictyaml"
)

func (t *tool) policyCommand() *cobra.Command {
	return group("policy", "What each party allows its agents",
		verb("show", "Show the policy in force", func(ctx context.Context, _ []string) error {
			return each(ctx, t, func(ctx context.Context, s *site) (client.Policy, error) { return s.policy(ctx) }, policyText)
		}),
		verb("apply FILE", "Put a policy into force at the nodes, as each one's policy admin", t.policyApply),
		t.policyCheck(), t.policyTest())
}

func (t *tool) policyApply(ctx context.Context, args []string) error {
	document, err := readPolicy(args[0])
	if err != nil {
		return err
	}
	return each(ctx, t, func(ctx context.Context, s *site) (p client.Policy, err error) {
		if err := s.applyPolicy(ctx, document); err != nil {
			return p, s.succession(ctx, document, err)
		}
		return s.policy(ctx)
	}, func(w io.Writer, p client.Policy) { line(w, "version", p.Version, "hash", p.Hash) })
}

// readPolicy reads a document and says what is wrong with it, before anyone signs it.
func readPolicy(path string) ([]byte, error) {
	document, err := readSmall(path, maxPolicy)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	if _, err := policy.Parse(document); err != nil {
		return nil, strictyaml.In(path, err)
	}
	return document, nil
}

// applyPolicy signs the document as this party's policy admin and hands it to the node.
func (s *site) applyPolicy(ctx context.Context, document []byte) error {
	key, err := s.key("policy-admin", s.PolicyAdminKeyFile)
	if err != nil {
		return err
	}
	return s.hand(ctx, key, "/v1/policies", wire.SignPolicy(s.network, s.Party, key, document), nil)
}

// succession says what a refused document must name as its parent and version, if that is what is wrong with it.
func (s *site) succession(ctx context.Context, document []byte, refused error) error {
	current, err := s.policy(ctx)
	if err != nil || current.Version == 0 {
		return refused
	}
	b, err := policy.Parse(document)
	if err != nil || b.Version > current.Version && hex.EncodeToString(b.Parent[:]) == current.Hash {
		return refused
	}
	return hinted(refused, "version %d is in force: the next one says `version: %d` and `parent: %s`",
		current.Version, current.Version+1, current.Hash)
}

func (s *site) policy(ctx context.Context) (p client.Policy, err error) {
	return p, s.get(ctx, "/v1/policies", &p)
}

// policyText writes the document as it was signed, so that it can be edited and applied again.
func policyText(w io.Writer, p client.Policy) {
	if p.Version == 0 {
		line(w, "# no policy is in force: everything is denied")
		return
	}
	line(w, "# version", p.Version)
	line(w, "# hash", p.Hash)
	lines(w, p.Document)
}
