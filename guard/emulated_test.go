package guard_test

import (
	"errors"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tvm/cell"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
)

// emulated is a world on a deployed wallet, whose cases are decoded from bytes and run in the emulator.
type emulated struct {
	*world
	e *ton.Emulator
}

func newEmulated(t testing.TB) emulated {
	t.Helper()
	e, err := ton.NewEmulator(ton.DevConfig())
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, permissive)
	w.deposit()
	return emulated{w, e}
}

// of judges whatever bytes are given for an intent, as a node does.
func (w emulated) of(i guard.Intent, payload []byte) guard.Case {
	w.Helper()
	c := guard.Case{Intent: i, Account: w.account(), Payload: payload}
	t, err := ton.Decode(w.w.TON(), payload)
	if err != nil {
		if !errors.As(err, &c.Refusal) {
			w.Fatalf("Decode: %v", err)
		}
		return c
	}
	c.Tx = t
	for _, m := range t.Messages {
		if w.contract != nil { // whose messages bounce
			c.Facts = append(c.Facts, ton.Facts{Account: w.somebodys(m.To)})
			continue
		}
		c.Facts = append(c.Facts, ton.Facts{Account: w.state(m.To, nil)})
	}
	if o, err := w.e.Run(w.w.TON(), c.Account, payload, w.now); err == nil {
		c.Outcome = &o
	}
	return c
}

func (w emulated) build(i guard.Intent) []byte {
	w.Helper()
	b, err := ton.Build(w.w.TON(), w.seqno, w.now.Add(time.Minute), []ton.Transfer{{To: i.Destination, Value: i.Amount, Comment: i.Memo}})
	w.must(err)
	return b
}

func (w emulated) intent(amount string) guard.Intent {
	w.Helper()
	body := edit(w.body(amount, "hi"), bob.String(), bob.Friendly(false, true)) // a form that leaves the bounce flag no choice
	i, err := w.g.ParseIntent(body)
	w.must(err)
	return i.For("agent-1", "k1", body)
}

func TestRealPayloadIsAllowed(t *testing.T) {
	w := newEmulated(t)
	i := w.intent("1.5")
	w.allow(w.of(i, w.build(i)))
}

func TestRealPayloadWithoutBalanceIsDenied(t *testing.T) {
	w := newEmulated(t)
	w.applyPolicy(`{version: 2, parent: ` + parentOf(permissive) + `, agents: {agent-1: {
		capabilities: {transfers: {enabled: true}}, allowedTokens: [TON],
		limits: {perTransaction: "1000000", daily: "1000000"}, rate: {unlimited: true, cooldownSeconds: 0}}}}`)
	i := w.intent("200000") // the account holds 100,000
	w.deny(w.of(i, w.build(i)), guard.ReasonSimulationSkipped)
}

// Blind signing: whatever bit of a valid payload is changed, the declared intent no longer fits and nothing is signed.
func TestNoChangedBitIsSigned(t *testing.T) {
	w := newEmulated(t)
	i := w.intent("1.5")
	w.noChangedBitIsSigned(i, w.build(i), 300)
}

// noChangedBitIsSigned changes every bit; at least as many of the results must still be decoded, or it tests nothing.
func (w emulated) noChangedBitIsSigned(i guard.Intent, valid []byte, least int) {
	w.Helper()
	root, err := cell.FromBOC(valid)
	w.must(err)
	payload := root.ToBOCWithOptions(cell.BOCSerializeOptions{}) // without checksum, which would hide every change from what lies behind it
	decoded := 0
	for bit := range 8 * len(payload) {
		changed := append([]byte(nil), payload...)
		changed[bit/8] ^= 1 << (bit % 8)
		c := w.of(i, changed)
		if c.Refusal == nil && c.Tx.SigningHash == [32]byte(root.HashKey()) {
			continue // the same cells in another bag
		}
		if c.Refusal == nil {
			decoded++
		}
		if s, err := w.g.Simulate(w.tx, w.now, c); err != nil || s.Effect == guard.Allow && !onlyValidity(c, w) {
			w.Errorf("bit %d: %s, %v", bit, s.Effect, err)
		}
	}
	if decoded < least {
		w.Errorf("only %d changed payloads could be decoded: the test tests nothing", decoded)
	}
}

// onlyValidity reports a payload that does what was declared, and lives a little shorter or longer: it is one the
// coordinator might have built.
func onlyValidity(c guard.Case, w emulated) bool {
	d := c.Tx.ValidUntil.Sub(w.now)
	return d > 0 && d <= 2*time.Minute && d != time.Minute
}

// An operation that nobody here understands is no transfer, and as what it is it needs its own capability.
func TestUnknownOperationIsDenied(t *testing.T) {
	for declared, want := range map[ton.Op]guard.Reason{
		ton.OpTransfer: guard.Reason(ton.CodeOperationUnknown), ton.OpContractCall: guard.ReasonCapability,
	} {
		w := newEmulated(t)
		i := w.intent("1")
		i.Type, i.Memo, i.Opcode, i.BodyHash = string(declared), "", 0xdeadbeef, [32]byte(shopOrder.HashKey())
		w.deny(w.of(i, must(ton.Build(w.w.TON(), w.seqno, w.now.Add(time.Minute),
			[]ton.Transfer{{To: i.Destination, Value: i.Amount, Bounce: true, Body: shopOrder}}))), want)
	}
}
