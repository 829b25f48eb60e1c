package ton

import "slices"

// shown is how many characters at each end of an address people compare, and wallets show.
const shown = 4

// LooksLike reports whether b could be taken for a by who reads both ends of it, in either form: somebody who wants that makes an
// address with the same ends, sends a little from it, and waits to be paid in the other's place.
func (a Address) LooksLike(b Address) bool {
	if a == b {
		return false
	}
	ends := a.Ends()
	return slices.ContainsFunc(b.Ends(), func(end string) bool { return slices.Contains(ends, end) })
}

// Ends returns what people see of a: both ends of the friendly form, and of the raw one. Two addresses look alike if they
// have one of these in common.
func (a Address) Ends() []string {
	const prefix = 2 // EQ, UQ, and 0: are the same for all
	friendly, raw := a.Friendly(true, false)[prefix:], a.String()[prefix:]
	return []string{"friendly " + ends(friendly), "raw " + ends(raw)}
}

func ends(s string) string { return s[:shown] + s[len(s)-shown:] }
