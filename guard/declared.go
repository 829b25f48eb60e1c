package guard

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/tonaiagent/mpcnode/ton"
)

// comparison is one message held against what the request says of it. What differs becomes a refusal that names the field.
type comparison struct {
	e *evaluation
	i Intent
	p Payment
	m ton.Message
	f ton.Facts
	v []Verdict
}

// families hold what the messages of a type must do against operation, the part of a request that is the type's own. A
// type that isn't listed says nothing there.
var families = map[string]func(*comparison){
	string(ton.OpJettonTransfer): (*comparison).jettonTransfer, string(ton.OpJettonBurn): (*comparison).attached,
	string(ton.OpNFTTransfer): (*comparison).nftTransfer, string(ton.OpNFTList): (*comparison).nftList,
	string(ton.OpNFTBuy): (*comparison).nftBuy, string(ton.OpNFTCancel): (*comparison).nftSold,
	string(ton.OpStake): (*comparison).stake, string(ton.OpUnstake): (*comparison).unstake,
	string(ton.OpSwap): (*comparison).swap, string(ton.OpVote): (*comparison).vote,
	string(ton.OpContractCall): (*comparison).contractCall, string(ton.OpDeploy): (*comparison).deploy,
	Gasless: (*comparison).gasless,
}

// messages compares every message with the payment that declares it, and stops at the first that differs: it tells enough.
func (e *evaluation) messages() []Verdict {
	if v := e.whole(); len(v) > 0 {
		return v
	}
	payments := e.c.Intent.Payments()
	for n, m := range e.c.Tx.Messages {
		c := comparison{e: e, i: e.c.Intent, p: payments[min(n, len(payments)-1)], m: m, f: e.c.Facts[n]}
		if n >= len(payments) {
			c.relayerFee()
		} else {
			c.compare()
		}
		if len(c.v) > 0 {
			return c.v
		}
	}
	return nil
}

// whole checks what is no single message's affair.
func (e *evaluation) whole() []Verdict {
	t, payments := e.c.Tx, len(e.c.Intent.Payments())
	if (t.Kind == ton.Gasless) != (e.c.Intent.Type == Gasless) {
		return []Verdict{deny(ReasonIntentType, string(t.Kind), e.c.Intent.Type)}
	}
	if t.Kind == ton.Gasless && len(t.Messages) == payments+1 {
		payments++ // the relayer's fee
	}
	if n := len(t.Messages); n == 0 || n != payments {
		return []Verdict{deny(ReasonIntentMessages, strconv.Itoa(n), strconv.Itoa(payments))}
	}
	if len(e.c.Facts) != len(t.Messages) {
		return []Verdict{deny(ReasonDestinationUnknown, strconv.Itoa(len(e.c.Facts)), strconv.Itoa(len(t.Messages)))}
	}
	if err := e.allowable(); err != nil {
		return []Verdict{refusal(err)}
	}
	return nil
}

// allowable refuses what no policy can allow.
func (e *evaluation) allowable() error {
	if e.c.Tx.Kind == ton.Gasless {
		return e.c.Tx.CheckRelayer(e.c.Intent.Relayer, e.c.Intent.MaxFee)
	}
	return e.c.Tx.CheckOperations()
}

// differs adds a refusal if is.
func (c *comparison) differs(r Reason, is bool, observed, want string) {
	if is {
		c.v = append(c.v, deny(r, observed, want))
	}
}

// field adds a refusal if a field of operation isn't what the bytes say.
func field[T comparable](c *comparison, name string, observed, want T) {
	c.differs(ReasonIntentOperation, observed != want, fmt.Sprintf("%s %v", name, observed), fmt.Sprintf("%s %v", name, want))
}

// compare goes through the fields that every type has, then those of the type's own.
func (c *comparison) compare() {
	if c.proven(); len(c.v) > 0 {
		return
	}
	if c.meaning(); len(c.v) > 0 {
		return // what it is not can't be compared
	}
	m, asset, amount := c.m, c.asset(), c.amount()
	c.differs(Reason(ton.CodeSendMode), m.Mode != 3, strconv.Itoa(int(m.Mode)), "3")
	c.differs(Reason(ton.CodeStateInit), m.Init != [32]byte{} && c.i.Type != string(ton.OpDeploy), fmt.Sprintf("%x", m.Init), "")
	c.differs(ReasonIntentAsset, asset != c.i.Asset, asset, c.i.Asset)
	c.differs(ReasonIntentAmount, amount != c.p.Amount, amountOf(asset, amount), amountOf(c.i.Asset, c.p.Amount))
	c.differs(ReasonIntentDestination, receiver(m) != c.p.Destination, recipient(receiver(m)), recipient(c.p.Destination))
	c.differs(ReasonIntentMemo, memo(m) != c.p.Memo, strconv.Quote(memo(m)), strconv.Quote(c.p.Memo))
	if own, ok := families[c.i.Type]; ok {
		own(c)
	}
	c.bounce()
}

// proven checks that what is known of the destination, and of who receives there, is of about the time of the own
// account's state, and rests on the policy that is in force.
func (c *comparison) proven() {
	f := c.f
	c.differs(ReasonDestinationUnknown, !c.e.fresh(f.Account, c.m.To), c.m.To.String(), "")
	if to := f.Receiver.Account; to.Address != (ton.Address{}) {
		c.differs(ReasonDestinationUnknown, !c.e.fresh(to, to.Address), to.Address.String(), "")
	}
	rests := f.Role != ton.RoleNone || f.Receiver.Role != ton.RoleNone
	if b := c.e.bundle; rests && b != nil {
		c.differs(ReasonPolicyChanged, c.e.c.Policy != b.Hash, fmt.Sprintf("%x", c.e.c.Policy), fmt.Sprintf("%x", b.Hash))
	}
}

// meaning asks what was proven of the destination what the message does there.
func (c *comparison) meaning() {
	op, err := c.f.Meaning(c.m, c.e.wallet.Address)
	want := ton.Op(c.i.Type)
	if want == Gasless {
		want = ton.OpJettonTransfer
	}
	switch {
	case err != nil:
		c.v = append(c.v, refusal(err))
	case op == ton.OpContractCall && want != op:
		c.v = append(c.v, deny(Reason(ton.CodeOperationUnknown), c.m.To.String(), string(want)))
	case op != want:
		c.v = append(c.v, deny(ReasonIntentType, string(op), c.i.Type))
	}
}

// bounce checks the flag: of a transfer it is what its destination asks for; an operation that is refused must come back.
func (c *comparison) bounce() {
	if c.i.Type != string(ton.OpTransfer) {
		c.differs(Reason(ton.CodeBounce), !c.m.Bounce, "an operation that does not bounce", "")
		return
	}
	if err := ton.CheckBounce(c.m, c.p.Form, c.f.Account); err != nil {
		c.v = append(c.v, refusal(err))
	}
}

func (c *comparison) asset() string { return assetOf(c.m, c.f) }

// assetOf is what a message moves: the jetton of the own jetton wallet that it goes to, else coins.
func assetOf(m ton.Message, f ton.Facts) string {
	if f.Role == ton.RoleJettonWallet && !m.Jettons().IsZero() {
		return ton.JettonID(f.Master)
	}
	return ton.Native
}

// amount is how much of its asset the message moves. The coins of a swap are those that are offered.
func (c *comparison) amount() ton.Nano {
	switch d := c.m.Detail.(type) {
	case ton.Jetton:
		return d.Amount
	case ton.Swap:
		return d.Offer
	}
	return c.m.Value
}

// receiver is who gets what a message moves, or is told to do something: zero for what is burned.
func receiver(m ton.Message) ton.Address {
	switch d := m.Detail.(type) {
	case ton.Jetton:
		return d.Destination
	case ton.NFT:
		return d.NewOwner
	}
	return m.To
}

// memo is the text that the receiver gets.
func memo(m ton.Message) string {
	switch d := m.Detail.(type) {
	case ton.Jetton:
		return d.Payload.Comment
	case ton.NFT:
		return d.Payload.Comment
	}
	return m.Comment
}

// attached checks the coins of a message that are not its amount.
func (c *comparison) attached() {
	value := c.m.Value
	if c.i.Asset == ton.Native && c.i.Type != string(ton.OpSwap) {
		value = ton.Nano{} // they are
	}
	field(c, "attached", value, c.i.Attached)
}

// refusal is the verdict for an error of package ton.
func refusal(err error) Verdict {
	var r *ton.Refusal
	if errors.As(err, &r) {
		return deny(known(r.Code), r.Reason, "")
	}
	return deny(Reason(ton.CodeUndecodable), err.Error(), "")
}
