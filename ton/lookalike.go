package ton

// shown is how many characters at each end of an address people compare, and wallets show.
const shown = 4

// Ends returns what people compare of an address: both ends of its friendly form, and of its raw one.
func (a Address) Ends() (friendly, raw string) {
	const prefix = 2 // EQ, UQ: the same for all
	return ends(a.Friendly(true, false)[prefix:]), ends(a.String()[prefix:])
}

func ends(s string) string { return s[:shown] + s[len(s)-shown:] }

// LooksLike reports whether b could be taken for a by who reads both ends of it, in either form: somebody who wants that makes an
// address with the same ends, sends a little from it, and waits to be paid in the other's place.
func (a Address) LooksLike(b Address) bool {
	friendlyA, rawA := a.Ends()
	friendlyB, rawB := b.Ends()
	return a != b && (friendlyA == friendlyB || rawA == rawB)
}
