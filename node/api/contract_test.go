package api

import (
	"encoding/base64"
	"slices"
	"testing"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/contracts"
)

// What a caller is shown of a policy wallet is enough to work its address out again.
func TestPolicyWalletIsShown(t *testing.T) {
	enrol(t)
	id, err := contracts.WalletID(globalID, 0)
	must(t, err)
	payee, jettons := [32]byte{2}, [32]byte{3}
	s := contracts.State{
		Config: contracts.Config{WalletID: id, Spender: world.nodes["platform"].Keys()[0].Public, PerTx: ton.NanoOf(1e9), PerDay: ton.NanoOf(5e9),
			Reserve: ton.NanoOf(1e8), MaxCount: 7, MaxValidity: 60, Ops: []uint32{0x47d54391}},
		Rules: contracts.Rules{payee: {Kinds: contracts.KindPlain | contracts.KindOps}, jettons: {Kinds: contracts.KindJetton,
			Jetton: &contracts.JettonRule{PerTx: ton.NanoOf(10), PerDay: ton.NanoOf(20), Payees: map[[32]byte]bool{payee: true}}}},
		Owner: ton.Address{Hash: [32]byte{9}},
	}
	record, err := wire.SignContractWallet(world.network, "platform", key("operator platform"), "vault", "k1", 1, s, globalID)
	must(t, err)
	must(t, as(t, "platform", "operator").enter("/v1/wallets", record))

	var w client.Wallet
	as(t, "platform", "operator").get("/v1/wallets/vault", &w)
	c := w.Contract
	if c == nil || w.Custody != "smart_contract" || w.Version != string(ton.PolicyV1) {
		t.Fatalf("%+v", w)
	}
	data, err := base64.StdEncoding.DecodeString(c.Deployed)
	must(t, err)
	if own, err := ton.ReadPolicyWallet(data, globalID); err != nil || own.Address.String() != w.Raw {
		t.Errorf("the wallet is %s, its data makes %s, %v", w.Raw, own.Address, err)
	}
	if c.Owner != s.Owner.String() || c.Spender != w.PublicKey || c.Guardian != "" || c.Frozen || c.PerTx != "1" || c.PerDay != "5" || c.Reserve != "0.1" ||
		c.MaxCount != 7 || c.MaxValidity != 60 || !slices.Equal(c.Operations, []string{"47d54391"}) || c.Spent != "0" || c.SpentCount != 0 {
		t.Errorf("%+v", c)
	}
	if len(c.Destinations) != 2 || !slices.Equal(c.Destinations[0].Kinds, []string{"transfer", "operation"}) || c.Destinations[0].Jetton != nil {
		t.Fatalf("%+v", c.Destinations)
	}
	if j := c.Destinations[1].Jetton; j == nil || j.PerTx != "10" || j.PerDay != "20" || j.Spent != "0" || !slices.Equal(j.Payees, []string{ton.Address{Hash: payee}.String()}) {
		t.Errorf("%+v", j)
	}
}
