package validate_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/validate"
	"github.com/tonaiagent/mpcnode/ton"
)

var (
	bob    = ton.Address{Hash: [32]byte{0xb0}}
	purse  = ton.Address{Hash: [32]byte{0xd1}}
	until  = time.Unix(1_790_000_000, 0)
	dollar = ton.JettonID(ton.Address{Hash: [32]byte{0xd0}})
)

// parse reads a request as a node does.
func parse(t *testing.T, kind, asset, amount, operation string) guard.Intent {
	t.Helper()
	g, err := guard.New(guard.Config{Party: "user", Network: [32]byte{1}, Need: 2, GlobalID: -3,
		Parties: []guard.Party{{Name: "platform", Identity: [32]byte{1}}, {Name: "user", Identity: [32]byte{2}}}})
	if err != nil {
		t.Fatal(err)
	}
	destination := bob.String()
	if kind == "jetton_burn" || kind == "unstake" {
		destination = ""
	}
	body := fmt.Sprintf(`{"network":"%064x","wallet":"w1","coordinator":"user","expires":"2026-10-01T12:00:00Z","type":%q,"asset":%q,"amount":%q,
		"destination":%q,"memo":"hi","operation":%s,"payload":"AQ==","context":{"intent":"pay bob","strategy":"plan","confidence":0.95}}`,
		1, kind, asset, amount, destination, operation)
	i, err := g.ParseIntent([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return i.For("agent-1", "k1", []byte(body))
}

// What a validator sees of an operation is what the agent declared, field by field.
func TestOperationIsDescribedAsItWasDeclared(t *testing.T) {
	a, h := bob.String(), strings.Repeat("ab", 32)
	for name, c := range map[string]struct{ kind, asset, operation string }{
		"jettons": {"jetton_transfer", dollar, `{"attached":"0.06","forward":"0.01","forward_payload":"` + h + `"}`},
		"listing": {"nft_list", "native", `{"item":"` + a + `","collection":"` + a + `","price":"3","fees":"0.15"}`},
		"unstake": {"unstake", dollar, `{"program":"tonstakers","withdraw":"5","attached":"0.05"}`},
		"swap":    {"swap", "native", `{"attached":"1.25","venue":"ston_v2","ask":"` + dollar + `","min_out":"990","referral":"` + a + `"}`},
		"vote":    {"vote", "native", `{"jetton":"` + dollar + `","body_hash":"` + h + `"}`},
		"call":    {"contract_call", "native", `{"opcode":"00000000","body_hash":"` + h + `"}`},
		"deploy":  {"deploy", "native", `{"body_hash":"` + h + `"}`},
		"gasless": {"gasless", dollar, `{"relayer":"` + a + `","max_fee":"3","attached":"0.05","forward":"0.01"}`},
	} {
		var want map[string]string
		if err := json.Unmarshal([]byte(c.operation), &want); err != nil {
			t.Fatal(err)
		}
		if got := validate.Describe("user", guard.Case{Intent: parse(t, c.kind, c.asset, "5", c.operation)}).Operation; !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// The golden text is what validators rely on: fields may be added, none may change.
func TestRequestIsDescribed(t *testing.T) {
	c := guard.Case{Intent: parse(t, "jetton_transfer", dollar, "5", `{"attached":"0.06"}`)}
	c.Tx = ton.Transaction{Wallet: purse, ValidUntil: until, SigningHash: [32]byte{9}, Messages: []ton.Message{{
		Op: ton.OpJettonTransfer, To: purse, Value: ton.NanoOf(60_000_000), Bounce: true, Opcode: 0x0f8a7ea5, Body: [32]byte{8},
		Detail: ton.Jetton{Amount: ton.NanoOf(5), Destination: bob, Payload: ton.Payload{Comment: "hi"}}}}}
	c.Intent.Confident, c.Intent.Confidence = true, 950
	got, err := json.MarshalIndent(validate.Describe("user", c), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{
 "v": 1,
 "validator": "",
 "layer": "",
 "party": "user",
 "policy": "",
 "id": %q,
 "digest": "%x",
 "network": "%064x",
 "agent": "agent-1",
 "wallet": "w1",
 "expires": "2026-10-01T12:00:00Z",
 "type": "jetton_transfer",
 "asset": %q,
 "amount": "5",
 "payments": [
  {
   "amount": "5",
   "destination": %q,
   "memo": "hi"
  }
 ],
 "operation": {
  "attached": "0.06",
  "forward": "0.000000001"
 },
 "context": {
  "intent": "pay bob",
  "strategy": "plan",
  "confidence": "0.950"
 },
 "payload": "09%062x",
 "address": %q,
 "valid_until": "2026-09-21T14:13:20Z",
 "messages": [
  {
   "op": "jetton_transfer",
   "to": %q,
   "value": "0.06",
   "bounce": true,
   "opcode": "0f8a7ea5",
   "comment": "hi",
   "jettons": "5",
   "recipient": %q,
   "venue": "",
   "min_out": "",
   "body_hash": "08%062x",
   "state_init": ""
  }
 ]
}`, c.Intent.RequestID, c.Intent.Request, 1, dollar, bob, 0, purse, purse, bob, 0)
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSwapIsDescribed(t *testing.T) {
	swap := ton.Swap{Venue: ton.STON2, Count: 1}
	swap.Hops[0].MinOut = ton.NanoOf(990)
	c := guard.Case{Intent: parse(t, "swap", "native", "1", `{"attached":"1.25","venue":"ston_v2","ask":"`+dollar+`","min_out":"990"}`)}
	c.Tx.Messages = []ton.Message{{Detail: swap}, {Detail: ton.Jetton{Payload: ton.Payload{Swap: swap}}}, {Detail: ton.NFT{NewOwner: bob}}}
	m := validate.Describe("user", c).Messages
	for _, m := range m[:2] {
		if m.Venue != "ston_v2" || m.MinOut != "990" {
			t.Errorf("%+v", m)
		}
	}
	if m[2].Recipient != bob.String() {
		t.Errorf("%+v", m[2])
	}
}
