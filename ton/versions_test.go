package ton

import (
	"context"
	"crypto/ed25519"
	"reflect"
	"strings"
	"testing"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/ton/wallet"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

var ownVersions = []Version{V3R2, V4R2, V5R1, HighloadV3}

// mostOf is written out again: it is what the contracts can carry.
var mostOf = map[Version]int{V3R2: 4, V4R2: 4, V5R1: 255, HighloadV3: 254}

func walletOf(t testing.TB, v Version) Wallet {
	t.Helper()
	w, err := NewWallet(v, [32]byte(testKey.Public().(ed25519.PublicKey)), mainnet, 0)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func activeOf(t testing.TB, w Wallet, balance Nano, seqno uint32) Account {
	t.Helper()
	l := layoutOf(w.Version)
	return mustAccount(t, w.Address, shardOf(t, w.Address, balance, l.code, l.data(w.ID, seqno, w.PublicKey)))
}

func manyTransfers(n int) []Transfer {
	list := make([]Transfer, n)
	for i := range list {
		list[i] = Transfer{To: bob, Value: NanoOf(uint64(1_000_000 + i)), Bounce: i%2 == 0}
	}
	return list
}

// tonutilsOf is tonutils' own wallet of the test key, with seqno and query id as given.
func tonutilsOf(t testing.TB, v Version, seqno uint32) *wallet.Wallet {
	t.Helper()
	fetch := func(context.Context, uint32) (uint32, error) { return seqno, nil }
	config := map[Version]wallet.VersionConfig{
		V3R2: wallet.V3R2, V4R2: wallet.V4R2, V5R1: wallet.ConfigV5R1Final{NetworkGlobalID: mainnet},
		HighloadV3: wallet.ConfigHighloadV3{MessageTTL: 3600, MessageBuilder: func(context.Context, uint32) (uint32, int64, error) {
			return seqno, until.Unix() - 3600, nil
		}},
	}[v]
	w, err := wallet.FromPrivateKey(nil, testKey, config)
	if err != nil {
		t.Fatal(err)
	}
	if v == HighloadV3 {
		if w, err = w.GetSubwallet(4269); err != nil {
			t.Fatal(err)
		}
	}
	if s, ok := w.GetSpec().(interface {
		SetSeqnoFetcher(func(context.Context, uint32) (uint32, error))
	}); ok {
		s.SetSeqnoFetcher(fetch)
	}
	return w
}

// tonutils' wallets, with the private key, have the same address and write messages that mean what they were told.
func TestEveryVersionAgreesWithTonutils(t *testing.T) {
	for _, v := range ownVersions {
		w, theirs := walletOf(t, v), tonutilsOf(t, v, 7)
		if w.Address.String() != theirs.WalletAddress().StringRaw() {
			t.Errorf("%s: address %s, tonutils says %s", v, w.Address, theirs.WalletAddress().StringRaw())
		}
		for _, n := range []int{1, 2, 4} {
			transfers := manyTransfers(n)
			var msgs []*wallet.Message
			for _, x := range transfers {
				msgs = append(msgs, &wallet.Message{Mode: 3, InternalMessage: &tlb.InternalMessage{
					IHRDisabled: true, Bounce: x.Bounce, DstAddr: toTonutils(x.To), Amount: tlb.FromNanoTON(x.Value.Big())}})
			}
			msg, err := theirs.PrepareExternalMessageForMany(context.Background(), true, msgs)
			if err != nil {
				t.Fatal(err)
			}
			payload, sig, err := layoutOf(v).split(msg.Body)
			if err != nil {
				t.Fatal(err)
			}
			tx, err := Decode(w, payload.ToBOC())
			if err != nil {
				t.Fatalf("%s: %v", v, err)
			}
			ours := mustCell(t, mustBuildAt(t, w, 7, tx, transfers))
			if v != HighloadV3 || n == 1 { // the value that a batch carries is the builder's choice
				if ours.HashKey() != payload.HashKey() {
					t.Errorf("%s: cells differ:\n%s\n%s", v, ours.Dump(), payload.Dump())
				}
			}
			checkTransfers(t, tx, transfers)
			want, err := tlb.ToCell(msg)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := Assemble(w, payload.ToBOC(), sig, true); err != nil || mustCell(t, got).HashKey() != want.HashKey() {
				t.Errorf("%s: assembled to another message than tonutils' (%v)", v, err)
			}
		}
	}
}

func mustBuildAt(t testing.TB, w Wallet, seqno uint32, like Transaction, transfers []Transfer) []byte {
	t.Helper()
	payload, err := Build(w, seqno, like.ValidUntil, transfers)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func checkTransfers(t *testing.T, tx Transaction, transfers []Transfer) {
	t.Helper()
	if len(tx.Messages) != len(transfers) {
		t.Fatalf("%s: %d messages, want %d", tx.Version, len(tx.Messages), len(transfers))
	}
	for i, x := range transfers {
		m := tx.Messages[i]
		if m.To != x.To || m.Value != x.Value || m.Bounce != x.Bounce || m.Mode != 3 || m.Op != OpTransfer || m.Comment != x.Comment {
			t.Errorf("%s: message %d is %+v, want %+v", tx.Version, i, m, x)
		}
	}
}

// From Build to what the chain keeps: what is decoded is shown by Run, happens with a real signature and is read back.
func TestEveryVersionFromBuildToExecuted(t *testing.T) {
	e := devEmulator(t)
	for _, v := range ownVersions {
		for _, n := range []int{1, 2, mostOf[v]} {
			w := walletOf(t, v)
			for name, acc := range map[string]Account{"active": activeOf(t, w, NanoOf(50e9), 0), "deployed by it": uninit(t, w.Address, NanoOf(50e9))} {
				payload := mustBuild(t, w, 0, manyTransfers(n)...)
				tx, err := Decode(w, payload)
				if err != nil {
					t.Fatal(err)
				}
				checkTransfers(t, tx, manyTransfers(n))
				shown, err := e.Run(w, acc, payload, testNow)
				if err != nil {
					t.Fatalf("%s, %d messages, %s: %v", v, n, name, err)
				}
				checkShown(t, w, tx, shown)
				res, err := apply(t, e, acc, mustCell(t, mustAssemble(t, w, payload, acc.Status != StatusActive)))
				if err != nil || !res.Accepted {
					t.Fatalf("%s: accepted %t, %v", v, res.Accepted, err)
				}
				got, err := ReadExecuted(w, res.TransactionCell)
				if err != nil || !got.Consumed || !got.Success || got.Payload != tx.SigningHash || got.Seqno != 0 || !got.External {
					t.Errorf("%s, %d messages, %s: read as %+v, %v", v, n, name, got, err)
				}
			}
		}
	}
}

func checkShown(t *testing.T, w Wallet, tx Transaction, o Outcome) {
	t.Helper()
	want := slicesOf(tx.Messages)
	if !reflect.DeepEqual(o.Messages, want) {
		t.Errorf("%s: %d messages were shown, %d decoded", w.Version, len(o.Messages), len(want))
	}
	if !o.Accepted || o.ComputeExit != 0 || o.ActionExit != 0 || o.Skipped != 0 || o.CodeChanged || o.DataChanged || o.Fees.IsZero() {
		o.Messages = nil
		t.Errorf("%s: shown %+v", w.Version, o)
	}
	if highload := w.Version == HighloadV3; o.QueryUsed != highload || (o.SeqnoAfter == 1) == highload {
		t.Errorf("%s: query used %t, seqno %d", w.Version, o.QueryUsed, o.SeqnoAfter)
	}
}

// slicesOf leaves out what only a payload says.
func slicesOf(msgs []Message) (out []Message) {
	for _, m := range msgs {
		m.Op, m.Mode = OpUnknown, 0
		out = append(out, m)
	}
	return out
}

func TestSecondUseIsNotAccepted(t *testing.T) {
	e := devEmulator(t)
	for _, v := range ownVersions {
		w := walletOf(t, v)
		payload := mustBuild(t, w, 5, Transfer{To: bob, Value: ton1})
		msg := mustCell(t, mustAssemble(t, w, payload, false))
		res, err := apply(t, e, activeOf(t, w, NanoOf(5e9), 5), msg)
		if err != nil || !res.Accepted {
			t.Fatalf("%s: %v", v, err)
		}
		after := mustAccount(t, w.Address, res.NextAccount.ShardAccount())
		if err := after.CheckOwn(w); err != nil {
			t.Errorf("%s: %v", v, err)
		}
		shown, err := e.Run(w, after, payload, testNow)
		if err != nil || shown.Accepted {
			t.Errorf("%s: run again: %+v, %v", v, shown, err)
		}
	}
}

func TestTooManyMessagesForAVersion(t *testing.T) {
	for _, v := range ownVersions {
		_, err := Build(walletOf(t, v), 0, until, manyTransfers(mostOf[v]+1))
		wantCode(t, err, CodeTooLarge)
		_, err = Build(walletOf(t, v), 0, until, nil)
		wantCode(t, err, CodeNoMessage)
	}
}

// A payload of one wallet is none of another: neither of another version nor of another subwallet.
func TestPayloadOfAnotherWalletIsRefused(t *testing.T) {
	for _, v := range ownVersions {
		payload := mustBuild(t, walletOf(t, v), 7, Transfer{To: bob, Value: ton1})
		for _, other := range ownVersions {
			if other == v {
				continue
			}
			if tx, err := Decode(walletOf(t, other), payload); err == nil {
				t.Errorf("%s was read as %s: %+v", v, other, tx)
			}
		}
		second, err := NewWallet(v, walletOf(t, v).PublicKey, mainnet, 1)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Decode(second, payload)
		wantCode(t, err, CodeWalletID)
	}
}

func TestEveryFlippedBitOfEveryVersion(t *testing.T) {
	for _, v := range ownVersions {
		w := walletOf(t, v)
		batches := [][]Transfer{{{To: bob, Value: ton1, Comment: strings.Repeat("rent ", 30)}},
			{{To: bob, Value: ton1, Bounce: true}, {To: w.Address, Value: NanoOf(1), Comment: "d"}}}
		for _, transfers := range batches {
			checkFlips(t, w, mustBuild(t, w, 7, transfers...))
		}
		for _, name := range []string{"STON 2", "jetton transfer, comment", "NFT transfer"} {
			payload, err := withBody(t, w, operations()[name].body)
			if err != nil {
				t.Fatal(err)
			}
			checkFlips(t, w, payload)
		}
	}
}

// checkFlips changes each bit of a payload: what is still decoded has another hash and another meaning.
func checkFlips(t *testing.T, w Wallet, payload []byte) {
	t.Helper()
	want, err := Decode(w, payload)
	if err != nil {
		t.Fatal(err)
	}
	decoded := 0
	for i := 0; ; i++ {
		n := i
		c := flipped(mustCell(t, payload), &n)
		if c == nil {
			break
		}
		got, err := Decode(w, c.ToBOC())
		if err != nil {
			continue
		}
		decoded++
		same := got.SigningHash == want.SigningHash
		got.SigningHash = want.SigningHash
		if same || reflect.DeepEqual(got, want) {
			t.Errorf("%s: bit %d: same hash %t, or the same meaning", w.Version, i, same)
		}
	}
	if decoded == 0 {
		t.Errorf("%s: no flipped payload decoded: the test shows nothing", w.Version)
	}
}

func TestOwnAccountOfEveryVersion(t *testing.T) {
	for _, v := range ownVersions {
		w := walletOf(t, v)
		acc := activeOf(t, w, ton1, 0)
		if err := acc.CheckOwn(w); err != nil || acc.Known != v {
			t.Errorf("%s: known as %q, %v", v, acc.Known, err)
		}
		other := w
		other.PublicKey[0] ^= 1
		l := layoutOf(v)
		foreign := mustAccount(t, w.Address, shardOf(t, w.Address, ton1, l.code, l.data(w.ID, 0, other.PublicKey)))
		wantCode(t, foreign.CheckOwn(w), CodeWallet)
		foreign = mustAccount(t, w.Address, shardOf(t, w.Address, ton1, l.code, l.data(w.ID^1, 0, w.PublicKey)))
		wantCode(t, foreign.CheckOwn(w), CodeWalletID)
	}
	w := walletOf(t, V4R2)
	plugins := dataV3(w.ID, 0, w.PublicKey).ToBuilder().MustStoreBoolBit(true).MustStoreRef(emptyCell()).EndCell()
	wantCode(t, mustAccount(t, w.Address, shardOf(t, w.Address, ton1, layoutV4.code, plugins)).CheckOwn(w), CodeWallet)
	w = walletOf(t, HighloadV3)
	timeout := cell.BeginCell().MustStoreSlice(w.PublicKey[:], 256).MustStoreUInt(uint64(w.ID), 32).MustStoreUInt(0, 66).MustStoreUInt(60, 22).EndCell()
	wantCode(t, mustAccount(t, w.Address, shardOf(t, w.Address, ton1, layoutHighload.code, timeout)).CheckOwn(w), CodeWallet)
}

func mustRefuse(t *testing.T, w Wallet, c *cell.Cell, code Code, says string) {
	t.Helper()
	_, err := Decode(w, c.ToBOC())
	if wantCode(t, err, code); err != nil && !strings.Contains(err.Error(), says) {
		t.Errorf("%v does not say %q", err, says)
	}
}

// TestConsumedIsWhatTheStateSaysOfEveryVersion runs payloads to every end they can come to, most of them by running out
// of gas, and compares with what the account's data says afterwards.
func TestConsumedIsWhatTheStateSaysOfEveryVersion(t *testing.T) {
	e := devEmulator(t)
	for _, v := range []Version{V3R2, V4R2, HighloadV3} {
		w, kept, used := walletOf(t, v), 0, 0
		for name, payload := range oddPayloads(t, w) {
			for n := uint64(500_000); n < 7_000_000_000; n += 40_000 + n/20 {
				sig := sign(t, payload.ToBOC())
				body, err := layoutOf(v).join(payload, sig)
				if err != nil {
					t.Fatal(err)
				}
				res, err := apply(t, e, activeOf(t, w, NanoOf(n), 7), external(t, w, body, false))
				if err != nil || !res.Accepted {
					continue // not in any block
				}
				got, err := ReadExecuted(w, res.TransactionCell)
				if err != nil {
					t.Fatalf("%s, %s with %d: %v", v, name, n, err)
				}
				after := mustAccount(t, w.Address, res.NextAccount.ShardAccount())
				gone := after.Seqno == 8 || v == HighloadV3 && after.QueryUsed(7, testNow)
				if got.Consumed != gone || got.Payload != [32]byte(payload.HashKey()) || got.Seqno+got.QueryID != 7 || !got.External {
					t.Errorf("%s, %s with %d: used %t, exit %d, read as %+v", v, name, n, gone, res.ExitCode, got)
				}
				if got.Success && len(got.Out) == 0 && name == "transfer" {
					t.Errorf("%s with %d: a success that sent nothing", v, n)
				}
				if gone {
					used++
				} else {
					kept++
				}
			}
		}
		if used == 0 || kept == 0 && v != HighloadV3 {
			t.Errorf("%s: %d transactions kept the seqno, %d used it: both must occur", v, kept, used)
		}
		t.Logf("%s: %d transactions kept the seqno, %d used it", v, kept, used)
	}
}

// oddPayloads are payloads of w with seqno or query id 7 that Decode would mostly refuse, and the contract accepts.
func oddPayloads(t *testing.T, w Wallet) map[string]*cell.Cell {
	t.Helper()
	if w.Version == HighloadV3 {
		direct, odd := validQuery(w), validQuery(w)
		direct.mode, odd.msg = 1, event()
		return map[string]*cell.Cell{"transfer": validQuery(w).cell(), "mode 1": direct.cell(), "event": odd.cell()}
	}
	head := cell.BeginCell().MustStoreUInt(uint64(w.ID), 32).MustStoreUInt(uint64(until.Unix()), 32).MustStoreUInt(7, 32)
	if w.Version == V4R2 {
		head.MustStoreUInt(0, 8)
	}
	with := func(mode uint64, m *cell.Cell) *cell.Cell {
		return head.Copy().MustStoreUInt(mode, 8).MustStoreRef(m).EndCell()
	}
	return map[string]*cell.Cell{
		"transfer": with(3, validMsg().cell()), "mode 1": with(1, validMsg().cell()), "no message": with(3, emptyCell()),
		"nothing": head.Copy().EndCell(), "mode missing": head.Copy().MustStoreRef(emptyCell()).EndCell(),
	}
}
