package ton

import (
	"testing"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// A spend's signature may begin with the same bits as an order.
func TestOrdersAreInternal(t *testing.T) {
	body := cell.BeginCell().MustStoreUInt(OrderFreeze, 32).MustStoreUInt(0, 64).EndCell()
	internal := &tlb.Message{MsgType: tlb.MsgTypeInternal, Msg: &tlb.InternalMessage{Body: body}}
	external := &tlb.Message{MsgType: tlb.MsgTypeExternalIn, Msg: &tlb.ExternalMessage{Body: body}}
	if got := orderOf(internal, true); got != OrderFreeze {
		t.Errorf("an order is read as %08x", got)
	}
	if got := orderOf(external, true); got != 0 {
		t.Errorf("a signed message is read as the order %08x", got)
	}
}
