package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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
	queryTime  = time.Minute      // the same of a Highload V3 wallet's, whose payload can execute as long
)

// order is what the command line asks for.
type order struct {
	wallet, to, amount, memo, asset string
	kind                            string
	operation                       []string // key=value
	payments                        string   // file of a batch
	payload                         string   // file
	expires                         string   // RFC 3339, or a duration from now
	key                             string   // idempotency key
	intent, strategy, confidence    string   // what the agent says of its reasons
	deliver                         string
}

func (o *order) flags(c *cobra.Command) *cobra.Command {
	f := c.Flags()
	f.StringVar(&o.wallet, "wallet", "", "wallet that pays")
	f.StringVar(&o.kind, "type", string(ton.OpTransfer), "what is asked for: transfer, jetton_transfer, jetton_burn, nft_transfer; and with --payload also what docs/api.md lists besides")
	f.StringVar(&o.to, "to", "", "destination address")
	f.StringVar(&o.amount, "amount", "", "amount: of TON in whole units, such as 1.5; of a jetton a whole number of its smallest unit")
	f.StringVar(&o.asset, "asset", ton.Native, "native, or jetton:<raw address of its master>")
	f.StringArrayVar(&o.operation, "operation", nil, "a field of the type's own as name=value, such as item=ADDRESS; may be given several times")
	f.StringVar(&o.memo, "memo", "", "comment to the recipient")
	f.StringVar(&o.payments, "payments", "", "instead of --to, --amount and --memo, a CSV file of a batch: destination,amount,memo")
	f.StringVar(&o.payload, "payload", "", "file with your own payload: a binary bag of cells (BoC), whose root is what is signed (default: the node builds one)")
	f.StringVar(&o.strategy, "strategy", "", "strategy that the request follows: one of the agent's, if its policy names any")
	f.StringVar(&o.intent, "intent", "", "what it is for, in words: validators read it, and the audit log keeps it")
	f.StringVar(&o.confidence, "confidence", "", "how sure the agent is, 0 to 1 with at most three decimals")
	f.StringVar(&o.expires, "expires", "", "until when the request holds: a duration, or a time in UTC by RFC 3339 (default: 5m; 1m of a Highload V3 wallet, whose payload can execute as long)")
	f.StringVar(&o.key, "idempotency-key", "", "sending the same request again with the same key and --expires signs nothing twice (default: a random one)")
	return require(c, "wallet")
}

// request makes the request that is asked for, checking here what can be checked without a node.
func (o *order) request() (r client.Request, err error) {
	if !slices.Contains([]string{"", client.DeliverSigned, client.DeliverSent, client.DeliverConfirmed}, o.deliver) {
		return r, wrong("deliver", errors.New("want signed, sent or confirmed"))
	}
	r = client.Request{Wallet: o.wallet, Type: o.kind, Asset: o.asset, Amount: o.amount, Destination: o.to, Memo: o.memo}
	if err := o.pay(&r); err != nil {
		return r, err
	}
	r.Context = o.context()
	if r.Operation, err = o.fields(); err != nil {
		return r, wrong("operation", err)
	}
	if r.Expires, err = until(or(o.expires, expireTime.String()), time.Now()); err != nil {
		return r, wrong("expires", err)
	}
	if o.payload != "" {
		boc, err := readSmall(o.payload, maxPayload)
		if err != nil {
			return r, fmt.Errorf("read payload: %w", err)
		}
		r.Payload = base64.StdEncoding.EncodeToString(boc)
	}
	o.key = or(o.key, rand.Text())
	return r, nil
}

// placed is request, with what the wallet needs to know which of its payloads this is.
func (t *tool) placed(ctx context.Context, o *order) (*site, client.Request, error) {
	s, err := t.site()
	if err != nil {
		return nil, client.Request{}, err
	}
	r, err := o.request()
	if err != nil {
		return nil, r, err
	}
	c, err := s.asAgent()
	if err != nil {
		return nil, r, err
	}
	return s, s.place(ctx, c, o, r), nil
}

// context is what the command line says of reasons, nil for nothing.
func (o *order) context() *client.Context {
	if o.intent+o.strategy+o.confidence == "" {
		return nil
	}
	c := &client.Context{Intent: o.intent, Strategy: o.strategy}
	if o.confidence != "" {
		n := json.Number(o.confidence)
		c.Confidence = &n
	}
	return c
}

// place addresses a request to the site's node, and gives that of a Highload V3 wallet its query id: drawn from the idempotency key, so that the same command
// with the same key and --expires makes the same request. A node that can't show the wallet says more about it when it is
// asked to sign.
func (s *site) place(ctx context.Context, c *client.Client, o *order, r client.Request) client.Request {
	r.Network, r.Coordinator = s.Network, s.Party
	var w client.Wallet
	if err := c.Get(ctx, "/v1/wallets/"+url.PathEscape(r.Wallet), &w); err != nil || w.Version != string(ton.HighloadV3) {
		return r
	}
	if o.expires == "" {
		r.Expires = time.Now().Add(queryTime).UTC().Truncate(time.Second)
	}
	r.Query = client.QueryFor(o.key, r.Expires)
	return r
}

// pay checks the one payment, or reads those of a batch.
func (o *order) pay(r *client.Request) (err error) {
	if o.payments != "" {
		if o.to != "" || o.amount != "" || o.memo != "" {
			return wrong("payments", errors.New("it takes the place of --to, --amount and --memo"))
		}
		r.Payments, err = readPayments(o.payments, o.asset)
		return err
	}
	if _, err := ton.ParseAmount(o.asset, o.amount); err != nil {
		return wrong("amount", err)
	}
	if _, _, err := ton.ParseAddress(o.to, true); err != nil && (o.to != "" || o.kind == string(ton.OpTransfer)) {
		return wrong("to", err) // what is burned goes to nobody: the node knows which types do that
	}
	return nil
}

// fields reads what the type has of its own; which fields it has, the node says.
func (o *order) fields() (client.Operation, error) {
	if len(o.operation) == 0 {
		return nil, nil
	}
	all := make(client.Operation, len(o.operation))
	for _, field := range o.operation {
		name, value, ok := strings.Cut(field, "=")
		if _, twice := all[name]; !ok || name == "" || twice {
			return nil, fmt.Errorf("%q: want each field once, as name=value", field)
		}
		all[name] = value
	}
	return all, nil
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

// again says how to send a request again whose answer was lost, or that was not admitted yet: with the same key and
// the same body, which holds the expiry, nothing is signed twice.
func again(err error, key string, expires time.Time) error {
	var p *client.Problem
	if errors.As(err, &p) && (p.HTTPStatus < http.StatusConflict || p.Code == "idempotency_conflict") || hintOf(err) != "" {
		return err
	}
	return hinted(err, "to ask again safely: the same command with --idempotency-key %s --expires %s", key, clock(expires))
}

func settled(s client.Status, deliver string) bool {
	return s.State == string(node.StatePending) || node.State(s.State).Final(node.Deliver(deliver))
}

// layered is a reason with its layer, if one of this node's layers gave it.
func layered(r client.Reason) string {
	if r.Layer == "" {
		return r.Code
	}
	return r.Layer + ": " + r.Code
}

// verdict turns how a request ended into how the tool ends.
func verdict(s client.Status) error {
	reason := client.Reason{Layer: "-", Code: "-", Text: "no reason was given"}
	if s.Reason != nil {
		reason = *s.Reason
	}
	switch node.State(s.State) {
	case node.StateDenied:
		err := refusedf(reason.Code, "%s: refused: %s: %s", s.ID, layered(reason), reason.Text)
		if reason.Code == "refused_by_peer" {
			return hinted(err, "each party's operator sees why its node refused: mpcctl --context PARTY tx status %s", s.ID)
		}
		return err
	case node.StateSimulated:
		if s.Effect != "allow" {
			return refusedf(reason.Code, "refused: %s: %s", layered(reason), reason.Text)
		}
	case node.StatePending:
		return waitingf(fmt.Sprintf("mpcctl tx unsigned %s --out FILE; mpcctl tx sign-offline FILE, where the key is; mpcctl tx submit FILE", s.ID),
			"%s waits for the signature of the wallet's owner", s.ID)
	case node.StateFailed, node.StateExpired, node.StateCancelled:
		return fmt.Errorf("%s: %s: %s: %s", s.ID, s.State, reason.Code, reason.Text)
	}
	return nil
}
