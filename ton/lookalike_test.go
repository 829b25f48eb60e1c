package ton

import "testing"

func TestAddressesWithTheSameEndsLookAlike(t *testing.T) {
	a := Address{Hash: [32]byte{0xab, 0xcd, 7, 30: 0x12, 31: 0x34}}
	for name, c := range map[string]struct {
		change func(*Address)
		want   bool
	}{
		"itself":                      {func(*Address) {}, false},
		"another in the middle":       {func(a *Address) { a.Hash[15]++ }, true},
		"another beginning":           {func(a *Address) { a.Hash[0]++ }, false},
		"another end":                 {func(a *Address) { a.Hash[31]++ }, false},
		"another workchain, same raw": {func(a *Address) { a.Workchain = -1 }, false},
	} {
		b := a
		if c.change(&b); a.LooksLike(b) != c.want || b.LooksLike(a) != c.want {
			t.Errorf("%s: %t", name, !c.want)
		}
	}
}
