package ton

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"testing"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/ton/wallet"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

func sign(t testing.TB, payload []byte) [64]byte {
	t.Helper()
	return [64]byte(ed25519.Sign(testKey, mustCell(t, payload).Hash()))
}

func mustAssemble(t testing.TB, w Wallet, payload []byte, deploy bool) []byte {
	t.Helper()
	boc, err := Assemble(w, payload, sign(t, payload), deploy)
	if err != nil {
		t.Fatal(err)
	}
	return boc
}

// tonutils' wallet, with the private key, makes the same message.
func TestAssembleAgreesWithTonutils(t *testing.T) {
	w := testWallet(t)
	theirs, err := wallet.FromPrivateKey(nil, testKey, wallet.ConfigV5R1Final{NetworkGlobalID: mainnet})
	if err != nil {
		t.Fatal(err)
	}
	theirs.GetSpec().(*wallet.SpecV5R1Final).SetSeqnoFetcher(func(context.Context, uint32) (uint32, error) { return 0, nil })
	for _, deploy := range []bool{true, false} {
		msg, err := theirs.PrepareExternalMessageForMany(context.Background(), deploy,
			[]*wallet.Message{wallet.SimpleMessage(toTonutils(bob), tlb.FromNanoTON(ton1.Big()), nil)})
		if err != nil {
			t.Fatal(err)
		}
		want, err := tlb.ToCell(msg)
		if err != nil {
			t.Fatal(err)
		}
		signed, _, err := splitBehind(msg.Body)
		if err != nil {
			t.Fatal(err)
		}
		boc := mustAssemble(t, w, signed.ToBOC(), deploy)
		if got := mustCell(t, boc); got.HashKey() != want.HashKey() {
			t.Errorf("deploy %t:\n%s\nwant\n%s", deploy, got.Dump(), want.Dump())
		}
		if got, err := ExternalHash(boc); err != nil || !bytes.Equal(got[:], msg.NormalizedHash()) {
			t.Errorf("deploy %t: hash %x, %v", deploy, got, err)
		}
	}
}

// The hash is written out here by hand from TEP-467, and doesn't depend on how the message was written.
func TestExternalHashIsNormalised(t *testing.T) {
	w := testWallet(t)
	payload := mustBuild(t, w, 0, Transfer{To: bob, Value: ton1})
	sig := sign(t, payload)
	body := mustCell(t, payload).ToBuilder().MustStoreSlice(sig[:], 512).EndCell()
	head := func(importFee uint64) *cell.Builder {
		b := cell.BeginCell().MustStoreUInt(0b10, 2).MustStoreUInt(0, 2)
		stdAddress(0, w.Address.Hash)(b)
		return b.MustStoreCoins(importFee)
	}
	want := [32]byte(head(0).MustStoreUInt(0b01, 2).MustStoreRef(body).EndCell().HashKey())
	for name, boc := range map[string][]byte{
		"assembled":          mustAssemble(t, w, payload, false),
		"with StateInit":     mustAssemble(t, w, payload, true),
		"with an import fee": head(5).MustStoreUInt(0b01, 2).MustStoreRef(body).EndCell().ToBOC(),
		"body inline":        head(0).MustStoreUInt(0b00, 2).MustStoreBuilder(body.ToBuilder()).EndCell().ToBOC(),
	} {
		if got, err := ExternalHash(boc); err != nil || got != want {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
}

func TestExternalHashRefuses(t *testing.T) {
	to := func(dest func(*cell.Builder)) []byte {
		b := cell.BeginCell().MustStoreUInt(0b10, 2).MustStoreUInt(0, 2)
		dest(b)
		return b.MustStoreCoins(0).MustStoreUInt(0, 2).EndCell().ToBOC()
	}
	for name, c := range map[string]struct {
		boc  []byte
		code Code
	}{
		"nothing":          {nil, CodeUndecodable},
		"too large":        {make([]byte, maxExternalBytes+1), CodeTooLarge},
		"internal message": {validMsg().cell().ToBOC(), CodeUndecodable},
		"cut":              {emptyCell().ToBOC(), CodeUndecodable},
		"to nobody":        {to(putBits(0, 2)), CodeAddress},
		"anycast":          {to(anycast), CodeAddress},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ExternalHash(c.boc)
			wantCode(t, err, c.code)
		})
	}
}

func TestAssembleRefusesAPayloadWithoutRoom(t *testing.T) {
	full := cell.BeginCell().MustStoreSlice(make([]byte, 127), 1016).EndCell()
	_, err := Assemble(testWallet(t), full.ToBOC(), [64]byte{}, false)
	wantCode(t, err, CodeUndecodable)
	_, err = Assemble(testWallet(t), []byte("x"), [64]byte{}, false)
	wantCode(t, err, CodeUndecodable)
}
