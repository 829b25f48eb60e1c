package chain

import (
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
	"github.com/tonaiagent/mpcnode/ton/devchain/assets"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// market is a chain on which a wallet owns things, and the client that judges what it would do with them.
type market struct {
	*devchain.Chain
	client  *Client
	wallet  signer
	issuer  ton.Address
	vouched []ton.Vouched
}

func newMarket(t testing.TB) *market {
	t.Helper()
	c := newChain(t)
	m := &market{Chain: c, client: New(c.LiteClient(), provenBy(c)), wallet: newSigner(t, 1), issuer: ton.Address{Hash: [32]byte{0xA0}}}
	fund(t, c, m.wallet.Address, "100")
	if err := c.Send(m.wallet.message(t, 0, ton.Transfer{To: m.issuer, Value: nano(t, "1")})); err != nil {
		t.Fatal(err)
	}
	return m
}

// jetton issues a jetton, and gives the wallet some.
func (m *market) jetton(t testing.TB, name string, amount uint64) *assets.Jetton {
	t.Helper()
	j, err := assets.NewJetton(m.Chain, m.issuer, assets.Metadata{Name: name, Symbol: name, Decimals: 6})
	if err != nil {
		t.Fatal(err)
	}
	if amount > 0 {
		if err := j.Mint(m.wallet.Address, ton.NanoOf(amount)); err != nil {
			t.Fatal(err)
		}
	}
	return j
}

// judged is what a node finds out about a payload before its guard decides.
type judged struct {
	ton.Transaction
	facts      []ton.Facts
	outcome    ton.Outcome
	deliveries []ton.Delivery
}

// judge reads, proves and runs what the wallet would send.
func (m *market) judge(t testing.TB, claim ton.Claim, transfers ...ton.Transfer) (j judged) {
	t.Helper()
	acc := account(t, m.client, m.wallet.Address)
	payload, err := ton.Build(m.wallet.Wallet, acc.Seqno, time.Now().Add(time.Minute), transfers)
	if err != nil {
		t.Fatal(err)
	}
	if j.Transaction, err = ton.Decode(m.wallet.Wallet, payload); err != nil {
		t.Fatal(err)
	}
	if j.facts, err = m.client.FactsOf(t.Context(), m.wallet.Address, j.Messages, claim, m.vouched); err != nil {
		t.Fatal(err)
	}
	e, err := m.client.emulator(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if j.outcome, err = e.Run(m.wallet.Wallet, acc, payload, time.Now()); err != nil {
		t.Fatal(err)
	}
	if j.deliveries, err = e.Deliver(m.wallet.Wallet, j.outcome, j.facts, time.Now()); err != nil {
		t.Fatal(err)
	}
	return j
}

// means is the meaning of the first message, and why there is none.
func (m *market) means(j judged) (ton.Op, error) {
	op, err := j.facts[0].Meaning(j.Messages[0], m.wallet.Address)
	if err == nil {
		err = j.deliveries[0].Check(j.Messages[0], j.facts[0], m.wallet.Address)
	}
	return op, err
}

// jettonTransfer is a transfer of n to an owner, with a comment that says hi.
func (m *market) jettonTransfer(j *assets.Jetton, n uint64, to ton.Address) ton.Transfer {
	body := cell.BeginCell().MustStoreUInt(0x0f8a7ea5, 32).MustStoreUInt(7, 64).MustStoreCoins(n).
		MustStoreAddr(friendly(to)).MustStoreAddr(friendly(m.wallet.Address)).MustStoreBoolBit(false). // custom payload
		MustStoreCoins(1).MustStoreBoolBit(false).MustStoreUInt(0, 32).MustStoreSlice([]byte("hi"), 16)
	return ton.Transfer{To: j.Wallet(m.wallet.Address), Value: ton.NanoOf(1e8), Bounce: true, Body: body.EndCell()}
}

func TestJettonTransferIsProvenFromItsMaster(t *testing.T) {
	m := newMarket(t)
	j := m.jetton(t, "USD", 50)
	bob := ton.Address{Hash: [32]byte{0xB0}}
	claim := ton.Claim{Asset: ton.JettonID(j.Master)}
	got := m.judge(t, claim, m.jettonTransfer(j, 20, bob))
	if op, err := m.means(got); op != ton.OpJettonTransfer || err != nil {
		t.Errorf("%q, %v", op, err)
	}
	f := got.facts[0]
	if f.Role != ton.RoleJettonWallet || f.Owner != m.wallet.Address || f.Master != j.Master || f.Balance != ton.NanoOf(50) || f.Locked ||
		f.Receiver.Wallet != j.Wallet(bob) || f.Receiver.Account.Status != ton.StatusAbsent {
		t.Errorf("%+v", f)
	}
	other := m.jetton(t, "EUR", 50)
	for name, claim := range map[string]ton.Claim{
		"no asset":      {},
		"coins":         {Asset: ton.Native},
		"another token": {Asset: ton.JettonID(other.Master)},
		"no master":     {Asset: ton.JettonID(bob)},
	} {
		got := m.judge(t, claim, m.jettonTransfer(j, 20, bob))
		if op, err := m.means(got); op != ton.OpUnknown || got.facts[0].Role != ton.RoleNone || got.facts[0].Unproven == "" {
			t.Errorf("%s: %q, %v", name, op, err)
		}
	}
	for name, tr := range map[string]ton.Transfer{
		"to another's": {To: j.Wallet(bob), Value: ton.NanoOf(1e8), Bounce: true, Body: m.jettonTransfer(j, 20, bob).Body},
		"too much":     m.jettonTransfer(j, 51, bob),
	} {
		if op, err := m.means(m.judge(t, claim, tr)); op != ton.OpUnknown {
			t.Errorf("%s: %q, %v", name, op, err)
		}
	}
}

func TestJettonTransfersOfABatchAreDeliveredOneAfterAnother(t *testing.T) {
	m := newMarket(t)
	j := m.jetton(t, "USD", 50)
	got := m.judge(t, ton.Claim{Asset: ton.JettonID(j.Master)}, m.jettonTransfer(j, 30, m.issuer), m.jettonTransfer(j, 30, m.issuer))
	check := func(i int) error { return got.deliveries[i].Check(got.Messages[i], got.facts[i], m.wallet.Address) }
	if check(0) != nil || check(1) == nil {
		t.Errorf("30 of 50: %v; 30 of 20: %v", check(0), check(1))
	}
}
