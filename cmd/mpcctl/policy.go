package main

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
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
		verb("show", "Show the policy in force, and the one that waits", func(ctx context.Context, _ []string) error {
			return each(ctx, t, func(ctx context.Context, s *site) (client.Policy, error) { return s.policy(ctx) }, policyText)
		}),
		t.policyApply(), t.policySign(),
		verb("cancel", "Stop the policy that waits, as each node's policy admin", t.policyCancel),
		t.policyDiff(), t.policyCheck(), t.policyTest(), t.policyReplay(), t.policyShadow(),
		t.policyRule(), t.policyAgent(), t.policyCapability())
}

func (t *tool) policyApply() *cobra.Command {
	var files []string
	c := verb("apply FILE", "Enter a policy at the nodes, as each one's policy admin", func(ctx context.Context, args []string) error {
		document, err := readPolicy(args[0])
		if err != nil {
			return err
		}
		sites, err := t.sites()
		if err != nil {
			return err
		}
		others, err := readPolicySignatures(files, sites, document)
		if err != nil {
			return err
		}
		return report(t, ask(ctx, sites, func(ctx context.Context, s *site) (p client.Policy, err error) {
			if err := s.applyPolicy(ctx, document, others...); err != nil {
				return p, s.succession(ctx, document, err)
			}
			return s.policy(ctx)
		}), appliedText)
	})
	c.Long = "apply signs the policy as the policy admin of each selected context and enters it there. The first policy of a party, and one that\n" +
		"allows no more in any point than the one before, is in force at once. Any other waits for the loosenDelay of the one in force by the\n" +
		"chain's time, and until then each policy admin of the party can stop it: mpcctl policy cancel."
	c.Flags().StringSliceVar(&files, "signatures", nil, "files that other policy admins made with mpcctl policy sign, separated by commas")
	return c
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

// applyPolicy hands the document to the node with the signatures of this party's policy admins: the context's own, and those
// of others that came in files.
func (s *site) applyPolicy(ctx context.Context, document []byte, others ...policySignature) error {
	key, err := s.policyAdminKey()
	if err != nil {
		return err
	}
	b := wire.SignPolicy(s.network, s.Party, key, document)
	for _, o := range others {
		if o.Party == s.Party && o.admin != b.Signatures[0].Admin {
			b.Signatures = append(b.Signatures, wire.BundleSignature{Admin: o.admin, Signature: o.Signature})
		}
	}
	return s.hand(ctx, key, "/v1/policies", b, nil)
}

// succession says what a refused document lacks: the parent and version that must follow, or signatures.
func (s *site) succession(ctx context.Context, document []byte, refused error) error {
	current, err := s.policy(ctx)
	if err != nil || current.Version == 0 {
		return refused
	}
	b, err := policy.Parse(document)
	if err != nil {
		return refused
	}
	if b.Version < current.Next || hex.EncodeToString(b.Parent[:]) != current.Hash {
		return hinted(refused, "version %d is in force: the next one says `version: %d` and `parent: %s`", current.Version, current.Next, current.Hash)
	}
	if last, err := policy.Parse([]byte(current.Document)); err == nil && last.Quorum > 1 {
		return hinted(refused, "%d policy admins sign: the others with `mpcctl policy sign FILE`, and --signatures names their files", last.Quorum)
	}
	return refused
}

func (s *site) policy(ctx context.Context) (p client.Policy, err error) {
	return p, s.get(ctx, "/v1/policies", &p)
}

// policyCancel stops whatever waits: what is signed names it, so nothing else is stopped.
func (t *tool) policyCancel(ctx context.Context, _ []string) error {
	return each(ctx, t, func(ctx context.Context, s *site) (stopped client.PendingPolicy, err error) {
		key, err := s.policyAdminKey()
		if err != nil {
			return stopped, err
		}
		p, err := s.policy(ctx)
		if err != nil {
			return stopped, err
		}
		if p.Pending == nil {
			return stopped, errors.New("no policy waits to come into force")
		}
		return *p.Pending, s.cancelPolicy(ctx, key, p.Pending.Hash)
	}, func(w io.Writer, p client.PendingPolicy) { line(w, "version", p.Version, "hash", p.Hash, "cancelled") })
}

func (s *site) cancelPolicy(ctx context.Context, key ed25519.PrivateKey, hash string) error {
	h, err := hex.DecodeString(hash)
	if err != nil || len(h) != 32 {
		return fmt.Errorf("the node names a policy %.80q, which is no hash", hash)
	}
	return s.hand(ctx, key, "/v1/policies:cancel", wire.SignPolicyCancellation(s.network, s.Party, key, [32]byte(h)), nil)
}

// appliedText says what is in force now, and what waits.
func appliedText(w io.Writer, p client.Policy) {
	line(w, "version", p.Version, "hash", p.Hash, "in force")
	if p.Pending != nil {
		line(w, "version", p.Pending.Version, "hash", p.Pending.Hash, "waits until "+clock(p.Pending.Due)+", since it allows more:")
		changesText(w, "", p.Pending.Loosens)
	}
}

// policyText writes the document as it was signed, so that it can be edited and applied again.
func policyText(w io.Writer, p client.Policy) {
	if p.Version == 0 {
		line(w, "# no policy is in force: everything is denied")
		return
	}
	line(w, "# version", p.Version)
	line(w, "# hash", p.Hash)
	if p.Pending != nil {
		line(w, "# pending", fmt.Sprintf("version %d, hash %s, until %s by the chain's time: mpcctl policy cancel stops it", p.Pending.Version, p.Pending.Hash, clock(p.Pending.Due)))
		changesText(w, "#   ", p.Pending.Loosens)
	}
	if p.Shadow != nil {
		line(w, "# shadow", fmt.Sprintf("version %d, hash %s, is judged beside it and decides nothing: mpcctl policy shadow", p.Shadow.Version, p.Shadow.Hash))
	}
	lines(w, p.Document)
}

func changesText(w io.Writer, before string, changes []client.PolicyChange) {
	for _, c := range changes {
		line(w, before+policy.Change(c).String())
	}
}
