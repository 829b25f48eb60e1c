package ton

import "testing"

// What is written is read again as it was, with every field.
func TestWrittenBodiesAreReadBack(t *testing.T) {
	for _, note := range []string{"", "rent", "a text that is longer than what fits into one cell, so that it goes on in a second one: 0123456789 0123456789 0123456789 0123456789"} {
		j := Jetton{QueryID: 7, Amount: NanoOf(5), Destination: bob, Response: own, Forward: NanoOf(1), Payload: Payload{Comment: note}}
		n := NFT{QueryID: 7, NewOwner: bob, Response: own, Forward: NanoOf(1), Payload: Payload{Comment: note}}
		if note != "" {
			j.Payload.Hash = [32]byte(commentBody(note).HashKey())
			n.Payload.Hash = j.Payload.Hash
		}
		burn := Jetton{QueryID: 7, Amount: NanoOf(5), Response: own}
		for name, c := range map[string]struct {
			body func() (content, error)
			op   Op
			want Detail
		}{
			"jetton transfer": {func() (content, error) { return readBody(j.Transfer()) }, OpJettonTransfer, j},
			"jetton burn":     {func() (content, error) { return readBody(burn.Burn()) }, OpJettonBurn, burn},
			"NFT transfer":    {func() (content, error) { return readBody(n.Transfer()) }, OpNFTTransfer, n},
		} {
			if got, err := c.body(); err != nil || got.op != c.op || got.detail != c.want {
				t.Errorf("%s: %+v, %v, want %+v", name, got, err, c.want)
			}
		}
	}
}
