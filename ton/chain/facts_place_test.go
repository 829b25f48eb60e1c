package chain

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// note is a message with a comment.
func note(to ton.Address, text string) ton.Transfer {
	return ton.Transfer{To: to, Value: ton.NanoOf(1e9), Bounce: true, Comment: text}
}

func TestPoolIsWhatThePolicySays(t *testing.T) {
	m := newMarket(t)
	pool := m.liar(t, lie{a: m.wallet.Address, b: m.issuer})
	deposit := ton.Transfer{To: pool, Value: ton.NanoOf(1e9), Bounce: true,
		Body: cell.BeginCell().MustStoreUInt(0x7bcd1fef, 32).MustStoreUInt(7, 64).MustStoreCoins(1e8).EndCell()}
	m.wantMeaning(t, "nobody vouches: comment", ton.OpContractCall, ton.Claim{}, note(pool, "d"))
	m.wantMeaning(t, "nobody vouches: deposit", ton.OpUnknown, ton.Claim{}, deposit)
	code := account(t, m.client, pool).CodeHash
	m.vouched = []ton.Vouched{{CodeHash: code, Role: ton.RolePool, Program: ton.NominatorPool}}
	m.wantMeaning(t, "nominator pool", ton.OpStake, ton.Claim{}, note(pool, "d"))
	m.wantMeaning(t, "nominator pool, Whales' deposit", ton.OpUnknown, ton.Claim{}, deposit)
	m.vouched = []ton.Vouched{{Address: pool, Role: ton.RolePool, Program: ton.Whales}}
	m.wantMeaning(t, "Whales", ton.OpStake, ton.Claim{}, deposit)
	m.vouched = []ton.Vouched{{Address: pool, Role: ton.RolePool, Program: ton.SingleNominator}}
	m.wantMeaning(t, "own single nominator", ton.OpStake, ton.Claim{}, note(pool, ""))
	m.tell(t, pool, cell.BeginCell().MustStoreRef(lie{a: m.issuer, b: m.issuer}.data().EndCell()))
	m.wantMeaning(t, "single nominator of another", ton.OpUnknown, ton.Claim{}, note(pool, ""))
}

// An empty body bids for one of Telegram's collectibles, and only its owner puts it up.
func TestCollectibleIsKnownByItsCode(t *testing.T) {
	m := newMarket(t)
	item := m.liar(t, lie{a: m.wallet.Address, b: m.issuer})
	start := ton.Transfer{To: item, Value: ton.NanoOf(1e8), Bounce: true, Body: cell.BeginCell().MustStoreUInt(0x487a8e81, 32).MustStoreUInt(7, 64).
		MustStoreRef(cell.BeginCell().MustStoreAddr(friendly(m.wallet.Address)).MustStoreCoins(5).MustStoreCoins(0).
			MustStoreUInt(5, 8).MustStoreUInt(60, 32).MustStoreUInt(3600, 32).EndCell()).EndCell()}
	m.wantMeaning(t, "nobody vouches", ton.OpUnknown, ton.Claim{}, start)
	m.vouched = []ton.Vouched{{CodeHash: account(t, m.client, item).CodeHash, Role: ton.RoleTelemint}}
	f := m.wantMeaning(t, "bid", ton.OpNFTBuy, ton.Claim{}, note(item, ""))
	if f.Role != ton.RoleTelemint || f.Owner != m.wallet.Address || !f.Collection.IsZero() {
		t.Errorf("%+v", f)
	}
	m.wantMeaning(t, "start", ton.OpNFTList, ton.Claim{}, start)
	m.tell(t, item, cell.BeginCell().MustStoreRef(lie{a: m.issuer, b: m.issuer}.data().EndCell()))
	m.wantMeaning(t, "start another's", ton.OpUnknown, ton.Claim{}, start)
}

func TestPlainPaymentsNeedNobodysWord(t *testing.T) {
	m := newMarket(t)
	m.wantMeaning(t, "to nobody", ton.OpTransfer, ton.Claim{}, note(ton.Address{Hash: [32]byte{0xB0}}, "d"))
	m.wantMeaning(t, "to an uninit account", ton.OpTransfer, ton.Claim{}, note(m.issuer, ""))
	m.wantMeaning(t, "to a wallet", ton.OpTransfer, ton.Claim{}, note(m.wallet.Address, "hi"))
	m.wantMeaning(t, "to a contract", ton.OpContractCall, ton.Claim{}, note(m.liar(t, lie{a: m.issuer, b: m.issuer}), ""))
}

func TestStakedJettonIsTakenOutByBurning(t *testing.T) {
	m := newMarket(t)
	j := m.jetton(t, "stTON", 50)
	body := cell.BeginCell().MustStoreUInt(0x595f07bc, 32).MustStoreUInt(7, 64).MustStoreCoins(20).
		MustStoreAddr(friendly(m.wallet.Address)).MustStoreBoolBit(false).EndCell()
	burn := ton.Transfer{To: j.Wallet(m.wallet.Address), Value: ton.NanoOf(1e8), Bounce: true, Body: body}
	claim := ton.Claim{Asset: ton.JettonID(j.Master)}
	m.wantMeaning(t, "a jetton", ton.OpJettonBurn, claim, burn)
	m.vouched = []ton.Vouched{{Address: j.Master, Role: ton.RoleJetton, Program: ton.Bemo}}
	m.wantMeaning(t, "a stake", ton.OpUnstake, claim, burn)
	m.vouched[0].CodeHash = [32]byte{1}
	m.wantMeaning(t, "a stake of another code", ton.OpJettonBurn, claim, burn)
}

// What is sent to a contract can be an order: it isn't a plain transfer of the jetton or the item.
func TestReceiverThatIsKnownTakesOrders(t *testing.T) {
	m := newMarket(t)
	usd, c := m.jetton(t, "USD", 50), m.collection(t, "https://one")
	pool := m.liar(t, lie{a: m.issuer, b: m.issuer})
	claim := ton.Claim{Asset: ton.JettonID(usd.Master), Collection: c.Address}
	m.wantMeaning(t, "jetton to a contract", ton.OpContractCall, claim, m.jettonTransfer(usd, 5, pool))
	m.wantMeaning(t, "item to a contract", ton.OpUnknown, claim, m.nftTransfer(c.Item(0), pool))
	m.vouched = []ton.Vouched{{Address: pool, Role: ton.RolePool, Program: ton.Whales}}
	m.wantMeaning(t, "jetton to a pool", ton.OpContractCall, claim, m.jettonTransfer(usd, 5, pool))
	m.wantMeaning(t, "item to a pool", ton.OpContractCall, claim, m.nftTransfer(c.Item(0), pool))
}

// All of a payload's facts are of one block, and cost no more questions than it has contracts.
func TestFactsOfABatchAreOfOneBlock(t *testing.T) {
	m := newMarket(t)
	j := m.jetton(t, "USD", 500)
	var transfers []ton.Transfer
	for i := range 40 {
		transfers = append(transfers, m.jettonTransfer(j, 1, ton.Address{Hash: [32]byte{0xB0, byte(i)}}))
	}
	messages := m.judge(t, ton.Claim{}, transfers...).Messages
	asked := make(map[string]int)
	c := New(counted{m.LiteClient(), new(sync.Mutex), asked}, provenBy(m.Chain))
	claim := ton.Claim{Asset: ton.JettonID(j.Master)}
	facts, err := c.FactsOf(t.Context(), m.wallet.Address, messages, claim, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range facts {
		if f.Account.MCSeqno != facts[0].Account.MCSeqno || f.Receiver.Account.MCSeqno != facts[0].Account.MCSeqno || f.Role != ton.RoleJettonWallet {
			t.Errorf("message %d: %+v", i, f)
		}
	}
	if n := asked["ton.AccountState"]; n != 42 || asked["ton.MasterchainInfoExt"] > 2 {
		t.Errorf("asked %v, want 42 states: wallet, master, 40 receivers", asked)
	}
}

func TestFactsAreUnavailableWithoutAChain(t *testing.T) {
	m := newMarket(t)
	messages := m.judge(t, ton.Claim{}, note(m.issuer, "")).Messages
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if f, err := New(silent{}, provenBy(m.Chain)).FactsOf(ctx, m.wallet.Address, messages, ton.Claim{}, nil); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%+v, %v", f, err)
	}
}
