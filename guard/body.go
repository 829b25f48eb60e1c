package guard

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/ton"
)

// body is a request as it is written. Amounts and times are strings, so that nothing is read as a float or guessed.
type body struct {
	Network     string `json:"network"`
	Wallet      string `json:"wallet"`
	Coordinator string `json:"coordinator"`
	Expires     string `json:"expires"`
	Type        string `json:"type"`
	Asset       string `json:"asset"`
	Amount      string `json:"amount"`
	Destination string `json:"destination"`
	Memo        string `json:"memo"`
	Payments    []struct {
		Amount      string `json:"amount"`
		Destination string `json:"destination"`
		Memo        string `json:"memo"`
	} `json:"payments"`
	QueryID   jsontext.Value    `json:"query_id"`
	CreatedAt string            `json:"created_at"`
	Operation map[string]string `json:"operation"`
	Payload   *string           `json:"payload"`
	Context   struct {
		Intent     string         `json:"intent"`
		Strategy   string         `json:"strategy"`
		Confidence jsontext.Value `json:"confidence"`
	} `json:"context"`
}

// intent reads one field after another and stops at the first that is wrong.
func (b body) intent(testnet bool) (i Intent, err error) {
	for _, field := range []struct {
		name string
		read func(*Intent) error
	}{
		{"network", b.network}, {"wallet", b.wallet}, {"coordinator", b.coordinator}, {"expires", b.expires},
		{"type", b.kind}, {"asset", b.asset}, {"payments", func(i *Intent) error { return b.payments(i, testnet) }},
		{"operation", func(i *Intent) error { return b.operation(i, testnet) }}, {"query_id", b.query}, {"payload", b.payload}, {"context", b.context}, {"context.confidence", b.confidence},
	} {
		err := field.read(&i)
		if inner := (*FieldError)(nil); errors.As(err, &inner) {
			return Intent{}, inner
		}
		if err != nil {
			return Intent{}, &FieldError{field.name, err.Error()}
		}
	}
	return i, nil
}

func (b body) network(i *Intent) error {
	if len(b.Network) != 64 || strings.ToLower(b.Network) != b.Network {
		return errors.New("want the network id, 64 lower-case hex digits")
	}
	if _, err := hex.Decode(i.Network[:], []byte(b.Network)); err != nil {
		return errors.New("not hex")
	}
	return nil
}

func (b body) wallet(i *Intent) error {
	i.Wallet = b.Wallet
	return checkID(b.Wallet)
}

func (b body) coordinator(i *Intent) error {
	i.Coordinator = b.Coordinator
	return checkID(b.Coordinator)
}

func checkID(s string) error {
	if !validID(s) {
		return errors.New("want an id: 1 to 64 of a-z, 0-9 and -, not beginning with -")
	}
	return nil
}

func (b body) expires(i *Intent) error {
	t, err := time.Parse(time.RFC3339, b.Expires)
	if err != nil || !strings.HasSuffix(b.Expires, "Z") {
		return errors.New(`want a time in UTC by RFC 3339, such as "2026-10-01T12:00:00Z"`)
	}
	i.Expires = t.UTC()
	return nil
}

func (b body) asset(i *Intent) (err error) {
	if i.Asset, err = policy.ParseAsset(b.Asset); err != nil {
		return err
	}
	return kinds[i.Type].fits(i.Asset)
}

// payments reads the one payment that amount, destination and memo name, or the list in their place.
func (b body) payments(i *Intent, testnet bool) (err error) {
	if b.Payments == nil {
		i.Payment, err = readPayment(*i, "", b.Amount, b.Destination, b.Memo, testnet)
		return err
	}
	if !kinds[i.Type].batch {
		return fmt.Errorf("%s is one payment: send amount, destination and memo", i.Type)
	}
	if b.Amount != "" || b.Destination != "" || b.Memo != "" {
		return errors.New("send either payments, or amount, destination and memo")
	}
	if len(b.Payments) < 1 || len(b.Payments) > maxPayments {
		return fmt.Errorf("%d payments, want 1 to %d", len(b.Payments), maxPayments)
	}
	for n, p := range b.Payments {
		one, err := readPayment(*i, fmt.Sprintf("payments.%d.", n), p.Amount, p.Destination, p.Memo, testnet)
		if err != nil {
			return err
		}
		if i.Amount, err = i.Amount.Add(one.Amount); err != nil {
			return err
		}
		i.Batch = append(i.Batch, one)
	}
	return nil
}

// readPayment reads one; an error names the field, with what stands before it.
func readPayment(i Intent, at, amount, destination, memo string, testnet bool) (p Payment, err error) {
	if p.Amount, err = ton.ParseAmount(i.Asset, amount); err != nil {
		return p, &FieldError{at + "amount", err.Error()}
	}
	if p.Amount.IsZero() {
		return p, &FieldError{at + "amount", "must be above zero"}
	}
	switch {
	case !i.reachesNobody():
		p.Destination, p.Form, err = ton.ParseAddress(destination, testnet)
	case destination != "":
		err = errors.New("what is burned has none")
	}
	if err != nil {
		return p, &FieldError{at + "destination", err.Error()}
	}
	if len(memo) > maxMemo {
		return p, &FieldError{at + "memo", fmt.Sprintf("longer than %d bytes", maxMemo)}
	}
	p.Memo = memo
	return p, nil
}

func (b body) payload(i *Intent) (err error) {
	if b.Payload == nil {
		if !kinds[i.Type].built {
			return fmt.Errorf("missing: nodes build no %s; send the bag of cells whose root is to be signed, in base64", i.Type)
		}
		return nil
	}
	i.Payload, err = base64.StdEncoding.Strict().DecodeString(*b.Payload)
	if err != nil || len(i.Payload) == 0 || len(i.Payload) > maxPayload || strings.ContainsAny(*b.Payload, "\r\n") {
		return fmt.Errorf("want a bag of cells in base64, at most %d bytes", maxPayload)
	}
	return nil
}

func (b body) context(i *Intent) error {
	if len(b.Context.Intent) > maxContext || len(b.Context.Strategy) > maxMemo {
		return fmt.Errorf("intent is longer than %d bytes, or strategy than %d", maxContext, maxMemo)
	}
	i.Reasoning, i.Strategy = b.Context.Intent, b.Context.Strategy
	return nil
}

func (b body) confidence(i *Intent) error {
	if b.Context.Confidence == nil {
		return nil
	}
	p, err := policy.ParsePermille(string(b.Context.Confidence))
	i.Confidence, i.Confident = uint16(p), err == nil
	return err
}
