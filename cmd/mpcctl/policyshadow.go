package main

import (
	"context"
	"crypto/ed25519"
	"io"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
)

func (t *tool) policyShadow() *cobra.Command {
	var off bool
	c := &cobra.Command{Use: "shadow [FILE]", Short: "Have a policy judged beside the one in force, deciding nothing; without a file, show which is"}
	c.Long = "shadow FILE signs the policy as the policy admin of each selected context and has the node judge every request by it too. Nothing\n" +
		"depends on what it says: that stands in the audit entry of each decision (shadow_effect, shadow_reason) and in the metric\n" +
		"mpcnode_shadow_decisions_total. Its version and parent need not follow the one in force, and its validators are not asked.\n" +
		"It takes the place of the one before, and ends with --off, or when it comes into force."
	c.Flags().BoolVar(&off, "off", false, "end it")
	c.RunE = func(c *cobra.Command, files []string) error {
		if len(files) > 1 || off && len(files) > 0 {
			return usagef(c, "name one file, or --off, or neither")
		}
		var document []byte // of none ends the shadow
		if len(files) > 0 {
			var err error
			if document, err = readPolicy(files[0]); err != nil {
				return err
			}
		}
		return each(c.Context(), t, func(ctx context.Context, s *site) (p client.Policy, err error) {
			if off || document != nil {
				if err := s.shadowPolicy(ctx, document); err != nil {
					return p, err
				}
			}
			return s.policy(ctx)
		}, shadowText)
	}
	return c
}

// shadowPolicy has the node judge by a document too; by none, it ends that.
func (s *site) shadowPolicy(ctx context.Context, document []byte) error {
	key, err := s.policyAdminKey()
	if err != nil {
		return err
	}
	p, err := s.policy(ctx)
	if err != nil {
		return err
	}
	return s.hand(ctx, key, "/v1/policies:shadow", wire.SignShadow(s.network, s.Party, key, p.NextShadow, document), nil)
}

func (s *site) policyAdminKey() (ed25519.PrivateKey, error) {
	return s.key("policy-admin", s.PolicyAdminKeyFile)
}

func shadowText(w io.Writer, p client.Policy) {
	if p.Shadow == nil {
		line(w, "no policy is judged beside the one in force")
		return
	}
	line(w, "version", p.Shadow.Version, "hash", p.Shadow.Hash, "decides nothing, since "+clock(p.Shadow.Since))
}
