package guard

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/ton"
)

// Gasless is the type of a request whose payload a relayer carries to the chain.
const Gasless = "gasless"

// kind is one type of request.
type kind struct {
	native   bool // may be about coins
	jetton   bool // may be about a jetton
	batch    bool // may have payments
	built    bool // nodes build the payload; else the request carries it
	required []string
	optional []string // fields of operation, apart from the required ones
}

// kinds are the types of requests. What their messages must do, compare in the file of the family says.
var kinds = map[string]kind{
	string(ton.OpTransfer): {native: true, batch: true, built: true},
	string(ton.OpJettonTransfer): {jetton: true, batch: true, built: true,
		optional: []string{"attached", "forward", "forward_payload"}},
	string(ton.OpJettonBurn): {jetton: true, built: true, optional: []string{"attached"}},
	string(ton.OpNFTTransfer): {native: true, built: true,
		required: []string{"item"}, optional: []string{"collection", "forward", "forward_payload"}},
	string(ton.OpNFTList): {native: true,
		required: []string{"item", "price"}, optional: []string{"collection", "fees", "forward", "forward_payload"}},
	string(ton.OpNFTBuy):    {native: true, required: []string{"item"}, optional: []string{"collection", "price"}},
	string(ton.OpNFTCancel): {native: true, required: []string{"item"}, optional: []string{"collection"}},
	string(ton.OpStake):     {native: true, required: []string{"program"}},
	string(ton.OpUnstake): {native: true, jetton: true,
		required: []string{"program"}, optional: []string{"withdraw", "attached"}},
	string(ton.OpSwap): {native: true, jetton: true,
		required: []string{"attached", "venue", "ask", "min_out"}, optional: []string{"referral"}},
	string(ton.OpVote): {native: true, optional: []string{"jetton", "body_hash"}},
	string(ton.OpContractCall): {native: true, jetton: true,
		required: []string{"opcode", "body_hash"}, optional: []string{"attached"}},
	string(ton.OpDeploy): {native: true, required: []string{"body_hash"}},
	Gasless: {jetton: true, built: true,
		required: []string{"relayer"}, optional: []string{"max_fee", "attached", "forward", "forward_payload"}},
}

// Built reports whether nodes build the payload of such requests.
func Built(kind string) bool { return kinds[kind].built }

// has reports whether the type has that field of operation.
func (k kind) has(field string) bool {
	return slices.Contains(k.required, field) || slices.Contains(k.optional, field)
}

// reachesNobody reports whether an intent's coins or jettons have no receiver: what is burned.
func (i Intent) reachesNobody() bool {
	return i.Type == string(ton.OpJettonBurn) || i.Type == string(ton.OpUnstake) && i.Asset != ton.Native
}

// action is what a policy calls the intent's type.
func (i Intent) action() string { return policy.ActionOf(i.Type) }

func (b body) kind(i *Intent) error {
	if _, ok := kinds[b.Type]; !ok {
		return errors.New("there is no such type of request")
	}
	i.Type = b.Type
	return nil
}

// fits checks that the type's asset is one it may be about.
func (k kind) fits(asset string) error {
	if asset == ton.Native && !k.native {
		return errors.New("want a jetton: jetton:<raw address of its master>")
	}
	if asset != ton.Native && !k.jetton {
		return errors.New("want native: it is coins that this type sends")
	}
	return nil
}

// fields lists what the type's operation has, for errors.
func (k kind) fields() string {
	if len(k.required)+len(k.optional) == 0 {
		return "this type has no operation"
	}
	return fmt.Sprintf("this type has %s", strings.Join(slices.Concat(k.required, k.optional), ", "))
}
