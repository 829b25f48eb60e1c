package guard

import "github.com/tonaiagent/mpcnode/ton"

// swapOf returns the swap that a message asks for, of coins or of jettons.
func swapOf(m ton.Message) (s ton.Swap) {
	switch d := m.Detail.(type) {
	case ton.Swap:
		return d
	case ton.Jetton:
		return d.Payload.Swap
	}
	return s
}

func (c *comparison) swap() {
	s := swapOf(c.m)
	c.attached()
	field(c, "venue", s.Venue, c.i.Venue)
	field(c, "ask", c.f.Ask, c.i.Ask)
	field(c, "min_out", s.MinOut().Format(0), c.i.MinOut.Format(0))
	for _, h := range s.Hops[:s.Count] {
		field(c, "referral", h.Referral, c.i.Referral)
	}
}
