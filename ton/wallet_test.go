package ton

import (
	"crypto/ed25519"
	"errors"
	"testing"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/ton/wallet"
)

// tonutils derives code, data and address by itself; the address must be the same.
func TestAddressAgreesWithTonutils(t *testing.T) {
	for _, network := range []int32{mainnet, testnet, 0, 7} {
		for _, subwallet := range []uint16{0, 1, 4269, 1<<15 - 1} {
			for seed := range byte(3) {
				pub := ed25519.NewKeyFromSeed(append(make([]byte, 31), seed)).Public().(ed25519.PublicKey)
				w, err := NewWallet(V5R1, [32]byte(pub), network, subwallet)
				if err != nil {
					t.Fatal(err)
				}
				want, err := wallet.AddressFromPubKey(pub, wallet.ConfigV5R1Final{NetworkGlobalID: network}, uint32(subwallet))
				if err != nil {
					t.Fatal(err)
				}
				if w.Address.String() != want.StringRaw() {
					t.Errorf("network %d, subwallet %d: %s, tonutils says %s", network, subwallet, w.Address, want.StringRaw())
				}
			}
		}
	}
}

func TestStateInitHashIsTheAddress(t *testing.T) {
	w := testWallet(t)
	var init tlb.StateInit
	if err := tlb.Parse(&init, w.StateInit()); err != nil {
		t.Fatal(err)
	}
	if got := init.CalcAddress(0).StringRaw(); got != w.Address.String() {
		t.Errorf("StateInit is that of %s, wallet is %s", got, w.Address)
	}
	if got := [32]byte(init.Code.HashKey()); pinned[got] != V5R1 {
		t.Errorf("code %x is not pinned", got)
	}
}

func TestPinnedCodesAreTonutilsWallets(t *testing.T) {
	for v, config := range map[Version]wallet.VersionConfig{
		V3R1: wallet.V3R1, V3R2: wallet.V3R2, V4R1: wallet.V4R1, V4R2: wallet.V4R2, V5R1: wallet.ConfigV5R1Final{},
		HighloadV3: wallet.ConfigHighloadV3{},
	} {
		init, err := wallet.GetStateInit(make([]byte, 32), config, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := pinned[[32]byte(init.Code.HashKey())]; got != v {
			t.Errorf("code of %s is pinned as %q", v, got)
		}
	}
	if got := pinned[[32]byte(PolicyCode().HashKey())]; got != PolicyV1 { // our own: scripts/build-contracts.sh --check
		t.Errorf("code of %s is pinned as %q", PolicyV1, got)
	}
	if len(pinned) != 7 {
		t.Errorf("%d codes are pinned, 7 were checked", len(pinned))
	}
}

// The wallet ids are those of the W5 documentation.
func TestWalletIDBindsTheNetwork(t *testing.T) {
	for network, want := range map[int32]uint32{mainnet: 0x7fffff11, testnet: 0x7ffffffd} {
		if got := walletID(network, 0); got != want {
			t.Errorf("network %d: wallet id %08x, want %08x", network, got, want)
		}
	}
	if walletID(mainnet, 0) != walletID(testnet, 236) {
		t.Error("the documented collision is gone: correct the comment of walletID")
	}
}

func TestNewWalletRefuses(t *testing.T) {
	if w, err := NewWallet(V4R1, [32]byte{1}, mainnet, 0); err == nil {
		t.Errorf("another version was taken: %+v", w)
	}
	if w, err := NewWallet("", [32]byte{1}, mainnet, 0); err == nil {
		t.Errorf("no version was taken: %+v", w)
	}
	if w, err := NewWallet(V5R1, [32]byte{1}, mainnet, 1<<15); err == nil {
		t.Errorf("a subwallet of 16 bits was taken, which overwrites the version: %+v", w)
	}
}

// A Wallet that was read from a record is a claim: every part is checked against the others before it is used.
func TestWalletThatDoesNotBelongTogetherIsRefused(t *testing.T) {
	payload := mustBuild(t, testWallet(t), 0, Transfer{To: bob, Value: ton1})
	for name, c := range map[string]struct {
		change func(*Wallet)
		code   Code
	}{
		"zero":                  {func(w *Wallet) { *w = Wallet{} }, CodeWallet},
		"version":               {func(w *Wallet) { w.Version = V4R1 }, CodeWallet},
		"address":               {func(w *Wallet) { w.Address.Hash[0] ^= 1 }, CodeWallet},
		"workchain":             {func(w *Wallet) { w.Address.Workchain = -1 }, CodeWallet},
		"key":                   {func(w *Wallet) { w.PublicKey[0] ^= 1 }, CodeWallet},
		"id":                    {func(w *Wallet) { w.ID ^= 1 }, CodeWallet},
		"id of another network": {func(w *Wallet) { w.GlobalID = 0 }, CodeWalletID},
		"id of another version": {func(w *Wallet) { w.Version = V4R2 }, CodeWalletID},
	} {
		t.Run(name, func(t *testing.T) {
			w := testWallet(t)
			c.change(&w)
			_, err := Decode(w, payload)
			wantCode(t, err, c.code)
			_, err = Assemble(w, payload, [64]byte{}, false)
			wantCode(t, err, c.code)
			wantCode(t, Account{Address: w.Address, Status: StatusAbsent}.CheckOwn(w), c.code)
		})
	}
}

func wantCode(t *testing.T, err error, want Code) {
	t.Helper()
	var r *Refusal
	switch {
	case !errors.As(err, &r):
		t.Errorf("got error %v, want a refusal with code %s", err, want)
	case r.Code != want:
		t.Errorf("refused with %v, want code %s", r, want)
	case r.Reason == "":
		t.Errorf("%s has no reason", r.Code)
	}
}
