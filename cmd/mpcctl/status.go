package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node/client"
)

// statusCommand asks every node there is a context for: what one node says of itself is half the truth.
func (t *tool) statusCommand() *cobra.Command {
	return verb("status", "Show the state of the nodes of all contexts", func(ctx context.Context, _ []string) error {
		if err := t.selectAll(); err != nil {
			return err
		}
		sites, err := t.sites()
		if err != nil {
			return err
		}
		all := ask(ctx, sites, func(ctx context.Context, s *site) (h client.Health, err error) {
			return h, s.get(ctx, "/v1/health", &h)
		})
		if err := t.ui.result(all, func(w io.Writer) { statusText(w, all) }); err != nil {
			return err
		}
		return unready(all)
	})
}

// selectAll selects every context unless the command line names some.
func (t *tool) selectAll() error {
	path, err := t.contextsPath()
	if err != nil || len(t.selected) > 0 {
		return err
	}
	all, err := readContexts(path)
	for _, x := range all.Contexts {
		t.selected = append(t.selected, x.Name)
	}
	return err
}

func unready(all []outcome[client.Health]) error {
	var bad []string
	for _, o := range all {
		if o.err != nil || !o.Result.Ready {
			bad = append(bad, o.Context)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return errors.Join(fmt.Errorf("not ready: %s", list(bad)), first(all))
}

func statusText(w io.Writer, all []outcome[client.Health]) {
	line(w, "CONTEXT", "PARTY", "READY", "PEERS", "BLOCK", "AUDIT", "POLICY", "MISSING", "WARNINGS")
	for _, o := range all {
		if o.err != nil {
			line(w, o.Context, "-", "no", "-", "-", "-", "-", o.Error, "")
			continue
		}
		h := o.Result
		ready := "yes"
		if !h.Ready {
			ready = "no"
		}
		line(w, o.Context, h.Party, ready, peers(h.Peers), h.Chain.Seqno, h.Audit, or(h.Policy[:min(len(h.Policy), 16)], "none"), strings.Join(h.Missing, "; "), strings.Join(h.Warnings, "; "))
	}
}

// peers lists the links: how long a round trip takes, or that there is none.
func peers(all []client.PeerHealth) string {
	var up []string
	for _, p := range all {
		if !p.Up {
			up = append(up, p.Party+" down")
			continue
		}
		up = append(up, fmt.Sprintf("%s %.1f ms", p.Party, p.RTTMillis))
	}
	return list(up)
}
