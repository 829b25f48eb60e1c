package ton

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// contractCode is the code of a token's contract as people use it (ton/devchain/assets).
func contractCode(t testing.TB, name string) *cell.Cell {
	t.Helper()
	boc, err := os.ReadFile("devchain/assets/contracts/" + name + ".boc")
	if err != nil {
		t.Fatal(err)
	}
	return mustCell(t, boc)
}

// token is a jetton of which the own wallet holds some; its code may be a library.
type token struct{ code, library *cell.Cell }

func newToken(t testing.TB, inLibrary bool) token {
	code := contractCode(t, "jetton-wallet")
	if !inLibrary {
		return token{code: code}
	}
	c, err := cell.BeginCell().MustStoreUInt(uint64(cell.LibraryCellType), 8).MustStoreSlice(code.Hash(), 256).EndCellSpecial(true)
	if err != nil {
		t.Fatal(err)
	}
	return token{c, code}
}

// The jetton's master and, of the standard wallet, balance:Coins owner master:MsgAddress code:^Cell.
var tokenMaster = Address{Hash: [32]byte{0x30}}

func (x token) data(balance uint64, owner Address) *cell.Cell {
	return cell.BeginCell().MustStoreCoins(balance).MustStoreAddr(toTonutils(owner)).MustStoreAddr(toTonutils(tokenMaster)).
		MustStoreRef(x.code).EndCell()
}

func (x token) wallet(t testing.TB, owner Address) Address {
	init, err := tlb.ToCell(&tlb.StateInit{Code: x.code, Data: x.data(0, owner)})
	if err != nil {
		t.Fatal(err)
	}
	return Address{Hash: [32]byte(init.HashKey())}
}

// facts are about the own wallet of the jetton and who receives.
func (x token) facts(t testing.TB, balance uint64, to Address) Facts {
	a := x.wallet(t, own)
	acc := mustAccount(t, a, shardOf(t, a, ton1, x.code, x.data(balance, own)))
	if x.library != nil {
		var err error
		if acc, err = acc.WithLibraries([]*cell.Cell{x.library}); err != nil {
			t.Fatal(err)
		}
	}
	return Facts{Account: acc, Role: RoleJettonWallet, Owner: own, Master: tokenMaster, Balance: NanoOf(balance),
		Receiver: Receiver{Account: mustAccount(t, to, nil), Wallet: x.wallet(t, to)}}
}

// delivered runs one message of the own wallet at what it goes to.
func delivered(t testing.TB, body *cell.Cell, f Facts) (Message, Delivery) {
	t.Helper()
	w, e := testWallet(t), devEmulator(t)
	payload := mustBuild(t, w, 7, Transfer{To: f.Account.Address, Value: NanoOf(2e8), Bounce: true, Body: body})
	tx, err := Decode(w, payload)
	if err != nil {
		t.Fatal(err)
	}
	o, err := e.Run(w, active(t, w, NanoOf(5e9), 7), payload, testNow)
	if err != nil || !o.Accepted {
		t.Fatal(o, err)
	}
	d, err := e.Deliver(w, o, []Facts{f}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	return tx.Messages[0], d[0]
}

func TestJettonWalletDoesWhatWasDecoded(t *testing.T) {
	note := jettonBody(5, 1, bob, own, yes, putRef(commentBody("rent")))
	for name, x := range map[string]token{"code": newToken(t, false), "library": newToken(t, true)} {
		f := x.facts(t, 9, bob)
		for what, body := range map[string]*cell.Cell{"transfer": note, "inline": jettonBody(5, 0, bob, own, no), "burn": operations()["jetton burn"].body} {
			m, d := delivered(t, body, f)
			if err := d.Check(m, f, own); err != nil {
				t.Errorf("%s of %s: %v", what, name, err)
			}
			if d.GasUsed == 0 || !d.Ran {
				t.Errorf("%s of %s: %+v", what, name, d)
			}
		}
		poor := x.facts(t, 4, bob)
		m, d := delivered(t, note, poor)
		wantCode(t, d.Check(m, poor, own), CodeDelivery)
	}
}

// deliveryChanges are what a wallet, or an emulation, may do other than was asked.
var deliveryChanges = map[string]func(*Delivery){
	"was not run":      func(d *Delivery) { *d = Delivery{} },
	"throws":           func(d *Delivery) { d.ComputeExit = 706 },
	"can't act":        func(d *Delivery) { d.ActionExit = 37 },
	"doesn't act":      func(d *Delivery) { d.ActionExit = -1 },
	"skips an action":  func(d *Delivery) { d.Skipped = 1 },
	"sends nothing":    func(d *Delivery) { d.Messages = nil },
	"sends more":       func(d *Delivery) { d.Messages = append(d.Messages, Message{To: ally}) },
	"sends elsewhere":  func(d *Delivery) { d.Messages[0].To = ally },
	"says other":       func(d *Delivery) { d.Messages[0].Opcode++ },
	"says nothing":     func(d *Delivery) { d.Messages[0].Detail = nil },
	"another query":    noticed(func(n *Notice) { n.QueryID++ }),
	"another sender":   noticed(func(n *Notice) { n.From = ally }),
	"another amount":   noticed(func(n *Notice) { n.Amount = NanoOf(6) }),
	"another rest":     noticed(func(n *Notice) { n.Response = ally }),
	"more coins go on": noticed(func(n *Notice) { n.Forward = NanoOf(1e8) }),
	"other words":      noticed(func(n *Notice) { n.Payload = Payload{Comment: "rant"} }),
}

func noticed(change func(*Notice)) func(*Delivery) {
	return func(d *Delivery) {
		n, _ := d.Messages[0].Detail.(Notice)
		change(&n)
		d.Messages[0].Detail = n
	}
}

func TestJettonWalletThatDoesOtherIsRefused(t *testing.T) {
	x := newToken(t, false)
	f := x.facts(t, 9, bob)
	for what, body := range map[string]*cell.Cell{"transfer": jettonBody(5, 1, bob, own, yes, putRef(commentBody("rent"))), "burn": operations()["jetton burn"].body} {
		m, d := delivered(t, body, f)
		for name, change := range deliveryChanges {
			changed := d
			changed.Messages = slices.Clone(d.Messages)
			change(&changed)
			wantRefusedDelivery(t, what+": "+name, changed.Check(m, f, own))
		}
		unknown := f
		unknown.Receiver.Wallet, unknown.Master = Address{}, Address{}
		wantRefusedDelivery(t, what+": nothing known of the receiver", d.Check(m, unknown, own))
	}
}

func wantRefusedDelivery(t *testing.T, name string, err error) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), string(CodeDelivery)+": ") {
		t.Errorf("%s: %v", name, err)
	}
}

// nftFacts are about an own item: index:uint64 collection owner:MsgAddress content:^Cell.
func nftFacts(t testing.TB) Facts {
	data := cell.BeginCell().MustStoreUInt(0, 64).MustStoreAddr(toTonutils(pool)).MustStoreAddr(toTonutils(own)).MustStoreRef(emptyCell()).EndCell()
	a := Address{Hash: [32]byte{0x17}}
	return Facts{Account: mustAccount(t, a, shardOf(t, a, ton1, contractCode(t, "nft-item"), data)), Role: RoleNFTItem, Owner: own}
}

func nftBody(forward uint64) *cell.Cell {
	return put(putBits(opNFTTransfer, 32), query, putAddress(bob), putAddress(own), no, putCoins(forward), yes, putRef(commentBody("rent")))
}

func TestItemDoesWhatWasDecoded(t *testing.T) {
	f := nftFacts(t)
	for _, forward := range []uint64{0, 5} {
		m, d := delivered(t, nftBody(forward), f)
		if err := d.Check(m, f, own); err != nil || d.Owner != bob {
			t.Errorf("%d coins go on: %v, of %s", forward, err, d.Owner)
		}
	}
	m, d := delivered(t, nftBody(5), f)
	changes := map[string]func(*Delivery){
		"stays ours":         func(d *Delivery) { d.Owner = own },
		"is nobody's":        func(d *Delivery) { d.Owner = Address{} },
		"tells nobody":       func(d *Delivery) { d.Messages = d.Messages[1:] },
		"tells twice":        func(d *Delivery) { d.Messages = append(d.Messages, d.Messages[0]) },
		"sends more coins":   func(d *Delivery) { d.Messages[0].Value = ton1 },
		"leaves the rest to": func(d *Delivery) { d.Messages[1].To = ally },
	}
	for _, name := range []string{"was not run", "throws", "can't act", "doesn't act", "skips an action", "sends nothing", "sends more", "sends elsewhere", "says other",
		"says nothing", "another query", "another sender", "other words"} {
		changes[name] = deliveryChanges[name]
	}
	for name, change := range changes {
		changed := d
		changed.Messages = slices.Clone(d.Messages)
		change(&changed)
		wantRefusedDelivery(t, name, changed.Check(m, f, own))
	}
}

func TestDeliveriesNeedTheirMessagesAndFacts(t *testing.T) {
	w, e, f := testWallet(t), devEmulator(t), newToken(t, false).facts(t, 9, bob)
	payload := mustBuild(t, w, 7, Transfer{To: f.Account.Address, Value: NanoOf(2e8), Bounce: true, Body: jettonBody(5, 0, bob, own, no)})
	o, err := e.Run(w, active(t, w, NanoOf(5e9), 7), payload, testNow)
	if err != nil {
		t.Fatal(err)
	}
	invented := o
	invented.sent = nil
	for name, c := range map[string]struct {
		o     Outcome
		facts []Facts
	}{"no facts": {o, nil}, "more facts": {o, []Facts{f, f}}, "an outcome that wasn't run": {invented, []Facts{f}}} {
		if d, err := e.Deliver(w, c.o, c.facts, testNow); err == nil {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if d, err := e.Deliver(w, o, []Facts{{Account: f.Account}}, testNow); err != nil || d[0].Ran || d[0].Check(Message{}, Facts{}, own) != nil {
		t.Errorf("where nothing is carried on: %+v, %v", d, err)
	}
}

// The machine runs anybody's code here: what it can't bear is nothing that may be signed.
func TestPanicOfTheMachineIsAnError(t *testing.T) {
	f := newToken(t, false).facts(t, 9, bob)
	w, e := testWallet(t), devEmulator(t)
	o, err := e.Run(w, active(t, w, NanoOf(5e9), 7), mustBuild(t, w, 7, Transfer{To: f.Account.Address, Value: NanoOf(2e8), Bounce: true}), testNow)
	if err != nil {
		t.Fatal(err)
	}
	o.sent[0].Msg = &tlb.Message{MsgType: tlb.MsgTypeInternal}
	if d, err := e.Deliver(w, o, []Facts{f}, testNow); err == nil || !strings.Contains(err.Error(), "can't run it") {
		t.Errorf("%+v, %v", d, err)
	}
	var none *Emulator
	if sent, err := none.Send(f.Account, mainnet, Internal{From: own, To: f.Account.Address, Value: ton1, Body: emptyCell()}, testNow); err == nil {
		t.Errorf("%+v", sent)
	}
}

// jettonBatch is a payload of as many transfers as a wallet sends, each to another account, and what is known of them.
func jettonBatch(b *testing.B, x token) (payload []byte, facts []Facts) {
	var transfers []Transfer
	for i := range mostOf[V5R1] {
		to := Address{Hash: [32]byte{0xb0, byte(i)}}
		f := x.facts(b, 1e9, to)
		facts = append(facts, f)
		transfers = append(transfers, Transfer{To: f.Account.Address, Value: NanoOf(1e8), Bounce: true, Body: jettonBody(5, 1, to, own, yes, putRef(commentBody("rent")))})
	}
	return mustBuild(b, testWallet(b), 7, transfers...), facts
}

// BenchmarkJettonBatch decodes, runs and delivers 255 jetton transfers and checks what each does: all that a guard asks
// of this package about them.
func BenchmarkJettonBatch(b *testing.B) {
	for name, inLibrary := range map[string]bool{"code": false, "library": true} {
		w, e := testWallet(b), devEmulator(b)
		payload, facts := jettonBatch(b, newToken(b, inLibrary))
		acc := active(b, w, NanoOf(50e9), 7)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := judgeBatch(w, e, acc, payload, facts); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/payload")
		})
	}
}

func judgeBatch(w Wallet, e *Emulator, acc Account, payload []byte, facts []Facts) error {
	tx, err := Decode(w, payload)
	if err != nil {
		return err
	}
	o, err := e.Run(w, acc, payload, testNow)
	if err != nil {
		return err
	}
	done, err := e.Deliver(w, o, facts, testNow)
	if err != nil {
		return err
	}
	for i, m := range tx.Messages {
		if _, err := facts[i].Meaning(m, own); err != nil {
			return err
		}
		if err := done[i].Check(m, facts[i], own); err != nil {
			return err
		}
	}
	return nil
}
