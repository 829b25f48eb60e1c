package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/tonaiagent/mpcnode/strictyaml"
	"github.com/tonaiagent/mpcnode/ton"
)

// Strategy is what a request may do that names it. A list that is empty, and a bound that is zero, bound nothing. The
// zero value does nothing.
type Strategy struct {
	Actions     []string // of kind
	MaxSlippage Permille
	Pairs       []Pair
	Pools       []ton.Address
	Venues      []ton.Venue
	Programs    []ton.Program
	MaxValidity time.Duration
	MaxAmounts  map[string]ton.Nano // by asset id, in its smallest unit
}

// Pair is two different asset ids, in the order of their text.
type Pair [2]string

// PairOf returns the pair of an offer and what is asked for it, in whichever order.
func PairOf(a, b string) Pair { return Pair{min(a, b), max(a, b)} }

// strategies are an agent's, by name.
type strategies map[string]Strategy

type strategyFields struct {
	// Actions are what the strategy does: those of capabilities, which must be on as well. Required.
	Actions []string `yaml:"actions"`
	// MaxSlippage bounds its swaps, beside that of trading. Default: none.
	MaxSlippage Permille `yaml:"maxSlippage"`
	// Pairs are the only ones that it swaps, asset/asset in either order, such as native/jetton:<raw address of its master>.
	Pairs []pair `yaml:"pairs"`
	// Pools are the only ones that it swaps in and stakes with: addresses; of a stake that jettons stand for, the jetton's master.
	Pools []destination `yaml:"pools"`
	// Venues are the only exchanges that it uses: ston_v1, ston_v2, dedust_v2.
	Venues []ton.Venue `yaml:"venues"`
	// Programs are the only kinds of staking that it uses: single_nominator, nominator_pool, tonstakers, whales, bemo, hipo.
	Programs []ton.Program `yaml:"programs"`
	// MaxValidity is how long a payload of it may be executed for, beside the agent's. Default: the agent's.
	MaxValidity *validity `yaml:"maxValidity"`
	// MaxAmounts are the most of an asset that one payload of it may move, beside the limits: TON in whole units, jettons in
	// smallest ones.
	MaxAmounts amounts `yaml:"maxAmounts"`
}

var (
	strategyName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
	venues       = []ton.Venue{ton.STON1, ton.STON2, ton.DeDust}
	programs     = []ton.Program{ton.SingleNominator, ton.NominatorPool, ton.Tonstakers, ton.Whales, ton.Bemo, ton.Hipo}
)

// UnmarshalYAML reads all, so that what is wrong with one is reported where it stands.
func (s *strategies) UnmarshalYAML(n ast.Node) error {
	var all map[string]*strategyFields
	unread := strictyaml.Decode(n, &all)
	wrong := unread
	if len(wrong) == 0 && (len(all) == 0 || len(all) > maxStrategies) {
		return at(n, fmt.Sprintf("want 1 to %d strategies, or leave the field out", maxStrategies))
	}
	*s = make(strategies, len(all))
	for name, f := range all { // in any order: the mistakes are sorted
		if !strategyName.MatchString(name) || f == nil {
			wrong = append(wrong, strictyaml.At(n, clip(name), "want a name (letters, digits, _ and -, at most 64) with actions"))
			continue
		}
		for _, p := range f.check() {
			if path := name + "." + p.path; !unread.Hide(path) {
				wrong = append(wrong, strictyaml.At(n, path, p.text))
			}
		}
		(*s)[name] = f.resolve()
	}
	return wrong.Err()
}

// check refuses what isn't there, and what would bound nothing that the strategy does.
func (f strategyFields) check() (problems []problem) {
	bad := func(is bool, path, format string, args ...any) {
		if is {
			problems = append(problems, problem{path, fmt.Sprintf(format, args...)})
		}
	}
	bad(len(f.Actions) == 0 || len(f.Actions) > maxActions, "actions", "want 1 to %d", maxActions)
	for _, a := range f.Actions {
		bad(kind[a] == "", "actions", "there is no %.40q", a)
	}
	for _, v := range f.Venues {
		bad(!slices.Contains(venues, v), "venues", "there is no %.40q", v)
	}
	for _, p := range f.Programs {
		bad(!slices.Contains(programs, p), "programs", "there is no %.40q", p)
	}
	bad(f.MaxSlippage != 0 && !f.does("trade"), "maxSlippage", "is of the action trade, which is not listed")
	for _, list := range []struct {
		path  string
		given bool
		n     int
		of    []string
	}{
		{"pairs", f.Pairs != nil, len(f.Pairs), []string{"trade"}},
		{"venues", f.Venues != nil, len(f.Venues), []string{"trade"}},
		{"programs", f.Programs != nil, len(f.Programs), []string{"stake", "unstake"}},
		{"pools", f.Pools != nil, len(f.Pools), []string{"trade", "stake", "unstake"}},
	} {
		bad(list.given && (list.n == 0 || list.n > maxListed), list.path, "want 1 to %d, or leave the field out", maxListed)
		bad(list.given && !slices.ContainsFunc(list.of, f.does), list.path, "bounds only %s, and actions lists none of it", strings.Join(list.of, ", "))
	}
	return problems
}

func (f strategyFields) does(action string) bool { return slices.Contains(f.Actions, action) }

func (f strategyFields) resolve() Strategy {
	s := Strategy{Actions: f.Actions, MaxSlippage: f.MaxSlippage, Venues: f.Venues, Programs: f.Programs, MaxAmounts: f.MaxAmounts}
	for _, p := range f.Pairs {
		s.Pairs = append(s.Pairs, Pair(p))
	}
	for _, p := range f.Pools {
		s.Pools = append(s.Pools, ton.Address(p))
	}
	if f.MaxValidity != nil {
		s.MaxValidity = time.Duration(*f.MaxValidity)
	}
	return s
}

// pair is two assets with a slash between them.
type pair Pair

func (p *pair) UnmarshalYAML(n ast.Node) error {
	s, ok := n.(*ast.StringNode)
	if !ok {
		return at(n, "a pair is a quoted string such as \"native/jetton:<raw address of its master>\"")
	}
	a, b, ok := strings.Cut(s.Value, "/")
	if !ok {
		return at(n, "want two assets with a slash between them, such as native/jetton:<raw address of its master>")
	}
	offer, err := ParseAsset(a)
	if err != nil {
		return at(n, err.Error())
	}
	ask, err := ParseAsset(b)
	if err != nil {
		return at(n, err.Error())
	}
	if offer == ask {
		return at(n, "the two assets are the same")
	}
	*p = pair(PairOf(offer, ask))
	return nil
}

// amounts are by asset id.
type amounts map[string]ton.Nano

func (a *amounts) UnmarshalYAML(n ast.Node) error {
	var all map[string]quoted
	wrong := strictyaml.Decode(n, &all)
	if len(all) > maxAssets {
		return at(n, fmt.Sprintf("%d assets are listed, at most %d may be", len(all), maxAssets))
	}
	*a = make(amounts, len(all))
	for name, text := range all { // in any order: the mistakes are sorted
		id, err := ParseAsset(name)
		if _, twice := (*a)[id]; twice {
			err = fmt.Errorf("%s is listed under another name, too", id)
		}
		var most ton.Nano
		if err == nil {
			most, err = ton.ParseAmount(id, string(text))
		}
		if err != nil && !wrong.Hide(name) {
			wrong = append(wrong, strictyaml.At(n, clip(name), err.Error()))
		}
		(*a)[id] = most
	}
	return wrong.Err()
}

// quoted is an amount whose unit depends on what it is of.
type quoted string

func (q *quoted) UnmarshalYAML(n ast.Node) error {
	s, ok := n.(*ast.StringNode)
	if !ok {
		return at(n, "an amount is a quoted string such as \"1.5\", not a number")
	}
	*q = quoted(s.Value)
	return nil
}
