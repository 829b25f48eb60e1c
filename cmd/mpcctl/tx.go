package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/ton"
)

const (
	pollWait   = 10 * time.Second // how long a node is asked to hold one call open
	expireTime = 5 * time.Minute  // how long a request holds unless it says otherwise
)

func (t *tool) txCommand() *cobra.Command {
	return group("tx", "Ask for transactions, as the context's agent",
		t.txSend(), t.txSimulate(), t.txStatus(), t.txList())
}

// order is what the command line asks for.
type order struct {
	wallet, to, amount, memo, asset string
	payload                         string // file
	expires                         string // RFC 3339, or a duration from now
	key                             string // idempotency key
	deliver                         string
}

func (o *order) flags(c *cobra.Command) *cobra.Command {
	f := c.Flags()
	f.StringVar(&o.wallet, "wallet", "", "wallet that pays")
	f.StringVar(&o.to, "to", "", "destination address")
	f.StringVar(&o.amount, "amount", "", "amount in whole units, such as 1.5")
	f.StringVar(&o.asset, "asset", ton.Native, "asset id")
	f.StringVar(&o.memo, "memo", "", "comment to the recipient")
	f.StringVar(&o.payload, "payload", "", "file with your own payload: BoC of the cell whose hash is signed (default: the node builds one)")
	f.StringVar(&o.expires, "expires", expireTime.String(), "until when the request holds: a duration, or a time in UTC by RFC 3339")
	f.StringVar(&o.key, "idempotency-key", "", "sending the same request again with the same key signs nothing twice (default: a random one)")
	return require(c, "wallet", "to", "amount")
}

func (t *tool) txSend() *cobra.Command {
	var o order
	var wait time.Duration
	c := verb("send", "Ask for a transfer to be signed", func(ctx context.Context, _ []string) error {
		s, r, err := t.request(&o)
		if err != nil {
			return err
		}
		status, err := s.send(ctx, r, o.deliver, o.key, wait)
		if err != nil {
			return hinted(err, "%s", or(hintOf(err), fmt.Sprintf("to ask again safely: the same command with --idempotency-key %s --expires %s",
				o.key, r.Expires.Format(time.RFC3339))))
		}
		return errors.Join(t.showStatus(status), verdict(status))
	})
	f := c.Flags()
	f.StringVar(&o.deliver, "deliver", client.DeliverConfirmed, "how far the node takes it: signed, sent or confirmed")
	f.DurationVar(&wait, "wait", time.Minute, "how long to wait for it to settle")
	return o.flags(c)
}

func (t *tool) txSimulate() *cobra.Command {
	var o order
	c := verb("simulate", "Ask what a transfer would be told, and sign nothing", func(ctx context.Context, _ []string) error {
		s, r, err := t.request(&o)
		if err != nil {
			return err
		}
		c, err := s.asAgent()
		if err != nil {
			return err
		}
		status, err := c.Simulate(ctx, r, o.key)
		if err != nil {
			return err
		}
		return errors.Join(t.showStatus(status), verdict(status))
	})
	return o.flags(c)
}

// request makes the request that is asked for, checking here what can be checked without a node.
func (t *tool) request(o *order) (s *site, r client.Request, err error) {
	if s, err = t.site(); err != nil {
		return nil, r, err
	}
	if !slices.Contains([]string{"", client.DeliverSigned, client.DeliverSent, client.DeliverConfirmed}, o.deliver) {
		return nil, r, wrong("deliver", errors.New("want signed, sent or confirmed"))
	}
	if _, err := ton.ParseNano(o.amount, ton.NativeDecimals); err != nil {
		return nil, r, wrong("amount", err)
	}
	if _, _, err := ton.ParseAddress(o.to, true); err != nil {
		return nil, r, wrong("to", err)
	}
	r = client.Request{Network: s.Network, Wallet: o.wallet, Coordinator: s.Party, Type: string(ton.OpTransfer),
		Asset: o.asset, Amount: o.amount, Destination: o.to, Memo: o.memo}
	if r.Expires, err = until(o.expires, time.Now()); err != nil {
		return nil, r, wrong("expires", err)
	}
	if o.payload != "" {
		boc, err := readSmall(o.payload, maxPayload)
		if err != nil {
			return nil, r, fmt.Errorf("read payload: %w", err)
		}
		r.Payload = base64.StdEncoding.EncodeToString(boc)
	}
	o.key = or(o.key, rand.Text())
	return s, r, nil
}

func wrong(flag string, err error) error {
	return &failure{fmt.Errorf("--%s: %w", flag, err), exitUsage, ""}
}

// until reads a duration from now, or a time.
func until(s string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return now.Add(d).UTC().Truncate(time.Second), nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return at, fmt.Errorf("%q is neither a duration such as 5m nor a time such as 2026-10-01T12:00:00Z", s)
	}
	return at.UTC(), nil
}

// asAgent returns a client that signs as the context's agent.
func (s *site) asAgent() (*client.Client, error) {
	if s.Agent == "" {
		return nil, hinted(fmt.Errorf("context %s names no agent", s.Name), "mpcctl context set %s --agent ID --agent-key FILE", s.Name)
	}
	key, err := s.key("agent", s.AgentKeyFile)
	if err != nil {
		return nil, err
	}
	return s.client("agent:"+s.Agent, key), nil
}

// send asks for a signature and waits until the request is settled as far as it was asked to be taken.
func (s *site) send(ctx context.Context, r client.Request, deliver, key string, wait time.Duration) (client.Status, error) {
	c, err := s.asAgent()
	if err != nil {
		return client.Status{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, wait+callTimeout) // the node answers in pollWait at the latest
	defer cancel()
	end := time.Now().Add(wait)
	status, err := c.Send(ctx, r, deliver, key)
	for err == nil && !settled(status, deliver) && time.Now().Before(end) {
		status, err = c.Status(ctx, status.ID, pollWait)
	}
	return status, err
}

func settled(s client.Status, deliver string) bool {
	return node.State(s.State).Final(node.Deliver(deliver))
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

// verdict turns how a request ended into how the tool ends.
func verdict(s client.Status) error {
	reason := client.Reason{Layer: "-", Code: "-", Text: "no reason was given"}
	if s.Reason != nil {
		reason = *s.Reason
	}
	switch node.State(s.State) {
	case node.StateDenied:
		return refusedf("%s: refused: %s: %s: %s", s.ID, reason.Layer, reason.Code, reason.Text)
	case "PENDING_APPROVAL":
		return waitingf("", "%s waits for approval", s.ID)
	case node.StateFailed, node.StateExpired, node.StateCancelled:
		return fmt.Errorf("%s: %s: %s: %s", s.ID, s.State, reason.Code, reason.Text)
	}
	if s.Effect == "deny" { // of a simulation
		return refusedf("refused: %s: %s: %s", reason.Layer, reason.Code, reason.Text)
	}
	return nil
}

func (t *tool) showStatus(s client.Status) error {
	return t.ui.result(s, func(w io.Writer) {
		for _, row := range [][2]string{
			{"request", s.ID}, {"state", s.State}, {"effect", s.Effect}, {"wallet", s.Wallet}, {"agent", s.Agent},
			{"amount", strings.TrimSpace(s.Amount + " " + s.Asset)}, {"destination", s.Destination}, {"signers", strings.Join(s.Signers, ",")},
			{"signing hash", s.SigningHash}, {"signature", s.Signature}, {"message", s.BoC},
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
	})
}

func requestsText(w io.Writer, all []client.Status) {
	line(w, "REQUEST", "CREATED", "STATE", "WALLET", "AGENT", "AMOUNT", "DESTINATION", "REASON")
	for _, s := range all {
		reason := "-"
		if s.Reason != nil {
			reason = s.Reason.Layer + "/" + s.Reason.Code
		}
		line(w, s.ID, clock(s.Created), s.State, s.Wallet, s.Agent, s.Amount, s.Destination, reason)
	}
}
