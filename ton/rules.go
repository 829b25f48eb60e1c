package ton

import "time"

const (
	// swapGrace is how long after its payload's end a swap may still be carried out: exchanges take a few blocks a hop.
	swapGrace = 15 * time.Minute
	// maxReferralFee is STON.fi's own cap, in hundredths of a percent.
	maxReferralFee = 100
)

// CheckOperations refuses what no policy can allow in operations that were decoded: an operation without bounce, which
// would leave its coins at a contract that refuses it; anything left, sent back or bought that goes to another account
// than the wallet; more coins sent on than are attached; a swap that any price would satisfy.
func (t Transaction) CheckOperations() error {
	for _, m := range t.Messages {
		if err := m.check(t.Wallet, t.ValidUntil); err != nil {
			return err
		}
	}
	return nil
}

func (m Message) check(own Address, until time.Time) error {
	if m.Opcode != 0 && !m.Bounce {
		return refuse(CodeBounce, "an operation (%08x) does not bounce: what is refused would not come back", m.Opcode)
	}
	if m.Detail == nil {
		return nil
	}
	for _, p := range m.Detail.own() {
		if p.address != own && !(p.optional && p.address.IsZero()) {
			return refuse(CodeForeignAddress, "the %s address is %s, the wallet is %s", p.name, p.address, own)
		}
	}
	return m.checkAmounts(until)
}

func (m Message) checkAmounts(until time.Time) error {
	var forward Nano
	var swap Swap
	switch d := m.Detail.(type) {
	case Jetton:
		forward, swap = d.Forward, d.Payload.Swap
	case NFT:
		forward = d.Forward
	case Swap:
		forward, swap = d.Offer, d
	case Stake:
		forward = d.Gas
	}
	if !forward.IsZero() && forward.Cmp(m.Value) >= 0 {
		return refuse(CodeForward, "%s TON go on, %s TON are attached", forward, m.Value)
	}
	return swap.check(until)
}

// check leaves a deadline of 0 to whoever judges the swap: exchanges without one exist.
func (s Swap) check(until time.Time) error {
	if s.Venue == "" {
		return nil
	}
	if s.MinOut().Cmp(NanoOf(1)) <= 0 {
		return refuse(CodeSwap, "a swap that would take %s smallest units for all", s.MinOut().Big())
	}
	if latest := uint64(max(until.Add(swapGrace).Unix(), 0)); s.Deadline > latest {
		return refuse(CodeSwap, "a swap may be carried out until %d, at most %d", s.Deadline, latest)
	}
	for _, h := range s.Hops[:s.Count] {
		if h.Fee > maxReferralFee {
			return refuse(CodeSwap, "a swap pays a referral %d hundredths of a percent, at most %d", h.Fee, maxReferralFee)
		}
	}
	return nil
}
