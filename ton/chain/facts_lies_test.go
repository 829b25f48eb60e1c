package chain

import (
	"errors"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// answers are the ways in which a contract answers that nobody vouches for.
var answers = map[string]uint64{
	"throws": throws, "runs for ever": loops, "leaves numbers": leavesNumbers, "leaves cells": leavesCells, "leaves more": leavesMore,
}

// transferTo is the transfer of a jetton by a contract that claims to be its wallet.
func (m *market) transferTo(a ton.Address, to ton.Address) ton.Transfer {
	body := cell.BeginCell().MustStoreUInt(0x0f8a7ea5, 32).MustStoreUInt(7, 64).MustStoreCoins(5).
		MustStoreAddr(friendly(to)).MustStoreAddr(friendly(m.wallet.Address)).MustStoreBoolBit(false).
		MustStoreCoins(0).MustStoreBoolBit(false)
	return ton.Transfer{To: a, Value: ton.NanoOf(1e8), Bounce: true, Body: body.EndCell()}
}

func TestContractThatClaimsToBeOursIsNotBelieved(t *testing.T) {
	m := newMarket(t)
	usd := m.jetton(t, "USD", 50)
	claim := ton.Claim{Asset: ton.JettonID(usd.Master)}
	fake := m.liar(t, lie{a: m.wallet.Address, b: usd.Master, n: 1e9})
	m.wantMeaning(t, "jetton wallet", ton.OpUnknown, claim, m.transferTo(fake, m.issuer))

	c := m.collection(t, "https://one")
	item := m.liar(t, lie{a: m.wallet.Address, b: c.Address, n: 0})
	m.wantMeaning(t, "item", ton.OpUnknown, ton.Claim{Collection: c.Address}, m.nftTransfer(item, m.issuer))

	nothing := m.liar(t, lie{a: m.wallet.Address, n: 3})
	f := m.wantMeaning(t, "item without a collection", ton.OpUnknown, ton.Claim{}, m.nftTransfer(nothing, m.issuer))
	if !strings.Contains(f.Unproven, "no collection") {
		t.Error(f.Unproven)
	}

	sale := m.liar(t, lie{a: m.issuer, b: c.Item(1), n: 1e9})
	buy := ton.Transfer{To: sale, Value: ton.NanoOf(2e9), Bounce: true}
	m.wantMeaning(t, "sale", ton.OpContractCall, ton.Claim{Collection: c.Address}, buy)
	m.vouched = []ton.Vouched{{Address: sale, Role: ton.RoleSale}}
	m.wantMeaning(t, "vouched sale that doesn't own its item", ton.OpUnknown, ton.Claim{Collection: c.Address}, buy)
	if f := m.wantMeaning(t, "vouched sale that does not own its item, no collection named", ton.OpUnknown, ton.Claim{}, buy); f.Role != "" {
		t.Errorf("a sale that does not hold its item is a %s", f.Role)
	}
}

// A master that was claimed may call anything its wallet; whose that is, the wallet says itself.
func TestWalletOfAnotherIsNotOurs(t *testing.T) {
	m := newMarket(t)
	for name, l := range map[string]lie{"owner": {a: m.issuer, n: 50}, "master": {a: m.wallet.Address, n: 50}} {
		wallet := m.liar(t, lie{a: m.issuer, b: m.issuer, n: l.n, how: says})
		master := m.liar(t, lie{a: wallet, n: uint64(len(name))})
		if l.b = master; name == "master" {
			l.b = m.issuer
		}
		m.tell(t, wallet, cell.BeginCell().MustStoreRef(l.data().EndCell()))
		f := m.wantMeaning(t, "another "+name, ton.OpUnknown, ton.Claim{Asset: ton.JettonID(master)}, m.transferTo(wallet, m.issuer))
		if !strings.Contains(f.Unproven, "is that of") {
			t.Errorf("another %s: %s", name, f.Unproven)
		}
	}
}

// A master is its jetton's only witness: what it says today binds nobody tomorrow.
func TestUpgradedMasterIsAskedAgain(t *testing.T) {
	m := newMarket(t)
	usd := m.jetton(t, "USD", 50)
	wallet := usd.Wallet(m.wallet.Address)
	master := m.liar(t, lie{a: wallet})
	claim := ton.Claim{Asset: ton.JettonID(master)}
	m.wantMeaning(t, "a master that names another's wallet", ton.OpUnknown, claim, m.transferTo(wallet, m.issuer))

	own := m.liar(t, lie{a: m.wallet.Address, b: master, n: 50})
	m.tell(t, master, cell.BeginCell().MustStoreRef(lie{a: own}.data().EndCell()))
	if f := m.judge(t, claim, m.transferTo(own, m.issuer)).facts[0]; f.Role != ton.RoleJettonWallet {
		t.Errorf("%+v", f)
	}
	m.tell(t, master, cell.BeginCell().MustStoreRef(lie{a: wallet}.data().EndCell()))
	m.wantMeaning(t, "after an upgrade", ton.OpUnknown, claim, m.transferTo(own, m.issuer))
}

func TestHostileContractsAreNotProven(t *testing.T) {
	m := newMarket(t)
	usd := m.jetton(t, "USD", 50)
	c := m.collection(t, "https://one")
	for name, how := range answers {
		master := m.liar(t, lie{how: how, a: m.wallet.Address})
		m.wantMeaning(t, name+": master", ton.OpUnknown, ton.Claim{Asset: ton.JettonID(master)}, m.jettonTransfer(usd, 5, m.issuer))

		wallet := m.liar(t, lie{how: how, a: m.wallet.Address, b: usd.Master})
		names := m.liar(t, lie{a: wallet, n: how})
		m.wantMeaning(t, name+": wallet of a master of its own", ton.OpUnknown, ton.Claim{Asset: ton.JettonID(names)}, m.transferTo(wallet, m.issuer))

		item := m.liar(t, lie{how: how, a: m.wallet.Address, b: c.Address})
		m.wantMeaning(t, name+": item", ton.OpUnknown, ton.Claim{Collection: c.Address}, m.nftTransfer(item, m.issuer))

		pool := m.liar(t, lie{how: how, a: m.wallet.Address, b: m.issuer})
		m.vouched = []ton.Vouched{{Address: pool, Role: ton.RolePool, Program: ton.SingleNominator}, {Address: pool, Role: ton.RoleSale}}
		m.wantMeaning(t, name+": pool", ton.OpUnknown, ton.Claim{}, ton.Transfer{To: pool, Value: ton.NanoOf(1e9), Bounce: true})
		m.vouched = m.vouched[1:]
		m.wantMeaning(t, name+": sale", ton.OpUnknown, ton.Claim{}, ton.Transfer{To: pool, Value: ton.NanoOf(1e9), Bounce: true})
		m.vouched = nil
	}
}

func TestLockedJettonIsNotSent(t *testing.T) {
	m := newMarket(t)
	locked := m.liar(t, lie{how: isLocked, a: m.wallet.Address, b: m.issuer, n: 50})
	master := m.liar(t, lie{a: locked})
	m.tell(t, locked, cell.BeginCell().MustStoreRef(lie{how: isLocked, a: m.wallet.Address, b: master, n: 50}.data().EndCell()))
	j := m.judge(t, ton.Claim{Asset: ton.JettonID(master)}, m.transferTo(locked, m.issuer))
	_, err := m.means(j)
	if ref := (*ton.Refusal)(nil); !j.facts[0].Locked || !errors.As(err, &ref) || ref.Code != ton.CodeJettonLocked {
		t.Errorf("%+v: %v", j.facts[0], err)
	}
}

func TestClaimedAirdropIsNotLocked(t *testing.T) {
	m := newMarket(t)
	data := func(master ton.Address) *cell.Builder {
		return cell.BeginCell().MustStoreAddr(friendly(m.wallet.Address)).MustStoreAddr(friendly(master))
	}
	wallet := m.deploy(t, "claimed", data(m.issuer))
	master := m.liar(t, lie{a: wallet})
	m.tell(t, wallet, cell.BeginCell().MustStoreRef(data(master).EndCell()))
	f := m.judge(t, ton.Claim{Asset: ton.JettonID(master)}, m.transferTo(wallet, m.issuer)).facts[0]
	if f.Role != ton.RoleJettonWallet || f.Locked {
		t.Errorf("%+v", f)
	}
}

// What a liteserver says of getters is not asked for; a state that it invents isn't believed.
func TestLiteserversLiesAboutContractsAreVoid(t *testing.T) {
	m := newMarket(t)
	usd := m.jetton(t, "USD", 50)
	claim, tr := ton.Claim{Asset: ton.JettonID(usd.Master)}, m.jettonTransfer(usd, 5, m.issuer)
	messages := m.judge(t, claim, tr).Messages
	stack := tlb.NewStack()
	stack.Push(cell.BeginCell().MustStoreAddr(friendly(m.issuer)).ToSlice())
	result, err := stack.ToCell()
	if err != nil {
		t.Fatal(err)
	}
	through := func(lie func(answer any) any) ([]ton.Facts, error) {
		c := New(liar{m.LiteClient(), lie}, provenBy(m.Chain))
		return c.FactsOf(t.Context(), m.wallet.Address, messages, claim, nil)
	}
	f, err := through(func(answer any) any {
		if r, ok := answer.(lite.RunMethodResult); ok {
			r.Result = result
			return r
		}
		return answer
	})
	if err != nil || f[0].Role != ton.RoleJettonWallet {
		t.Errorf("getters: %+v, %v", f, err)
	}
	var theirs lite.AccountState
	n := 0
	for hide := range 4 { // destination, master, receiver; the fourth is never asked for
		n = 0
		f, err := through(func(answer any) any {
			if s, ok := answer.(lite.AccountState); ok {
				if n++; n == hide+1 {
					s.State, s.Proof = theirs.State, theirs.Proof
				}
				return s
			}
			return answer
		})
		if hide < 3 && !errors.Is(err, ErrUnavailable) || hide == 3 && err != nil {
			t.Errorf("state %d hidden: %+v, %v", hide, f, err)
		}
	}
}
