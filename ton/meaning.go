package ton

// Meaning says what a message does to the account it goes to. An empty or comment body has no fixed meaning: it buys
// from a sale contract, bids at an auction, deposits into a pool. It is a transfer only if dest, the destination's own
// state, is absent, uninit or of a pinned wallet code; else it is OpUnknown.
func Meaning(m Message, dest Account) Op {
	if m.Op != OpTransfer || dest.Address != m.To || m.Init != [32]byte{} {
		return OpUnknown
	}
	switch {
	case dest.Status == StatusAbsent, dest.Status == StatusUninit:
		return OpTransfer
	case dest.Status == StatusActive && dest.Known != "":
		return OpTransfer
	}
	return OpUnknown
}

// Bounces says which bounce flag a transfer to dest, written in that form, is built with: as a friendly address asks
// (TEP-2); for a raw one false only if nothing is deployed there that could keep the coins, else the first payment to
// a new account would come back.
func Bounces(form Form, dest Account) bool {
	if form == FormRaw {
		return !dest.Proven || dest.Status != StatusAbsent && dest.Status != StatusUninit
	}
	return form != FormNonBounceable
}

// CheckBounce refuses a plain transfer whose bounce flag is not what its destination's form and state ask for. To a
// raw address bouncing is always allowed: at worst the coins come back.
func CheckBounce(m Message, form Form, dest Account) error {
	switch {
	case form == FormUnknown || form > FormNonBounceable:
		return refuse(CodeBounce, "how the destination was written is not known")
	case dest.Address != m.To:
		return refuse(CodeBounce, "state is that of %s, the message goes to %s", dest.Address, m.To)
	case m.Bounce == Bounces(form, dest), form == FormRaw && m.Bounce:
		return nil
	}
	return refuse(CodeBounce, "bounce is %t, form and state of the destination ask for %t", m.Bounce, !m.Bounce)
}
