package guard

import (
	"strconv"

	"github.com/tonaiagent/mpcnode/ton"
)

func (c *comparison) jettonTransfer() {
	j, _ := c.m.Detail.(ton.Jetton)
	c.attached()
	c.forwarded(j.Forward, j.Payload)
}

// gasless is a payment whose coins are the relayer's until the wallet sends them on.
func (c *comparison) gasless() { c.jettonTransfer() }

// relayerFee is the second message of a gasless payload; CheckRelayer has judged whom it pays, and how much.
func (c *comparison) relayerFee() {
	c.proven()
	j, _ := c.m.Detail.(ton.Jetton)
	c.differs(ReasonIntentMessages, !j.RelayerFee(), strconv.Itoa(len(c.e.c.Tx.Messages)), "1")
	c.differs(Reason(ton.CodeSendMode), c.m.Mode != 3, strconv.Itoa(int(c.m.Mode)), "3")
	c.differs(ReasonIntentOperation, c.m.Value.Cmp(c.i.Attached) > 0, "attached "+c.m.Value.String(), "attached "+c.i.Attached.String())
	c.differs(ReasonIntentAsset, c.asset() != c.i.Asset, c.asset(), c.i.Asset)
	if op, err := c.f.Meaning(c.m, c.e.wallet.Address); err != nil {
		c.v = append(c.v, refusal(err))
	} else {
		c.differs(Reason(ton.CodeOperationUnknown), op != ton.OpJettonTransfer, string(op), string(ton.OpJettonTransfer))
	}
}

// forwarded checks what goes on to the receiver. A memo has no hash of its own: it is compared as text.
func (c *comparison) forwarded(coins ton.Nano, p ton.Payload) {
	field(c, "forward", coins, c.i.Forward)
	if p.Opcode == 0 {
		p.Hash = [32]byte{}
	}
	field(c, "forward_payload", hexOf(p.Hash), hexOf(c.i.ForwardPayload))
}

func (c *comparison) nftTransfer() {
	n, _ := c.m.Detail.(ton.NFT)
	c.forwarded(n.Forward, n.Payload)
	c.item(c.m.To)
}

// item checks the collectible, and its collection if the request names one.
func (c *comparison) item(is ton.Address) {
	field(c, "item", is, c.i.Item)
	if !c.i.Collection.IsZero() {
		field(c, "collection", c.f.Collection, c.i.Collection)
	}
}

// nftList is a transfer to a sale, or a new price at one, or the start of a collectible's own auction.
func (c *comparison) nftList() {
	switch d := c.m.Detail.(type) {
	case ton.NFT:
		c.nftTransfer()
		field(c, "price", c.f.Receiver.Price, c.i.Price)
		field(c, "fees", c.f.Receiver.Fees, c.i.Fees)
	case ton.Sale:
		c.nftSold()
		c.forwarded(ton.Nano{}, ton.Payload{})
		field(c, "price", d.Price, c.i.Price)
		fees, err := d.Fees[0].Add(d.Fees[1])
		c.differs(ReasonIntentOperation, err != nil || fees != c.i.Fees, "fees "+fees.String(), "fees "+c.i.Fees.String())
	}
}

// nftBuy is a purchase at the price that the sale has now, or a bid, which the amount bounds.
func (c *comparison) nftBuy() {
	c.nftSold()
	if c.f.Role == ton.RoleSale {
		field(c, "price", c.f.Price, c.i.Price)
	} else {
		field(c, "price", ton.Nano{}, c.i.Price)
	}
}

// nftSold is what is asked of a sale or an auction, or of a collectible that has its own.
func (c *comparison) nftSold() {
	if c.f.Role == ton.RoleTelemint {
		c.item(c.m.To)
	} else {
		c.item(c.f.Item)
	}
}
