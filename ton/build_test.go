package ton

import (
	"context"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/ton/wallet"
	"github.com/xssnick/tonutils-go/tvm/cell"
	"pgregory.net/rapid"
)

// tonutilsPayload lets tonutils' own wallet build the message and catches the cell it wants to have signed.
func tonutilsPayload(t testing.TB, seqno uint32, transfers []Transfer) *cell.Cell {
	t.Helper()
	var signed *cell.Cell
	catch := func(_ context.Context, c *cell.Cell, _ uint32) ([]byte, error) {
		signed = c
		return make([]byte, 64), nil
	}
	w, err := wallet.FromPubKeyWithOptions(testKey.Public().(ed25519.PublicKey),
		wallet.ConfigV5R1Final{NetworkGlobalID: mainnet}, wallet.WithSigner(catch))
	if err != nil {
		t.Fatal(err)
	}
	w.GetSpec().(*wallet.SpecV5R1Final).SetSeqnoFetcher(func(context.Context, uint32) (uint32, error) { return seqno, nil })
	var msgs []*wallet.Message
	for _, x := range transfers {
		m := &tlb.InternalMessage{IHRDisabled: true, Bounce: x.Bounce, DstAddr: toTonutils(x.To), Amount: tlb.FromNanoTON(x.Value.Big())}
		if x.Comment != "" {
			if m.Body, err = wallet.CreateCommentCell(x.Comment); err != nil {
				t.Fatal(err)
			}
		}
		msgs = append(msgs, &wallet.Message{Mode: 3, InternalMessage: m})
	}
	if _, err := w.PrepareExternalMessageForMany(context.Background(), false, msgs); err != nil {
		t.Fatal(err)
	}
	return signed
}

func genTransfer(t *rapid.T) Transfer {
	address := Address{Workchain: rapid.SampledFrom([]int8{0, -1}).Draw(t, "workchain")}
	copy(address.Hash[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
	comment := rapid.StringN(0, 300, 1000).Draw(t, "comment")
	return Transfer{To: address, Value: genNano(t), Bounce: rapid.Bool().Draw(t, "bounce"), Comment: comment}
}

func TestBuildAgreesWithTonutils(t *testing.T) {
	w := testWallet(t)
	rapid.Check(t, func(rt *rapid.T) {
		transfers := rapid.SliceOfN(rapid.Custom(genTransfer), 1, 5).Draw(rt, "transfers")
		seqno := rapid.Uint32().Draw(rt, "seqno")
		theirs := tonutilsPayload(t, seqno, transfers)
		decoded, err := Decode(w, theirs.ToBOC())
		if err != nil {
			rt.Fatal(err)
		}
		ours, err := Build(w, seqno, decoded.ValidUntil, transfers) // tonutils reads its own clock
		if err != nil {
			rt.Fatal(err)
		}
		if mustCell(t, ours).HashKey() != theirs.HashKey() {
			rt.Fatalf("cells differ:\n%s\n%s", mustCell(t, ours).Dump(), theirs.Dump())
		}
	})
}

func TestDecodeReturnsWhatWasBuilt(t *testing.T) {
	w := testWallet(t)
	rapid.Check(t, func(rt *rapid.T) {
		transfers := rapid.SliceOfN(rapid.Custom(genTransfer), 1, 5).Draw(rt, "transfers")
		seqno, unix := rapid.Uint32().Draw(rt, "seqno"), rapid.Uint32().Draw(rt, "valid_until")
		payload, err := Build(w, seqno, time.Unix(int64(unix), 999), transfers)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := Decode(w, payload)
		if err != nil {
			rt.Fatal(err)
		}
		if got.Wallet != w.Address || got.WalletID != w.ID || got.Version != V5R1 || got.Seqno != seqno ||
			got.ValidUntil.Unix() != int64(unix) || got.SigningHash != [32]byte(mustCell(t, payload).HashKey()) {
			rt.Fatalf("got %+v", got)
		}
		for i, x := range transfers {
			m := got.Messages[i]
			if m.To != x.To || m.Value != x.Value || m.Bounce != x.Bounce || m.Comment != x.Comment || m.Mode != 3 ||
				m.Op != OpTransfer || m.Init != [32]byte{} || m.Body != [32]byte(commentBody(x.Comment).HashKey()) {
				rt.Fatalf("message %d is %+v, want %+v", i, m, x)
			}
		}
	})
}

func TestBuildRefusesWhatDecodeWould(t *testing.T) {
	ok := Transfer{To: bob, Value: ton1}
	for name, c := range map[string]struct {
		change func(*Transfer)
		code   Code
	}{
		"mode 1":            {func(x *Transfer) { x.Mode = 1 }, CodeSendMode},
		"mode 131":          {func(x *Transfer) { x.Mode = 131 }, CodeSendMode},
		"comment too long":  {func(x *Transfer) { x.Comment = strings.Repeat("x", 1025) }, CodeComment},
		"comment not UTF-8": {func(x *Transfer) { x.Comment = "\xff" }, CodeComment},
		"workchain":         {func(x *Transfer) { x.To.Workchain = 5 }, CodeAddress},
	} {
		t.Run(name, func(t *testing.T) {
			x := ok
			c.change(&x)
			_, err := Build(testWallet(t), 0, until, []Transfer{x})
			wantCode(t, err, c.code)
		})
	}
	_, err := Build(testWallet(t), 0, until, nil)
	wantCode(t, err, CodeNoMessage)
	_, err = Build(testWallet(t), 0, until, []Transfer{{To: bob, Body: library(t)}})
	wantCode(t, err, CodeExoticCell)
	_, err = Build(testWallet(t), 0, until, []Transfer{{To: bob, Init: library(t)}})
	wantCode(t, err, CodeExoticCell)
	_, err = Build(testWallet(t), 0, until, []Transfer{{To: bob, Comment: "a", Body: emptyCell()}})
	wantCode(t, err, CodeComment)
	_, err = Build(testWallet(t), 0, until, make([]Transfer, 256))
	wantCode(t, err, CodeTooLarge)
	_, err = Build(testWallet(t), 0, until, make([]Transfer, 3000)) // deeper than a cell can be
	wantCode(t, err, CodeTooLarge)
	_, err = Build(testWallet(t), 0, until, []Transfer{{To: bob, Comment: strings.Repeat("x", 1<<20)}})
	wantCode(t, err, CodeComment)
	_, err = Build(Wallet{}, 0, until, []Transfer{ok})
	wantCode(t, err, CodeWallet)
	for _, at := range []time.Time{time.Unix(-1, 0), time.Unix(1<<32, 0)} {
		if _, err := Build(testWallet(t), 0, at, []Transfer{ok}); err == nil {
			t.Errorf("valid_until %s was built into 32 bits", at)
		}
	}
}

func TestLargestTransfersFit(t *testing.T) {
	comment := strings.Repeat("é", 512)
	x := Transfer{To: bob, Value: MaxNano, Comment: comment}
	tx, err := Decode(testWallet(t), mustBuild(t, testWallet(t), 1<<32-1, x))
	if err != nil || tx.Messages[0].Comment != comment || tx.Messages[0].Value != MaxNano {
		t.Errorf("got %+v, %v", tx, err)
	}
	many := make([]Transfer, 255)
	for i := range many {
		many[i] = Transfer{To: bob, Value: NanoOf(uint64(i))}
	}
	tx, err = Decode(testWallet(t), mustBuild(t, testWallet(t), 0, many...))
	if err != nil || len(tx.Messages) != 255 || tx.Messages[254].Value != NanoOf(254) {
		t.Errorf("got %d messages, %v", len(tx.Messages), err)
	}
}

// Bodies of every size and count of references fit beside a StateInit, inline or not.
func TestEveryBodyFits(t *testing.T) {
	child := walletOf(t, V4R2)
	for bits := uint(32); bits < 1024; bits++ {
		for _, init := range []*cell.Cell{nil, child.StateInit()} {
			b := cell.BeginCell().MustStoreUInt(0xdeadbeef, 32)
			b.MustStoreSlice(make([]byte, 128), bits-32)
			for range bits % 5 {
				b.MustStoreRef(emptyCell())
			}
			x := Transfer{To: child.Address, Value: MaxNano, Body: b.EndCell(), Init: init}
			if _, err := Build(testWallet(t), 0, until, []Transfer{x}); err != nil {
				t.Fatalf("a body of %d bits, %d references: %v", bits, bits%5, err)
			}
		}
	}
}
