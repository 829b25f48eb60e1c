package ton

// shown is how many characters at each end of an address people compare, and wallets show.
const shown = 4

// LooksLike reports whether b could be taken for a by who reads both ends of it, in either form: somebody who wants that makes an
// address with the same ends, sends a little from it, and waits to be paid in the other's place.
func (a Address) LooksLike(b Address) bool {
	if a == b {
		return false
	}
	const prefix = 2 // EQ, UQ: the same for all
	friendly := sameEnds(a.Friendly(true, false)[prefix:], b.Friendly(true, false)[prefix:])
	return friendly || sameEnds(a.String()[prefix:], b.String()[prefix:])
}

func sameEnds(a, b string) bool {
	return a[:shown] == b[:shown] && a[len(a)-shown:] == b[len(b)-shown:]
}
