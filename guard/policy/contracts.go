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
	Address destination `yaml:"address"`
	Code    string      `yaml:"code"` // 64 hex digits
	Is      ton.Role    `yaml:"is"`
	Program ton.Program `yaml:"program"`
	Venue   ton.Venue   `yaml:"venue"`
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
