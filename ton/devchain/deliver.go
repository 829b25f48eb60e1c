package devchain

import (
	"errors"
	"fmt"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// minter is where new coins come from: the address that validators mint from (block.tlb, mint_msg), which has no key.
var minter = ton.Address{Workchain: -1}

// Message is an internal message that no transaction of the chain has sent. The coins that it carries are new.
type Message struct {
	From   ton.Address // whose answers and bounces go back to it; zero: the address that coins are minted from
	To     ton.Address
	Value  ton.Nano
	Bounce bool       // what the destination doesn't take comes back
	Init   *cell.Cell // StateInit, which makes the destination's contract; nil: none
	Body   *cell.Cell // nil: empty
}

// Deliver executes a message, and what it causes, in a block of its own. The chain asks nobody whether From agrees: it
// is how tests and tools deploy contracts and act for people who have no wallet.
func (c *Chain) Deliver(m Message) error {
	prepared, err := c.prepare(m)
	if err == nil {
		err = c.seal(prepared)
	}
	if err != nil {
		return fmt.Errorf("deliver to %v: %w", m.To, err)
	}
	return nil
}

// Fund mints v and sends it to a by a message that doesn't bounce. The deposit is a transaction of the account like any
// other.
func (c *Chain) Fund(a ton.Address, v ton.Nano) error {
	if v.IsZero() {
		return errors.New("fund: the amount is zero")
	}
	return c.Deliver(Message{To: a, Value: v})
}

func (c *Chain) prepare(m Message) (*tvm.PreparedMessage, error) {
	if m.From.IsZero() {
		m.From = minter
	}
	if m.Body == nil {
		m.Body = empty
	}
	coins, err := tlb.FromNano(m.Value.Big(), ton.NativeDecimals)
	if err != nil {
		return nil, err
	}
	out := tlb.InternalMessage{
		IHRDisabled: true, Bounce: m.Bounce, SrcAddr: friendly(m.From), DstAddr: friendly(m.To), Amount: coins,
		CreatedAt: unix(c.cfg.Now().Unix()), Body: m.Body,
	}
	if m.Init != nil {
		out.StateInit = new(tlb.StateInit)
		if err := tlb.Parse(out.StateInit, m.Init); err != nil {
			return nil, fmt.Errorf("read StateInit: %w", err)
		}
	}
	root, err := tlb.ToCell(&out)
	if err != nil {
		return nil, err
	}
	return tvm.PrepareMessage(root)
}
