package ton

import (
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

func TestOutgoingIsWhatThePayloadSends(t *testing.T) {
	for _, v := range []Version{V3R2, V4R2, V5R1} {
		w, err := NewWallet(v, [32]byte{1}, -239, 0)
		if err != nil {
			t.Fatal(err)
		}
		sent := []Transfer{
			{To: Address{Hash: [32]byte{2}}, Value: NanoOf(5), Comment: "for the data"},
			{To: Address{Workchain: -1, Hash: [32]byte{3}}, Value: NanoOf(7), Bounce: true},
		}
		payload, err := Build(w, 3, time.Unix(1_790_000_000, 0), sent)
		if err != nil {
			t.Fatal(err)
		}
		out, err := ReadOutgoing(w, payload)
		if err != nil || len(out) != 2 {
			t.Fatalf("%s: %d messages, %v", v, len(out), err)
		}
		for i, o := range out {
			if o.To != sent[i].To || o.Value != sent[i].Value || o.Bounce != sent[i].Bounce || o.Init != nil {
				t.Errorf("%s: message %d is %+v", v, i, o)
			}
		}
		body, err := cell.FromBOC(out[0].Body)
		if err != nil || body.HashKey() != commentBody("for the data").HashKey() || out[1].Body != nil {
			t.Errorf("%s: bodies %x, %x, %v", v, out[0].Body, out[1].Body, err)
		}
		if _, err := ReadOutgoing(w, payload[1:]); err == nil {
			t.Errorf("%s: half a payload was read", v)
		}
	}
}
