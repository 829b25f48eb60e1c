package api

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
)

// contract shows a policy wallet as the node has proven it.
func contract(p node.PolicyWallet) *client.Contract {
	c := p.State.Config
	spent, count := p.State.Window.At(p.At).Sum()
	out := &client.Contract{
		Deployed: base64.StdEncoding.EncodeToString(p.Deployed), Owner: p.State.Owner.String(), Spender: hex.EncodeToString(c.Spender[:]), Frozen: p.State.Frozen,
		PerTx: c.PerTx.String(), PerDay: c.PerDay.String(), Reserve: c.Reserve.String(), MaxCount: c.MaxCount, MaxValidity: c.MaxValidity,
		Destinations: []client.Destination{}, Spent: spent.String(), SpentCount: count,
	}
	if !p.State.Guardian.IsZero() {
		out.Guardian = p.State.Guardian.String()
	}
	for _, op := range c.Ops {
		out.Operations = append(out.Operations, fmt.Sprintf("%08x", op))
	}
	for _, to := range p.State.Rules.Destinations() {
		out.Destinations = append(out.Destinations, allowed(p, to))
	}
	return out
}

func allowed(p node.PolicyWallet, to [32]byte) client.Destination {
	rule := p.State.Rules[to]
	d := client.Destination{Address: basechain(to), Kinds: rule.Kinds.Names()}
	if j := rule.Jetton; j != nil {
		spent, _ := j.Window.At(p.At).Sum()
		d.Jetton = &client.Jetton{PerTx: j.PerTx.Format(0), PerDay: j.PerDay.Format(0), Spent: spent.Format(0), Payees: []string{}}
		for _, payee := range j.Owners() {
			d.Jetton.Payees = append(d.Jetton.Payees, basechain(payee))
		}
	}
	return d
}

func basechain(hash [32]byte) string { return fmt.Sprintf("0:%x", hash) }
