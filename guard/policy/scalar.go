package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/tonaiagent/mpcnode/ton"
)

// Permille is a share between 0 and 1 in thousandths; in a document a number such as 0.95.
type Permille uint16

// ParsePermille reads a decimal between 0 and 1 with at most three decimals.
func ParsePermille(s string) (Permille, error) {
	if !share.MatchString(s) {
		return 0, fmt.Errorf("%.20q is not a number between 0 and 1 with at most 3 decimals", s)
	}
	whole, frac, _ := strings.Cut(s, ".")
	n, err := strconv.ParseUint(whole+(frac + "000")[:3], 10, 16)
	return Permille(n), err
}

var share = regexp.MustCompile(`^(0(\.[0-9]{1,3})?|1(\.0{1,3})?)$`)

func (p Permille) String() string { return fmt.Sprintf("%d.%03d", p/1000, p%1000) }

// UnmarshalYAML reads the number as it was written, never as a float.
func (p *Permille) UnmarshalYAML(n ast.Node) error {
	v, err := ParsePermille(n.GetToken().Value)
	if err != nil {
		return at(n, err.Error())
	}
	*p = v
	return nil
}

// amount is a quoted decimal string in whole TON. A plain number is refused: YAML has too many ways to write one
// (1_000, 1e3, 0x10), and other tools read them as floats.
type amount ton.Nano

func (a *amount) UnmarshalYAML(n ast.Node) error {
	s, ok := n.(*ast.StringNode)
	if !ok {
		return at(n, "an amount is a quoted string such as \"1.5\", not a number")
	}
	v, err := ton.ParseNano(s.Value, ton.NativeDecimals)
	if err != nil {
		return at(n, err.Error())
	}
	*a = amount(v)
	return nil
}

// asset is an asset id, or an alias of the native coin.
type asset string

func (a *asset) UnmarshalYAML(n ast.Node) error {
	s, ok := n.(*ast.StringNode)
	if !ok {
		return at(n, "a token is a string")
	}
	id, err := ParseAsset(s.Value)
	if err != nil {
		return at(n, err.Error())
	}
	*a = asset(id)
	return nil
}

// ParseAsset returns the asset id of a name: native for the native coin under any of its tickers, jetton:<raw master>
// for a jetton. A ticker of a jetton is an error, because anybody can issue one with the same ticker.
func ParseAsset(s string) (string, error) {
	switch s {
	case ton.Native, "TON", "Toncoin", "GRAM", "Gram":
		return ton.Native, nil
	}
	raw, ok := strings.CutPrefix(s, "jetton:")
	var master ton.Address
	if !ok || master.UnmarshalText([]byte(raw)) != nil {
		return "", fmt.Errorf("token %.80q is neither native (TON) nor jetton:<raw address of its master>", s)
	}
	return "jetton:" + master.String(), nil
}

// destination is an address in any form: what is listed is the account, on whichever network.
type destination ton.Address

func (d *destination) UnmarshalYAML(n ast.Node) error {
	s, ok := n.(*ast.StringNode)
	if !ok {
		return at(n, "a destination is a string")
	}
	a, _, err := ton.ParseAddress(s.Value, true)
	if err != nil {
		return at(n, err.Error())
	}
	*d = destination(a)
	return nil
}

// validity is a duration such as "120s" or "2m", in whole seconds.
type validity time.Duration

func (v *validity) UnmarshalYAML(n ast.Node) error {
	d, err := time.ParseDuration(n.GetToken().Value)
	if err != nil || d < time.Second || d > maxMaxValidity || d%time.Second != 0 {
		return at(n, "maxValidity is a duration from 1s to 10m in whole seconds, such as \"120s\"")
	}
	*v = validity(d)
	return nil
}

// delay is a duration such as "24h", in whole seconds.
type delay time.Duration

func (v *delay) UnmarshalYAML(n ast.Node) error {
	d, err := time.ParseDuration(n.GetToken().Value)
	if err != nil || d < 0 || d > maxLoosenDelay || d%time.Second != 0 {
		return at(n, "loosenDelay is a duration from 0s to 720h in whole seconds, such as \"24h\"")
	}
	*v = delay(d)
	return nil
}

// at returns an error that knows its place.
func at(n ast.Node, message string) error {
	return &yaml.SyntaxError{Message: message, Token: n.GetToken()}
}
