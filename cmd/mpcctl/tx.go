package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
)

func (t *tool) txCommand() *cobra.Command {
	return group("tx", "Ask for transactions, as the context's agent",
		t.txSend(), t.txSimulate(), t.txStatus(), t.txList(), t.txUnsigned(), t.txSignOffline(), t.txSubmit())
}

func (t *tool) txSend() *cobra.Command {
	var o order
	var wait time.Duration
	c := verb("send", "Ask for a transaction to be signed", func(ctx context.Context, _ []string) error {
		s, r, err := t.placed(ctx, &o)
		if err != nil {
			return err
		}
		status, err := s.send(ctx, r, o.deliver, o.key, wait)
		if err != nil {
			return again(err, o.key, r.Expires)
		}
		if !settled(status, o.deliver) {
			err = hinted(fmt.Errorf("%s is still %s after %s", status.ID, status.State, wait), "mpcctl tx status %s --wait 60s", status.ID)
		}
		ended := verdict(status)
		if status.State == string(node.StateFailed) {
			ended = again(ended, o.key, r.Expires)
		}
		return errors.Join(t.showStatus(status), ended, err)
	})
	f := c.Flags()
	f.StringVar(&o.deliver, "deliver", client.DeliverConfirmed, "how far the node takes it: signed, sent or confirmed")
	f.DurationVar(&wait, "wait", time.Minute, "how long to wait for it to settle")
	return o.flags(c)
}

func (t *tool) txStatus() *cobra.Command {
	var wait time.Duration
	c := verb("status REQUEST", "Show a request; an operator also sees every layer's verdict", func(ctx context.Context, args []string) error {
		s, err := t.site()
		if err != nil {
			return err
		}
		c, err := s.reader()
		if err != nil {
			return err
		}
		status, err := c.Status(ctx, args[0], wait)
		if err != nil {
			return err
		}
		return errors.Join(t.showStatus(status), verdict(status))
	})
	c.Flags().DurationVar(&wait, "wait", 0, "wait so long for it to settle, at most 60s")
	return c
}

// reader speaks as the operator if the context has its key, who sees more, and else as the agent.
func (s *site) reader() (*client.Client, error) {
	if s.OperatorKeyFile != "" {
		return s.operator()
	}
	return s.asAgent()
}

func (t *tool) txList() *cobra.Command {
	var limit int
	c := verb("list", "List requests, newest first, as the operator", func(ctx context.Context, _ []string) error {
		return each(ctx, t, func(ctx context.Context, s *site) (all []client.Status, err error) {
			return all, s.get(ctx, fmt.Sprintf("/v1/requests?limit=%d", limit), &all)
		}, requestsText)
	})
	c.Flags().IntVar(&limit, "limit", 50, "how many")
	return c
}

func (t *tool) showStatus(s client.Status) error {
	return t.ui.result(s, func(w io.Writer) { requestText(w, s) })
}

func requestText(w io.Writer, s client.Status) {
	for _, row := range [][2]string{
		{"request", s.ID}, {"state", s.State}, {"effect", said(s)}, {"wallet", s.Wallet}, {"agent", s.Agent},
		{"amount", strings.TrimSpace(s.Amount + " " + s.Asset)}, {"destination", paid(s)}, {"signers", strings.Join(s.Signers, ",")},
		{"signing hash", s.SigningHash}, {"signature", s.Signature}, {"message hash", s.MessageHash}, {"live until", liveUntil(s)}, {"message", unsent(s)},
	} {
		if row[1] != "" {
			line(w, row[0], row[1])
		}
	}
	if len(s.Verdicts) > 0 {
		line(w, "LAYER", "EFFECT", "REASON", "OBSERVED", "LIMIT")
	}
	for _, v := range s.Verdicts {
		line(w, v.Layer, v.Effect, v.Code, v.Observed, v.Limit)
	}
}

// said is what this node's guard decided, which others may have signed all the same.
func said(s client.Status) string {
	if s.Reason == nil || s.Effect == "allow" || len(s.Signers) == 0 {
		return s.Effect
	}
	return fmt.Sprintf("%s at this node (%s); the others have signed", s.Effect, layered(*s.Reason))
}

// liveUntil is when the payload can't execute any more at the latest, "" for one that can't already.
func liveUntil(s client.Status) string {
	if s.LiveUntil.IsZero() {
		return ""
	}
	return clock(s.LiveUntil)
}

// unsent is the message of who has to send it; nobody else wants to look at it.
func unsent(s client.Status) string {
	if s.State != string(node.StateSigned) {
		return ""
	}
	return s.BoC
}

// paid says to whom.
func paid(s client.Status) string {
	if s.Payments > 0 {
		return fmt.Sprintf("%d payments", s.Payments)
	}
	return s.Destination
}

func requestsText(w io.Writer, all []client.Status) {
	line(w, "REQUEST", "CREATED", "STATE", "WALLET", "AGENT", "AMOUNT", "DESTINATION", "REASON")
	for _, s := range all {
		reason := "-"
		if s.Reason != nil {
			reason = layered(*s.Reason)
		}
		line(w, s.ID, clock(s.Created), s.State, s.Wallet, s.Agent, s.Amount, paid(s), reason)
	}
}
