package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/node/client"
)

// policyDiff is what one policy says against another.
type policyDiff struct {
	From     string                `json:"from"` // context whose policy is in force
	FromHash string                `json:"from_hash"`
	To       string                `json:"to"` // another context, or a file
	ToHash   string                `json:"to_hash"`
	Looser   []client.PolicyChange `json:"looser"`  // points in which to allows more
	Tighter  []client.PolicyChange `json:"tighter"` // and less
}

// named is a policy and where it is from.
type named struct {
	name string
	*policy.Bundle
}

func (t *tool) policyDiff() *cobra.Command {
	c := &cobra.Command{Use: "diff [FILE]", Short: "Show in what a file, or another party's policy, allows more or less than the one in force"}
	c.Long = "diff FILE compares the policy in force at each selected node with a file. Without one it compares the first selected node's policy with\n" +
		"that of every other: by hash, and point by point in what it allows more (looser) or less (tighter)."
	c.RunE = func(c *cobra.Command, files []string) error {
		sites, err := t.sites()
		if err != nil {
			return err
		}
		if len(files) > 1 || len(files) == 0 && len(sites) < 2 {
			return usagef(c, "name one file, or several contexts: --context user,platform")
		}
		all, err := policyDiffs(c.Context(), sites, files)
		if err != nil {
			return err
		}
		return t.ui.result(all, func(w io.Writer) { diffText(w, all) })
	}
	return c
}

// policyDiffs compares what is in force at the sites with a file, or at the first with all others.
func policyDiffs(ctx context.Context, sites []*site, files []string) (all []policyDiff, err error) {
	inForce, err := policiesInForce(ctx, sites)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		for _, other := range inForce[1:] {
			all = append(all, diffOf(inForce[0], other))
		}
		return all, nil
	}
	document, err := readPolicy(files[0])
	if err != nil {
		return nil, err
	}
	b, err := policy.Parse(document)
	if err != nil {
		return nil, err
	}
	for _, one := range inForce {
		all = append(all, diffOf(one, named{files[0], b}))
	}
	return all, nil
}

func policiesInForce(ctx context.Context, sites []*site) (all []named, err error) {
	answers := ask(ctx, sites, func(ctx context.Context, s *site) (named, error) {
		b, err := s.inForce(ctx)
		return named{s.Name, b}, err
	})
	for _, a := range answers {
		if a.Result != nil {
			all = append(all, *a.Result)
		}
	}
	return all, first(answers)
}

// errNoPolicy says that nobody may do anything at a node.
var errNoPolicy = errors.New("no policy is in force")

// inForce is the policy in force at the node, read.
func (s *site) inForce(ctx context.Context) (*policy.Bundle, error) {
	p, err := s.policy(ctx)
	if err != nil {
		return nil, err
	}
	if p.Version == 0 {
		return nil, errNoPolicy
	}
	b, err := policy.Parse([]byte(p.Document))
	if err != nil {
		return nil, fmt.Errorf("the node's policy can't be read here: %w", err)
	}
	return b, nil
}

func diffOf(from, to named) policyDiff {
	d := policyDiff{From: from.name, FromHash: hex.EncodeToString(from.Hash[:]), To: to.name, ToHash: hex.EncodeToString(to.Hash[:])}
	for _, c := range policy.Loosens(from.Bundle, to.Bundle) {
		d.Looser = append(d.Looser, client.PolicyChange(c))
	}
	for _, c := range policy.Loosens(to.Bundle, from.Bundle) {
		d.Tighter = append(d.Tighter, client.PolicyChange{Path: c.Path, Old: c.New, New: c.Old})
	}
	return d
}

func diffText(w io.Writer, all []policyDiff) {
	for _, d := range all {
		line(w, d.From, d.FromHash)
		line(w, d.To, d.ToHash)
		switch {
		case d.FromHash == d.ToHash:
			line(w, "the same document")
		case len(d.Looser)+len(d.Tighter) == 0:
			line(w, "other documents that allow the same")
		}
		changesText(w, "looser: ", d.Looser)
		changesText(w, "tighter: ", d.Tighter)
	}
}
