package policy

import (
	"encoding/hex"

	"github.com/goccy/go-yaml/ast"

	"github.com/tonaiagent/mpcnode/strictyaml"
	"github.com/tonaiagent/mpcnode/ton"
)

// contract is one that the party vouches for: by its address, by the hash of its code, or by both.
type contract ton.Vouched

type contractFields struct {
	// Address is the contract's. Default: every one that runs the code.
	Address destination `yaml:"address"`
	// Code is the hash of the code that it must run, 64 hex digits. Default: any, so whoever may change its code is trusted too.
	Code string `yaml:"code"`
	// Is is the contract's role: jetton_master (of a jetton that stands for a stake), nft_collection, nft_item, telemint_item, nft_sale,
	// nft_auction, nft_market (in whose name these two are deployed), staking_pool, swap_router and pton_master (STON.fi), swap_factory
	// (DeDust). What else a contract can be is proven from these.
	Is ton.Role `yaml:"is"`
	// Program is that of a staking pool, or of the jetton that stands for a stake: single_nominator, nominator_pool, tonstakers, whales,
	// bemo, hipo.
	Program ton.Program `yaml:"program"`
	// Venue is that of an exchange's contract: ston_v1, ston_v2, dedust_v2.
	Venue ton.Venue `yaml:"venue"`
}

// UnmarshalYAML reads one, so that what is wrong with it is reported where it stands.
func (c *contract) UnmarshalYAML(n ast.Node) error {
	var f contractFields
	wrong := strictyaml.Decode(n, &f)
	v := ton.Vouched{Address: ton.Address(f.Address), Role: f.Is, Program: f.Program, Venue: f.Venue}
	if f.Code != "" {
		hash, err := hex.DecodeString(f.Code)
		if err != nil || len(hash) != len(v.CodeHash) {
			return append(wrong, strictyaml.At(n, "code", "want the 64 hex digits of a code's hash")).Err()
		}
		v.CodeHash = [32]byte(hash)
	}
	if err := v.Check(); err != nil && len(wrong) == 0 {
		wrong = append(wrong, strictyaml.At(n, "", err.Error()))
	}
	*c = contract(v)
	return wrong.Err()
}
