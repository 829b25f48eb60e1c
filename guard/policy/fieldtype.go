package policy

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/tonaiagent/mpcnode/ton"
)

// value is one value of a field. What has an order has it in n; what has none is text.
type value struct {
	n    ton.Nano
	text string
}

// shape is how YAML writes a value.
type shape string

const (
	inQuotes  shape = "text"
	asNumber  shape = "a number"
	asBoolean shape = "true or false"
)

// fieldType is what values of a field look like, and how they are compared.
type fieldType struct {
	name      string // in documents
	shape     shape
	example   string
	operators []operator
	cyclic    bool // between wraps: its first value may be the greater one
	read      func(text string) (value, error)
	write     func(value) string     // as read reads it
	begins    func(text string) bool // whether values may begin so; of types with opPrefix
}

var (
	unordered = []operator{opEq, opNe, opIn, opNotIn, opExists}
	prefixed  = []operator{opEq, opNe, opIn, opNotIn, opPrefix, opExists}
	ordered   = []operator{opEq, opNe, opGt, opGte, opLt, opLte, opIn, opNotIn, opBetween, opExists}
)

var (
	typeRequest  = &fieldType{name: "type of request", shape: inQuotes, example: "transfer", operators: prefixed, read: readRequestType, write: writeText, begins: beginsRequestType}
	typeAsset    = &fieldType{name: "asset id", shape: inQuotes, example: "native", operators: prefixed, read: readAsset, write: writeText, begins: beginsJetton}
	typeAmount   = &fieldType{name: "amount", shape: inQuotes, example: "1.5", operators: ordered, read: readNano(ton.NativeDecimals), write: writeNano(ton.NativeDecimals)}
	typeUnits    = &fieldType{name: "amount in smallest units", shape: inQuotes, example: "1000000", operators: ordered, read: readNano(0), write: writeNano(0)}
	typeCoins    = &fieldType{name: "amount in TON", shape: inQuotes, example: "1.5", operators: ordered, read: readNano(ton.NativeDecimals), write: writeNano(ton.NativeDecimals)}
	typeAddress  = &fieldType{name: "address", shape: inQuotes, example: "EQ…", operators: unordered, read: readAddress, write: writeText}
	typeFlag     = &fieldType{name: "true or false", shape: asBoolean, example: "true", operators: []operator{opEq, opNe, opExists}, read: readFlag, write: writeFlag}
	typeDuration = &fieldType{name: "duration", shape: inQuotes, example: "24h", operators: ordered, read: readDuration, write: writeDuration}
	typeOpcode   = &fieldType{name: "8 hex digits", shape: inQuotes, example: "0f8a7ea5", operators: unordered, read: readOpcode, write: writeText}
	typeCount    = &fieldType{name: "whole number", shape: asNumber, example: "3", operators: ordered, read: readWhole(1<<32 - 1), write: writeNano(0)}
	typeMode     = &fieldType{name: "0 to 255", shape: asNumber, example: "3", operators: ordered, read: readWhole(255), write: writeNano(0)}
	typeHour     = &fieldType{name: "0 to 23", shape: asNumber, example: "22", operators: ordered, cyclic: true, read: readWhole(23), write: writeNano(0)}
	typeWeekday  = &fieldType{name: "day of the week", shape: inQuotes, example: "monday", cyclic: true, read: readRank(weekdays), write: writeRank(weekdays),
		operators: []operator{opEq, opNe, opIn, opNotIn, opBetween, opExists}}
	typeID       = &fieldType{name: "id", shape: inQuotes, example: "agent-1", operators: prefixed, read: readID(agentID), write: writeText, begins: agentID.MatchString}
	typeStrategy = &fieldType{name: "word", shape: inQuotes, example: "swap", operators: prefixed, read: readID(strategyID), write: writeText, begins: strategyID.MatchString}
	typeShare    = &fieldType{name: "0 to 1", shape: asNumber, example: "0.95", operators: ordered, read: readShare, write: writeNano(3)}
	typeScore    = &fieldType{name: "0 to 100", shape: asNumber, example: "70", operators: ordered, read: readScore, write: writeNano(3)}
	typeLevel    = &fieldType{name: "level", shape: inQuotes, example: "high", operators: ordered, read: readRank(riskLevels), write: writeRank(riskLevels)}
	typePatterns = &fieldType{name: "pattern", shape: inQuotes, example: "rapid_drain", operators: unordered, read: readPattern, write: writeText}
)

// A word's rank is its place.
var (
	weekdays   = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"} // as time.Weekday counts
	riskLevels = []string{"low", "medium", "high", "critical"}
	patterns   = []string{"rapid_drain", "new_dest_large", "round_numbers", "timing_attack", "gradual_increase"}
)

var strategyID = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// text returns what a scalar says, if it is written as the type's values are: what is text in quotes can't be mistaken for
// a number, nor the other way round.
func (t *fieldType) text(n ast.Node) (string, error) {
	var got shape
	text := n.GetToken().Value
	switch n := n.(type) {
	case *ast.StringNode:
		got, text = inQuotes, n.Value
	case *ast.IntegerNode, *ast.FloatNode:
		got = asNumber
	case *ast.BoolNode:
		got = asBoolean
	}
	switch {
	case got == t.shape:
		return text, nil
	case got == asNumber && t.shape == inQuotes:
		return "", fmt.Errorf("want the %s in quotes: %q, not %.40s", t.name, clip(text), text)
	case got == "":
		return "", fmt.Errorf("want one value: %s, such as %s", t.name, t.example)
	}
	return "", fmt.Errorf("want %s without quotes, such as %s, not %.40q", t.shape, t.example, text)
}

func readRequestType(s string) (value, error) {
	if ActionOf(s) == "" {
		return value{}, fmt.Errorf("there is no type %.40q of requests", s)
	}
	return value{text: s}, nil
}

func readAsset(s string) (value, error) {
	id, err := ParseAsset(s)
	return value{text: id}, err
}

func beginsRequestType(s string) bool {
	for t := range requestTypes {
		if s != "" && strings.HasPrefix(t, s) {
			return true
		}
	}
	return false
}

// beginsJetton takes what can only begin a jetton's id, so that its amounts have one unit.
func beginsJetton(s string) bool { return strings.HasPrefix(s, jettonPrefix) && len(s) < 100 }

func readNano(decimals int) func(string) (value, error) {
	return func(s string) (value, error) {
		n, err := ton.ParseNano(s, decimals)
		if err != nil && decimals == 0 {
			err = fmt.Errorf("%w: an amount of a jetton is a whole number of its smallest unit", err)
		}
		return value{n: n}, err
	}
}

func readAddress(s string) (value, error) {
	a, _, err := ton.ParseAddress(s, true)
	return value{text: a.String()}, err
}

func readFlag(s string) (value, error) {
	if s != "true" && s != "false" {
		return value{}, errors.New("want true or false")
	}
	return *flag(s == "true"), nil
}

func flag(b bool) *value {
	if b {
		return &value{n: ton.NanoOf(1)}
	}
	return &value{}
}

// readDuration bounds a duration by ten years: more than anything here lasts, and far from an overflow.
func readDuration(s string) (value, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > 10*365*24*time.Hour {
		return value{}, fmt.Errorf("%.40q is not a duration such as \"120s\" or \"24h\", at most 10 years", s)
	}
	return value{n: ton.NanoOf(uint64(d))}, nil
}

func readOpcode(s string) (value, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 4 {
		return value{}, fmt.Errorf("%.40q is not the 8 hex digits of an operation's first 32 bits", s)
	}
	return value{text: strings.ToLower(s)}, nil
}

func readWhole(most uint64) func(string) (value, error) {
	return func(s string) (value, error) {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil || n > most || strconv.FormatUint(n, 10) != s {
			return value{}, fmt.Errorf("%.40q is not a whole number from 0 to %d", s, most)
		}
		return value{n: ton.NanoOf(n)}, nil
	}
}

func readRank(words []string) func(string) (value, error) {
	return func(s string) (value, error) {
		i := slices.Index(words, s)
		if i < 0 {
			return value{}, fmt.Errorf("%.40q is none of %s", s, strings.Join(words, ", "))
		}
		return value{n: ton.NanoOf(uint64(i))}, nil
	}
}

func readID(pattern *regexp.Regexp) func(string) (value, error) {
	return func(s string) (value, error) {
		if !pattern.MatchString(s) {
			return value{}, fmt.Errorf("%.70q can't be an id of that kind", s)
		}
		return value{text: s}, nil
	}
}

func readShare(s string) (value, error) {
	p, err := ParsePermille(s)
	return value{n: ton.NanoOf(uint64(p))}, err
}

// readScore keeps thousandths, as Values does.
func readScore(s string) (value, error) {
	n, err := ton.ParseNano(s, 3)
	if err != nil || n.Cmp(ton.NanoOf(100_000)) > 0 {
		return value{}, fmt.Errorf("%.40q is not a number from 0 to 100 with at most 3 decimals", s)
	}
	return value{n: n}, nil
}

func readPattern(s string) (value, error) {
	if !slices.Contains(patterns, s) {
		return value{}, fmt.Errorf("%.40q is none of %s", s, strings.Join(patterns, ", "))
	}
	return value{text: s}, nil
}
