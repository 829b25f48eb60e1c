package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

func TestScratch(t *testing.T) {
	pub, key, _ := ed25519.GenerateKey(nil)
	w, _ := ton.NewWallet(ton.V5R1, [32]byte(pub), devGlobalID, 0)
	dest, _ := newDestination()
	amt, _ := ton.ParseNano("1.5", 9)
	p, err := ton.Build(w, 0, time.Now().Add(60*time.Second), []ton.Transfer{{To: dest, Value: amt, Comment: demoMemo}})
	if err != nil {
		t.Fatal(err)
	}
	tx, err := ton.Decode(w, p)
	if err != nil {
		t.Fatal(err)
	}
	sig := ed25519.Sign(key, tx.SigningHash[:])
	boc, err := ton.Assemble(w, p, [64]byte(sig), true)
	if err != nil {
		t.Fatal(err)
	}
	var r demoReport
	r.Keygen.PublicKey = hex.EncodeToString(pub)
	r.Wallet = demoWallet{w.Address.Friendly(false, false), w.Address.String(), "v5r1"}
	r.Signed = demoSigned{Destination: dest.Friendly(false, false), Amount: "1.5", SigningHash: hex.EncodeToString(tx.SigningHash[:]), Signature: hex.EncodeToString(sig), BoC: base64.StdEncoding.EncodeToString(boc)}
	b, _ := json.Marshal(r)
	os.WriteFile("/tmp/demo.json", b, 0o600)
}
