package ton

import (
	"strings"
	"testing"
)

func TestOnlyRootsCanBeVouchedFor(t *testing.T) {
	code := [32]byte{1}
	for name, c := range map[string]struct {
		v    Vouched
		want string // part of the refusal; "" for none
	}{
		"nothing":                  {Vouched{}, `role "" can't`},
		"a jetton wallet":          {Vouched{Address: pool, Role: RoleJettonWallet}, "can't be vouched"},
		"a vault":                  {Vouched{Address: pool, Role: RoleNativeVault}, "can't be vouched"},
		"a pTON wallet":            {Vouched{Address: pool, Role: RolePTON, Venue: STON2}, "can't be vouched"},
		"nobody's pool":            {Vouched{Role: RolePool, Program: Whales}, "neither"},
		"pool":                     {Vouched{Address: pool, Role: RolePool, Program: Whales}, ""},
		"pools by code":            {Vouched{CodeHash: code, Role: RolePool, Program: NominatorPool}, ""},
		"pool without program":     {Vouched{Address: pool, Role: RolePool}, `program "" is not known`},
		"pool of another program":  {Vouched{Address: pool, Role: RolePool, Program: "ponzi"}, `program "ponzi" is not known`},
		"pool with a venue":        {Vouched{Address: pool, Role: RolePool, Program: Whales, Venue: DeDust}, "venue"},
		"jetton":                   {Vouched{Address: pool, Role: RoleJetton}, ""},
		"jetton of a stake":        {Vouched{Address: pool, Role: RoleJetton, Program: Bemo}, ""},
		"jetton of another":        {Vouched{Address: pool, Role: RoleJetton, Program: "ponzi"}, `program "ponzi" is not known`},
		"jettons by code":          {Vouched{CodeHash: code, Role: RoleJetton}, "needs an address"},
		"collection":               {Vouched{Address: pool, Role: RoleCollection}, ""},
		"collection of a program":  {Vouched{Address: pool, Role: RoleCollection, Program: Bemo}, "no program"},
		"collections by code":      {Vouched{CodeHash: code, Role: RoleCollection}, "needs an address"},
		"item":                     {Vouched{Address: pool, Role: RoleNFTItem}, ""},
		"sales by code":            {Vouched{CodeHash: code, Role: RoleSale}, ""},
		"auction":                  {Vouched{Address: pool, CodeHash: code, Role: RoleAuction}, ""},
		"collectibles by code":     {Vouched{CodeHash: code, Role: RoleTelemint}, ""},
		"router":                   {Vouched{Address: pool, Role: RoleRouter, Venue: STON1}, ""},
		"router without venue":     {Vouched{Address: pool, Role: RoleRouter}, `venue ""`},
		"router of DeDust":         {Vouched{Address: pool, Role: RoleRouter, Venue: DeDust}, `venue "dedust_v2"`},
		"routers by code":          {Vouched{CodeHash: code, Role: RoleRouter, Venue: STON2}, "needs an address"},
		"pTON":                     {Vouched{Address: pool, Role: RolePTONMaster, Venue: STON2}, ""},
		"factory":                  {Vouched{Address: pool, Role: RoleFactory, Venue: DeDust}, ""},
		"factory of STON.fi":       {Vouched{Address: pool, Role: RoleFactory, Venue: STON2}, "venue"},
		"a venue that isn't known": {Vouched{Address: pool, Role: RoleRouter, Venue: "mine"}, "venue"},
	} {
		err := c.v.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestVouchedIsExactlyThatContract(t *testing.T) {
	acc := mustAccount(t, pool, shardOf(t, pool, ton1, cellOf(1), emptyCell()))
	other := [32]byte{1}
	for name, c := range map[string]struct {
		v    Vouched
		acc  Account
		want bool
	}{
		"address":               {Vouched{Address: pool, Role: RoleSale}, acc, true},
		"code":                  {Vouched{CodeHash: acc.CodeHash, Role: RoleSale}, acc, true},
		"both":                  {Vouched{Address: pool, CodeHash: acc.CodeHash, Role: RoleSale}, acc, true},
		"another address":       {Vouched{Address: bob, Role: RoleSale}, acc, false},
		"another code":          {Vouched{CodeHash: other, Role: RoleSale}, acc, false},
		"address, another code": {Vouched{Address: pool, CodeHash: other, Role: RoleSale}, acc, false},
		"code, another address": {Vouched{Address: bob, CodeHash: acc.CodeHash, Role: RoleSale}, acc, false},
		"nothing":               {Vouched{Role: RoleSale}, acc, false},
		"what can't be vouched": {Vouched{Address: pool, Role: RoleJettonWallet}, acc, false},
		"nobody there":          {Vouched{Address: pool, Role: RoleSale}, mustAccount(t, pool, nil), false},
	} {
		if got := c.v.Is(c.acc); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestJettonIDs(t *testing.T) {
	if m, ok := JettonMaster(JettonID(bob)); !ok || m != bob {
		t.Error(m, ok)
	}
	for _, id := range []string{"", Native, "jetton:", bob.String(), "jetton:" + bob.Friendly(true, false), JettonID(bob) + " ", JettonID(Address{}),
		"jetton:" + strings.ToUpper(bob.String())} {
		if m, ok := JettonMaster(id); ok {
			t.Errorf("%q is %s", id, m)
		}
	}
}
