package tss

import (
	"crypto/ed25519"
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/c2sp/wycheproof"
)

func TestVerifyAgreesWithWycheproof(t *testing.T) {
	var file struct {
		TestGroups []struct {
			PublicKey struct{ Pk string }
			Tests     []struct {
				TcID             int
				Msg, Sig, Result string
			}
		}
	}
	b, err := fs.ReadFile(wycheproof.TestVectors, "ed25519_test.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, g := range file.TestGroups {
		for _, c := range g.Tests {
			count[c.Result]++
			if got := verify(unhex(g.PublicKey.Pk), unhex(c.Msg), unhex(c.Sig)); got != (c.Result == "valid") {
				t.Errorf("case %d: %v, want %s", c.TcID, got, c.Result)
			}
		}
	}
	if count["valid"] < 50 || count["invalid"] < 50 {
		t.Errorf("only %v cases", count)
	}
}

// For a public key of order 8 anyone can make a signature that crypto/ed25519 accepts: R = identity, s = 0.
func TestVerifyRefusesKeysThatSignAnything(t *testing.T) {
	sig := [64]byte{0: 1}
	forged := 0
	for i := range 64 {
		hash := [32]byte{byte(i)}
		if ed25519.Verify(lowOrder, hash[:], sig[:]) {
			forged++
			if Verify([32]byte(lowOrder), hash, sig) {
				t.Errorf("hash %x: accepted", hash)
			}
		}
	}
	if forged == 0 {
		t.Error("crypto/ed25519 accepted none of them: the test shows nothing")
	}
}

func TestVerifyRefusesNonCanonicalKey(t *testing.T) {
	// y = p + 1 is the identity in another encoding, which crypto/ed25519 takes.
	key := [32]byte(unhex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"))
	sig := [64]byte{0: 1}
	if !ed25519.Verify(key[:], testHash[:], sig[:]) {
		t.Error("crypto/ed25519 refuses it: the test shows nothing")
	}
	if Verify(key, testHash, sig) {
		t.Error("accepted")
	}
}
