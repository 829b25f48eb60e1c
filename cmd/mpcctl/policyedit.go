package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/node/client"
)

// policyEdit changes the text of a document and nothing else of it.
type policyEdit func(document []byte) ([]byte, error)

// writtenPolicy is a document that was written for others to sign and apply. Its names are stable.
type writtenPolicy struct {
	File    string `json:"file"`
	Version uint64 `json:"version"`
	Hash    string `json:"hash"`
	Parent  string `json:"parent"`
}

// editing adds what all verbs share that edit the policy in force.
func (t *tool) editing(c *cobra.Command, edit func(args []string) (policyEdit, error)) *cobra.Command {
	var out string
	c.Flags().StringVar(&out, "out", "", "only write the new document to this file, for several policy admins to sign: mpcctl policy sign, mpcctl policy apply")
	c.RunE = func(c *cobra.Command, args []string) error {
		e, err := edit(args)
		if err != nil {
			return err
		}
		if out != "" {
			return t.writeEdited(c.Context(), e, out)
		}
		return each(c.Context(), t, func(ctx context.Context, s *site) (client.Policy, error) { return s.editPolicy(ctx, e) }, appliedText)
	}
	c.Long = c.Short + ".\n\nThe policy in force at each selected node is edited as text, comments and layout stay. It gets the version and the parent that\n" +
		"must follow, is signed as the context's policy admin and applied: see mpcctl policy apply."
	return c
}

func (t *tool) writeEdited(ctx context.Context, edit policyEdit, out string) error {
	s, err := t.site()
	if err != nil {
		return err
	}
	document, err := s.edited(ctx, edit)
	if err != nil {
		return err
	}
	b, err := policy.Parse(document)
	if err != nil {
		return err
	}
	if err := writePrivate(out, document); err != nil {
		return fmt.Errorf("write policy: %w", err)
	}
	w := writtenPolicy{out, b.Version, hex.EncodeToString(b.Hash[:]), hex.EncodeToString(b.Parent[:])}
	return t.ui.result(w, func(to io.Writer) { line(to, "version", w.Version, "hash", w.Hash, "written to "+out) })
}

// editPolicy enters the policy in force with a change, and returns what is in force then.
func (s *site) editPolicy(ctx context.Context, edit policyEdit) (p client.Policy, err error) {
	document, err := s.edited(ctx, edit)
	if err != nil {
		return p, err
	}
	if err := s.applyPolicy(ctx, document); err != nil {
		var refused *client.Problem
		if b, parseErr := policy.Parse(document); parseErr == nil && b.Quorum > 1 && errors.As(err, &refused) {
			return p, hinted(err, "several policy admins sign: --out FILE writes the document, then `mpcctl policy sign` and `mpcctl policy apply`")
		}
		return p, err
	}
	return s.policy(ctx)
}

// edited returns the document that follows the one in force, with a change. What waits would be dropped by it, so it refuses.
func (s *site) edited(ctx context.Context, edit policyEdit) ([]byte, error) {
	p, err := s.policy(ctx)
	switch {
	case err != nil:
		return nil, err
	case p.Version == 0:
		return nil, hinted(errors.New("no policy is in force that could be changed"), "mpcctl policy apply FILE enters the first one")
	case p.Pending != nil:
		return nil, hinted(fmt.Errorf("version %d waits, and a change of version %d would take its place", p.Pending.Version, p.Version),
			"wait until it is in force at %s, or stop it: mpcctl policy cancel", clock(p.Pending.Due))
	}
	document, err := edit([]byte(p.Document))
	if err == nil {
		document, err = policy.Succeed(document, p.Next, policy.Hash([]byte(p.Document)))
	}
	if errors.Is(err, policy.ErrLayout) {
		return nil, hinted(err, "edit it yourself: mpcctl policy show > FILE, and mpcctl policy apply FILE")
	}
	return document, err
}

// readPiece reads what goes into a policy, from a file or standard input.
func readPiece(path string) ([]byte, error) {
	if path != "-" {
		return readSmall(path, maxPolicy)
	}
	b, err := io.ReadAll(io.LimitReader(os.Stdin, maxPolicy+1))
	if err == nil && len(b) > maxPolicy {
		err = fmt.Errorf("standard input has more than %d bytes", maxPolicy)
	}
	return b, err
}
