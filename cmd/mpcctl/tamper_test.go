package main

import (
	"bytes"
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// The demo shows a guard at work, not a decoder: the changed payload must decode, and pay somebody else.
func TestTamperedPayloadDecodesAndPaysSomebodyElse(t *testing.T) {
	w, err := ton.NewWallet(ton.V5R1, [32]byte(seedOf("a key").Public().(ed25519.PublicKey)), devGlobalID, 0)
	if err != nil {
		t.Fatal(err)
	}
	for range 32 {
		to, err := newDestination()
		if err != nil {
			t.Fatal(err)
		}
		payload, err := tampered(w, 1, to.Friendly(false, false))
		if err != nil {
			t.Fatal(err)
		}
		tx, err := ton.Decode(w, payload)
		if err != nil {
			t.Fatal(err)
		}
		m := tx.Messages[0]
		if m.To == to || m.Value.String() != demoAmount || m.Comment != demoMemo || tx.Seqno != 1 {
			t.Fatalf("pays %v to %v, asked for %v", m.Value, m.To, to)
		}
		amount, _ := ton.ParseNano(demoAmount, ton.NativeDecimals)
		honest, err := ton.Build(w, 1, tx.ValidUntil.Truncate(time.Second), []ton.Transfer{{To: to, Value: amount, Comment: demoMemo}})
		if err != nil {
			t.Fatal(err)
		}
		if n := changed(payload[:len(payload)-4], honest[:len(honest)-4]); n != 1 {
			t.Fatalf("%d bytes were changed", n)
		}
	}
}

func changed(a, b []byte) (n int) {
	if len(a) != len(b) || bytes.Equal(a, b) {
		return -1
	}
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}
