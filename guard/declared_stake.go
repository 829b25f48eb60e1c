package guard

import "github.com/tonaiagent/mpcnode/ton"

func (c *comparison) stake() { field(c, "program", c.f.Program, c.i.Program) }

// unstake is an order to a pool, or the burning of the jettons that stand for the stake.
func (c *comparison) unstake() {
	field(c, "program", c.f.Program, c.i.Program)
	c.attached()
	s, _ := c.m.Detail.(ton.Stake)
	field(c, "withdraw", s.Amount, c.i.Withdraw)
}

// vote is one with jettons, whose body is declared by its hash, or a nominator's, whose memo says everything.
func (c *comparison) vote() {
	if _, jettons := c.m.Detail.(ton.Vote); jettons {
		field(c, "jetton", ton.JettonID(c.f.Master), c.i.Jetton)
		field(c, "body_hash", hexOf(c.m.Body), hexOf(c.i.BodyHash))
		return
	}
	field(c, "jetton", "", c.i.Jetton)
	field(c, "body_hash", hexOf([32]byte{}), hexOf(c.i.BodyHash))
}
