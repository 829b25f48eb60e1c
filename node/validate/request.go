package validate

import (
	"encoding/hex"
	"fmt"
	"maps"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
)

// Version is that of Request. Fields may be added under it; what one means changes only with the next.
const Version = 1

// Request is what a validator is asked about: what the agent declared, as this node has read it, and what the bytes to be
// signed say. Amounts are decimal strings as in a request: coins in whole TON, jettons in their smallest unit. Addresses
// are raw, hashes hex, times RFC 3339 in UTC.
type Request struct {
	V         int    `json:"v"`
	Validator string `json:"validator"` // the id under which the policy names it
	Layer     string `json:"layer"`     // intent or strategy
	Party     string `json:"party"`     // whose node asks
	Policy    string `json:"policy"`    // hash of the bundle

	ID        string            `json:"id"`     // of the agent's request
	Digest    string            `json:"digest"` // of its exact body
	Network   string            `json:"network"`
	Agent     string            `json:"agent"`
	Wallet    string            `json:"wallet"`
	Expires   string            `json:"expires"`
	Type      string            `json:"type"`
	Asset     string            `json:"asset"`
	Amount    string            `json:"amount"`   // the sum of the payments
	Payments  []Payment         `json:"payments"` // in the order in which they are sent
	Operation map[string]string `json:"operation"`
	Context   Context           `json:"context"`

	Payload    string    `json:"payload"` // the hash that would be signed
	Address    string    `json:"address"` // the wallet's
	ValidUntil string    `json:"valid_until"`
	Messages   []Message `json:"messages"`
}

// Payment is what one message is declared to carry.
type Payment struct {
	Amount      string `json:"amount"`
	Destination string `json:"destination"` // "": nobody, what is burned
	Memo        string `json:"memo"`
}

// Context is what the agent says of its request.
type Context struct {
	Intent     string `json:"intent"`
	Strategy   string `json:"strategy"`
	Confidence string `json:"confidence"` // "0.950"; "": none was stated
}

// Message is what one message does by its bytes alone: what its destination makes of it is not proven yet, and judged by
// the node elsewhere.
type Message struct {
	Op        string `json:"op"`
	To        string `json:"to"`
	Value     string `json:"value"` // in TON
	Bounce    bool   `json:"bounce"`
	Opcode    string `json:"opcode"` // 8 hex digits
	Comment   string `json:"comment"`
	Jettons   string `json:"jettons"`   // how many are sent or burned
	Recipient string `json:"recipient"` // of jettons or of an item, "" for none
	Venue     string `json:"venue"`     // exchange
	MinOut    string `json:"min_out"`   // the least that a swap may give, in the smallest unit
	BodyHash  string `json:"body_hash"`
	StateInit string `json:"state_init"` // hash of what is deployed, "" for nothing
}

// Describe returns what is asked about a case; the fields of the validator's own are still empty.
func Describe(party string, c guard.Case) Request {
	i, t := c.Intent, c.Tx
	r := Request{
		V: Version, Party: party, ID: i.RequestID, Digest: hash(i.Request), Network: hash(i.Network), Agent: i.Agent, Wallet: i.Wallet,
		Expires: clock(i.Expires), Type: i.Type, Asset: i.Asset, Amount: ton.FormatAmount(i.Asset, i.Amount),
		Operation: operation(i), Context: Context{Intent: i.Reasoning, Strategy: i.Strategy},
		Payload: hash(t.SigningHash), Address: address(t.Wallet), ValidUntil: clock(t.ValidUntil),
	}
	if i.Confident {
		r.Context.Confidence = fmt.Sprintf("%d.%03d", i.Confidence/1000, i.Confidence%1000)
	}
	for _, p := range i.Payments() {
		r.Payments = append(r.Payments, Payment{ton.FormatAmount(i.Asset, p.Amount), address(p.Destination), p.Memo})
	}
	for _, m := range t.Messages {
		r.Messages = append(r.Messages, message(m))
	}
	return r
}

func message(m ton.Message) Message {
	out := Message{Op: string(m.Op), To: address(m.To), Value: m.Value.String(), Bounce: m.Bounce, Opcode: fmt.Sprintf("%08x", m.Opcode),
		Comment: m.Comment, BodyHash: hash(m.Body), StateInit: hash(m.Init)}
	switch d := m.Detail.(type) {
	case ton.Jetton:
		out.Jettons, out.Recipient, out.Comment = d.Amount.Format(0), address(d.Destination), d.Payload.Comment
		out.Venue, out.MinOut = string(d.Payload.Swap.Venue), units(d.Payload.Swap.MinOut())
	case ton.NFT:
		out.Recipient, out.Comment = address(d.NewOwner), d.Payload.Comment
	case ton.Swap:
		out.Venue, out.MinOut = string(d.Venue), units(d.MinOut())
	}
	return out
}

// operation writes the fields of an intent's operation as requests do, without those that are zero.
func operation(i guard.Intent) map[string]string {
	o := i.Operation
	fields := map[string]string{
		"attached": coins(o.Attached), "forward": coins(o.Forward), "price": coins(o.Price), "fees": coins(o.Fees), "withdraw": coins(o.Withdraw),
		"min_out": units(o.MinOut), "max_fee": units(o.MaxFee),
		"item": address(o.Item), "collection": address(o.Collection), "referral": address(o.Referral), "relayer": address(o.Relayer),
		"ask": o.Ask, "jetton": o.Jetton, "program": string(o.Program), "venue": string(o.Venue),
		"forward_payload": hash(o.ForwardPayload), "body_hash": hash(o.BodyHash),
	}
	if i.Type == string(ton.OpContractCall) {
		fields["opcode"] = fmt.Sprintf("%08x", o.Opcode)
	}
	maps.DeleteFunc(fields, func(_, v string) bool { return v == "" })
	return fields
}

func coins(n ton.Nano) string {
	if n.IsZero() {
		return ""
	}
	return n.String()
}

func units(n ton.Nano) string {
	if n.IsZero() {
		return ""
	}
	return n.Format(0)
}

func address(a ton.Address) string {
	if a.IsZero() {
		return ""
	}
	return a.String()
}

func hash(h [32]byte) string {
	if h == [32]byte{} {
		return ""
	}
	return hex.EncodeToString(h[:])
}

func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }
