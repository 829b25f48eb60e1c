package tss

import (
	"slices"
	"strings"
	"testing"

	"filippo.io/edwards25519"

	"github.com/tonaiagent/mpcnode/digest"
)

func TestConfirmBodyThatNoKeygenMakesIsRefused(t *testing.T) {
	body := runKeygen(2, 3, nil)["user"].value.Confirm
	good, err := CheckConfirm(body)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		edit func(*Confirmed)
		want string
	}{
		"newer version":     {func(c *Confirmed) { c.Version = 2 }, "version 2"},
		"no session":        {func(c *Confirmed) { c.Session = [32]byte{} }, "no parties or no session"},
		"no parties":        {func(c *Confirmed) { c.Parties = []string{} }, "no parties or no session"},
		"need of one":       {func(c *Confirmed) { c.Need = 1 }, "need 1"},
		"need of all":       {func(c *Confirmed) { c.Need = 3 }, "fewer than need"},
		"other epoch":       {func(c *Confirmed) { c.Epoch = 2 }, "aren't the derived ones"},
		"other key":         {func(c *Confirmed) { c.Key = "other" }, "aren't the derived ones"},
		"other network":     {func(c *Confirmed) { c.Network[5] = 1 }, "aren't the derived ones"},
		"other order":       {func(c *Confirmed) { slices.Reverse(c.Parties) }, "aren't the derived ones"},
		"proposed share id": {func(c *Confirmed) { c.ShareIDs[1] = c.ShareIDs[0] }, "aren't the derived ones"},
		"share id missing":  {func(c *Confirmed) { c.ShareIDs = c.ShareIDs[:2] }, "aren't the derived ones"},
		"public key of low order": {
			func(c *Confirmed) { c.Public = [32]byte(lowOrder) }, "public key: point has low order",
		},
		"public key is the identity": {
			func(c *Confirmed) { c.Public = [32]byte(identity.Bytes()) }, "public key: point has low order",
		},
		"public key with torsion": {
			func(c *Confirmed) { c.Public = [32]byte(withTorsion) }, "public key: point is outside the prime-order group",
		},
		"other public key":           {func(c *Confirmed) { c.Public = [32]byte(generator) }, "don't make the public key"},
		"first verification share":   {func(c *Confirmed) { c.Verification[0] = [32]byte(generator) }, "don't make the public key"},
		"last verification share":    {func(c *Confirmed) { c.Verification[2] = [32]byte(generator) }, "don't make the public key"},
		"verification share missing": {func(c *Confirmed) { c.Verification = c.Verification[:2] }, "2 verification shares of 3"},
		"verification share with torsion": {
			func(c *Confirmed) { c.Verification[1] = [32]byte(withTorsion) }, "share 1: point is outside",
		},
	} {
		bad := good
		bad.Parties, bad.ShareIDs = slices.Clone(bad.Parties), slices.Clone(bad.ShareIDs)
		bad.Verification = slices.Clone(bad.Verification)
		c.edit(&bad)
		if _, err := CheckConfirm(digest.Encode(bad)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want …%s…", name, err, c.want)
		}
	}
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"nothing":       {nil, "EOF"},
		"trailing byte": {append(slices.Clone(body), 0), "extraneous"},
		"too long":      {append(slices.Clone(body), make([]byte, maxConfirm)...), "at most"},
	} {
		if _, err := CheckConfirm(c.b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want …%s…", name, err, c.want)
		}
	}
}

// The encoding of a body and of a share of the longest names stay below their caps.
func TestCapsHoldTheLargestKey(t *testing.T) {
	long := make([]string, maxParties)
	for i := range long {
		long[i] = strings.Repeat(string(rune('a'+i)), 64)
	}
	w := newWires(long)
	got := all(long, func(p string) (*Generated, error) {
		c := Committee{Network: [32]byte{1}, Session: [32]byte{2}, Key: strings.Repeat("k", 64), Epoch: 1<<32 - 1, Need: 5, Parties: long, Self: p}
		return Keygen(t.Context(), c, w.link(p))
	})
	for p, o := range got {
		if o.err != nil {
			t.Fatalf("%s: %v", p, o.err)
		}
		if _, err := ParseShare(o.value.Share.Marshal()); err != nil {
			t.Error(err)
		}
	}
	for _, size := range keygenSizes(maxParties, maxParties) {
		if size+headerSize > MaxMessage {
			t.Errorf("a message of %d bytes", size+headerSize)
		}
	}
}

func TestLagrangeInterpolatesAtZero(t *testing.T) {
	// f(x) = 5 + 3x at 2 and 7.
	ids := []*edwards25519.Scalar{reduce([]byte{2}), reduce([]byte{7})}
	at := []*edwards25519.Scalar{reduce([]byte{11}), reduce([]byte{26})}
	sum := edwards25519.NewScalar()
	for i := range ids {
		sum.MultiplyAdd(lagrange(ids, i), at[i], sum)
	}
	if sum.Equal(reduce([]byte{5})) != 1 {
		t.Errorf("f(0) = %v", bigScalar(sum))
	}
}
