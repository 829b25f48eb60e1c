package guard

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/ton"
)

// Intent is what an agent declares that it wants. Agent, RequestID and Request are empty until For has bound it to the
// agent whose signature over the body was verified.
type Intent struct {
	Network     [32]byte
	Wallet      string
	Coordinator string // the party that alone may propose it
	Expires     time.Time
	Type        string    // a key of kinds
	Asset       string    // asset id
	Payment               // the only one; of a batch the Amount is the sum, and there is no Destination
	Batch       []Payment // in the order in which they are sent; nil: no batch
	Query       *Query    // of a Highload V3 wallet; nil for others
	Operation             // what else an operation does
	Payload     []byte    // the agent's own payload (BoC of the cell whose hash is signed); nil: the coordinator builds one
	Reasoning   string    // context.intent
	Strategy    string    // context.strategy
	Confidence  uint16    // permille
	Confident   bool      // a confidence was stated

	Agent     string
	RequestID string
	Request   [32]byte // request digest
}

// Payment is what one message is to carry.
type Payment struct {
	Amount      ton.Nano
	Destination ton.Address // zero: nobody, what is burned
	Form        ton.Form    // how the destination was written
	Memo        string
}

// Payments returns what each message of the payload is to carry, in order.
func (i Intent) Payments() []Payment {
	if i.Batch != nil {
		return i.Batch
	}
	return []Payment{i.Payment}
}

// Claim is what i says about the contracts that its messages go to.
func (i Intent) Claim() ton.Claim {
	asset := i.Asset
	if i.Jetton != "" {
		asset = i.Jetton
	}
	return ton.Claim{Asset: asset, Collection: i.Collection, Ask: i.Ask}
}

// destinations names whom i pays, for people: the audit log keeps the payload's hash, and the node the payload.
func (i Intent) destinations() string {
	if i.Batch == nil {
		return recipient(i.Destination)
	}
	return fmt.Sprintf("%d payments, first to %s", len(i.Batch), i.Batch[0].Destination)
}

// recipient says who gets what, for people.
func recipient(a ton.Address) string {
	if a.IsZero() {
		return "nobody"
	}
	return a.String()
}

// For returns i bound to an agent and idempotency key, with body the exact bytes i was parsed from. The caller has
// verified the agent's signature over them.
func (i Intent) For(agent, idempotencyKey string, body []byte) Intent {
	d := digest.Sum(digest.RequestID, i.Network, agent, idempotencyKey)
	i.Agent, i.RequestID = agent, "r-"+hex.EncodeToString(d[:16])
	i.Request = digest.Sum(digest.Body, i.RequestID, sha256.Sum256(body))
	return i
}

// FieldError says what is wrong with a request, in which field, and what to send instead.
type FieldError struct {
	Field   string // as in the body, context.confidence for nested ones; "" for the body itself
	Problem string
}

func (e *FieldError) Error() string {
	if e.Field == "" {
		return "request: " + e.Problem
	}
	return "request: " + e.Field + ": " + e.Problem
}

// ParseIntent reads the body of a request: the only parser of requests. It refuses unknown and duplicate keys, trailing
// data, invalid UTF-8, numbers for amounts, and everything that a field may not be; errors are *FieldError.
func (g *Guard) ParseIntent(raw []byte) (Intent, error) {
	if len(raw) > maxBody {
		return Intent{}, &FieldError{Problem: fmt.Sprintf("larger than %d bytes", maxBody)}
	}
	var b body
	if err := json.Unmarshal(raw, &b, json.RejectUnknownMembers(true)); err != nil {
		return Intent{}, jsonError(err)
	}
	return b.intent(g.testnet())
}

// jsonError names the field that the decoder stumbled over.
func jsonError(err error) *FieldError {
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic):
		field := pointerField(semantic.JSONPointer)
		if errors.Is(err, json.ErrUnknownName) {
			return &FieldError{field, "there is no such field"}
		}
		if field == "amount" && semantic.JSONKind == jsontext.KindNumber {
			return &FieldError{field, `a number; send a decimal string, such as "1.5"`}
		}
		return &FieldError{field, "wrong JSON type: " + semantic.JSONKind.String()}
	case errors.As(err, &syntactic):
		field := pointerField(syntactic.JSONPointer)
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return &FieldError{field, "given twice"}
		}
		return &FieldError{field, "not valid JSON: " + clip(syntactic.Err.Error())}
	}
	return &FieldError{Problem: "not one complete JSON object"}
}

func pointerField(p jsontext.Pointer) string {
	return clip(strings.ReplaceAll(strings.TrimPrefix(string(p), "/"), "/", "."))
}
