package guard_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
)

func TestParseIntent(t *testing.T) {
	w := newWorld(t, permissive)
	i, err := w.g.ParseIntent(w.body("1.5", "hi"))
	if err != nil {
		t.Fatal(err)
	}
	if i.Network != networkID || i.Wallet != "wallet-1" || i.Coordinator != "user" || !i.Expires.Equal(w.now.Add(time.Hour)) ||
		i.Type != "transfer" || i.Asset != ton.Native || i.Amount != ton.NanoOf(1_500_000_000) || i.Destination != bob ||
		i.Form != ton.FormRaw || i.Memo != "hi" || i.Payload != nil || i.Reasoning != "pay bob" || i.Confidence != 950 || !i.Confident {
		t.Errorf("intent = %+v", i)
	}
	if i.Agent != "" || i.RequestID != "" || i.Request != [32]byte{} {
		t.Error("the body bound itself to an agent")
	}
}

func TestNativeCoinHasAliases(t *testing.T) {
	w := newWorld(t, permissive)
	for _, name := range []string{"TON", "Toncoin", "GRAM", "Gram", "native"} {
		i, err := w.g.ParseIntent(edit(w.body("1", ""), `"TON"`, fmt.Sprintf("%q", name)))
		if err != nil || i.Asset != ton.Native {
			t.Errorf("%s: %s, %v", name, i.Asset, err)
		}
	}
}

func edit(body []byte, old, with string) []byte {
	return []byte(strings.Replace(string(body), old, with, 1))
}

func TestBadRequestNamesItsField(t *testing.T) {
	w := newWorld(t, permissive)
	body := w.body("1.5", "hi")
	for name, bad := range map[string]struct {
		body  []byte
		field string
		says  string
	}{
		"number for an amount":      {edit(body, `"1.5"`, `1.5`), "amount", "decimal string"},
		"exponent":                  {edit(body, `"1.5"`, `"1e3"`), "amount", "decimal number"},
		"too many decimals":         {edit(body, `"1.5"`, `"1.0000000001"`), "amount", "decimals"},
		"negative amount":           {edit(body, `"1.5"`, `"-1"`), "amount", "decimal number"},
		"zero amount":               {edit(body, `"1.5"`, `"0"`), "amount", "above zero"},
		"amount that overflows":     {edit(body, `"1.5"`, `"9999999999999999999999999999999999"`), "amount", "2^120"},
		"unknown key":               {edit(body, `"memo"`, `"userApproved":"true","memo"`), "userApproved", "no such field"},
		"key in another case":       {edit(body, `"memo"`, `"Memo"`), "Memo", "no such field"},
		"duplicate key":             {edit(body, `"memo"`, `"amount":"1","memo"`), "amount", "twice"},
		"trailing data":             {append(body, '{'), "", "JSON"},
		"two values":                {append(body, body...), "", "JSON"},
		"invalid UTF-8":             {edit(body, `"hi"`, "\"h\xff\""), "memo", "UTF-8"},
		"cut short":                 {body[:len(body)-1], "", "JSON"},
		"an array":                  {[]byte(`[]`), "", "JSON type"},
		"nothing":                   {nil, "", "JSON"},
		"wrong JSON type":           {edit(body, `"transfer"`, `7`), "type", "JSON type"},
		"another type":              {edit(body, `"transfer"`, `"give"`), "type", "no such type"},
		"ticker of a jetton":        {edit(body, `"TON"`, `"USDT"`), "asset", "jetton:"},
		"id with a slash":           {edit(body, `"wallet-1"`, `"../wallet"`), "wallet", "want an id"},
		"coordinator that is none":  {edit(body, `"user"`, `""`), "coordinator", "want an id"},
		"network that is too short": {edit(body, fmt.Sprintf("%x", networkID), "abcd"), "network", "64"},
		"network in capitals":       {edit(body, "006e", "006E"), "network", "lower-case"},
		"network that is not hex":   {edit(body, "006e", "00zz"), "network", "hex"},
		"time with an offset":       {edit(body, `Z"`, `+00:00"`), "expires", "UTC"},
		"time that is none":         {edit(body, w.now.Add(time.Hour).Format(time.RFC3339), "tomorrow"), "expires", "RFC 3339"},
		"address with a typo":       {edit(body, bob.String(), "EQDtFpEwcFAEcRe5mLVh2N6C0x-_hJEM7W61_JLnSF74p4qa"), "destination", "checksum"},
		"address of a workchain":    {edit(body, bob.String(), "7:"+bob.String()[2:]), "destination", "workchain"},
		"memo that is too long":     {edit(body, `"hi"`, `"`+strings.Repeat("x", 1025)+`"`), "memo", "1024"},
		"payload that is no base64": {edit(body, `"memo"`, `"payload":"*","memo"`), "payload", "base64"},
		"payload that is empty":     {edit(body, `"memo"`, `"payload":"","memo"`), "payload", "base64"},
		"payload with a line break": {edit(body, `"memo"`, `"payload":"te6c\nckEB","memo"`), "payload", "base64"},
		"confidence above 1":        {edit(body, `0.95`, `1.001`), "context.confidence", "between 0 and 1"},
		"confidence as text":        {edit(body, `0.95`, `"0.95"`), "context.confidence", "between 0 and 1"},
		"confidence that is fine":   {edit(body, `0.95`, `0.9501`), "context.confidence", "3 decimals"},
		"unknown key in context":    {edit(body, `"confidence"`, `"approved":true,"confidence"`), "context.approved", "no such field"},
		"reasoning without end":     {edit(body, `pay bob`, strings.Repeat("x", 4097)), "context", "4096"},
		"oversized":                 {append(body, make([]byte, 96<<10)...), "", "larger"},
	} {
		_, err := w.g.ParseIntent(bad.body)
		var f *guard.FieldError
		if !errors.As(err, &f) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if strings.Contains(f.Error(), ": :") || f.Field != bad.field || !strings.Contains(f.Error(), bad.says) {
			t.Errorf("%s: field %q, says %q", name, f.Field, f.Error())
		}
	}
}

func TestAddressOfATestNetworkIsForTestNetworks(t *testing.T) {
	body := func(w *world) []byte { return edit(w.body("1", ""), bob.String(), bob.Friendly(true, true)) }
	w := newWorld(t, permissive)
	if i, err := w.g.ParseIntent(body(w)); err != nil || i.Destination != bob || i.Form != ton.FormBounceable {
		t.Errorf("%+v, %v", i, err)
	}
	c := config()
	c.GlobalID = -239
	g, err := guard.New(c)
	w.must(err)
	if _, err := g.ParseIntent(body(w)); err == nil {
		t.Error("a test-only address was taken on the main network")
	}
}

func TestOwnPayloadIsRead(t *testing.T) {
	w := newWorld(t, permissive)
	b := base64.StdEncoding.EncodeToString([]byte("boc"))
	i, err := w.g.ParseIntent(edit(w.body("1", ""), `"memo"`, `"payload":"`+b+`","memo"`))
	if err != nil || string(i.Payload) != "boc" {
		t.Errorf("%q, %v", i.Payload, err)
	}
	none, err := w.g.ParseIntent(edit(w.body("1", ""), `,"confidence":0.95`, ``))
	if err != nil || none.Confident {
		t.Errorf("%+v, %v", none, err)
	}
}

func TestRequestIsBoundToAgentKeyAndBody(t *testing.T) {
	w := newWorld(t, permissive)
	body := w.body("1", "")
	i, err := w.g.ParseIntent(body)
	w.must(err)
	one := i.For("agent-1", "k", body)
	if again := i.For("agent-1", "k", body); again.RequestID != one.RequestID || again.Request != one.Request {
		t.Error("not stable")
	}
	if len(one.RequestID) != 34 || one.RequestID[:2] != "r-" || one.Agent != "agent-1" {
		t.Errorf("bound = %+v", one)
	}
	if o := i.For("agent-2", "k", body); o.RequestID == one.RequestID {
		t.Error("another agent has the same id")
	}
	if o := i.For("agent-1", "l", body); o.RequestID == one.RequestID {
		t.Error("another key has the same id")
	}
	if o := i.For("agent-1", "k", append(body, ' ')); o.RequestID != one.RequestID || o.Request == one.Request {
		t.Error("another body is the same request")
	}
}

func FuzzParseIntent(f *testing.F) {
	w := newWorld(f, permissive)
	f.Add(w.body("1.5", "hi"))
	f.Add(edit(w.body("1", ""), `"memo"`, `"payload":"te6cckEBAQEAAgAAAA==","memo"`))
	f.Add([]byte(`{"amount":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := w.g.ParseIntent(b)
		if err != nil {
			var field *guard.FieldError
			if !errors.As(err, &field) || len(err.Error()) > 4096 {
				t.Fatalf("error %T: %v", err, err)
			}
			return
		}
		if i.Amount.IsZero() || i.Type != "transfer" || i.Destination.IsZero() && i.Form == ton.FormUnknown || i.Wallet == "" {
			t.Fatalf("taken: %+v", i)
		}
	})
}
