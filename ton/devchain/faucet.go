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

// Fund mints v and sends it to a in a block of its own, by an internal message that doesn't bounce. The deposit is a
// transaction of the account like any other.
func (c *Chain) Fund(a ton.Address, v ton.Nano) error {
	if v.IsZero() {
		return errors.New("fund: the amount is zero")
	}
	coins, err := tlb.FromNano(v.Big(), ton.NativeDecimals)
	if err != nil {
		return fmt.Errorf("fund: %w", err)
	}
	root, err := tlb.ToCell(&tlb.InternalMessage{
		IHRDisabled: true, SrcAddr: friendly(minter), DstAddr: friendly(a), Amount: coins,
		CreatedAt: unix(c.cfg.Now().Unix()), Body: cell.BeginCell().EndCell(),
	})
	if err != nil {
		return fmt.Errorf("fund: %w", err)
	}
	m, err := tvm.PrepareMessage(root)
	if err != nil {
		return fmt.Errorf("fund: %w", err)
	}
	if err := c.seal(m); err != nil {
		return fmt.Errorf("fund %v: %w", a, err)
	}
	return nil
}
