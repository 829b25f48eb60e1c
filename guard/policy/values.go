package policy

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// Values is what is known about one payment of a request, field by field of the registry. Nil is a field that has no
// value, and so is a value that can't be one, such as an empty id, a strategy of several words or a negative duration; against a deny or escalate rule
// such a field counts as matched, for an allow rule it doesn't.
type Values struct {
	Type             *string // of request
	Asset            *string // asset id
	Amount           *ton.Nano
	Destination      *ton.Address
	IsNewDestination *bool
	DestinationAge   *time.Duration
	Opcode           *uint32 // 0: a payment without an operation
	SendMode         *uint8
	MessageCount     *int
	TotalOut         *ton.Nano // coins
	Hour             *int      // Bundle.Clock
	Weekday          *time.Weekday
	AgentID          *string
	WalletID         *string
	Strategy         *string
	Confidence       *Permille
	Slippage         *Permille
	RiskScore        *float64 // 0 to 100
	RiskLevel        *string
	Patterns         []string // those that match; empty but not nil: none does
	Spent24h         *ton.Nano
	Spent7d          *ton.Nano
	Spent30d         *ton.Nano
	TxLastHour       *int
	BalanceShare     *Permille
	ValidFor         *time.Duration
	IsWalletAdmin    *bool
}

// unit is what an amount counts. The zero value is no unit: such an amount can't be compared.
type unit uint8

const (
	noUnit  unit = iota
	inCoins      // whole TON in documents
	inUnits      // a jetton's smallest unit
)

func unitOf(asset string) unit {
	if strings.HasPrefix(asset, jettonPrefix) {
		return inUnits
	}
	return inCoins
}

const jettonPrefix = "jetton:"

// facts are the values of all fields, as conditions compare them.
type facts struct {
	of   [len(registry)][]value // nil: no value
	unit unit                   // of amounts
}

func (v Values) facts() *facts {
	f := new(facts)
	for i, field := range registry {
		f.of[i] = field.get(&v)
	}
	f.count()
	return f
}

// count sets the unit of amounts, which is the asset's.
func (f *facts) count() {
	if a := f.of[fieldAsset]; len(a) == 1 {
		f.unit = unitOf(a[0].text)
	}
}

func texts(s *string) []value {
	if s == nil || *s == "" {
		return nil
	}
	return []value{{text: *s}}
}

// stated has no value for what no rule can name: the agent may state anything.
func stated(s *string) []value {
	if s == nil || !strategyID.MatchString(*s) {
		return nil
	}
	return []value{{text: *s}}
}

func words(all []string) []value {
	if all == nil {
		return nil
	}
	v := make([]value, len(all))
	for i, s := range all {
		v[i].text = s
	}
	return v
}

func nanos(n *ton.Nano) []value {
	if n == nil {
		return nil
	}
	return []value{{n: *n}}
}

func address(a *ton.Address) []value {
	if a == nil {
		return nil
	}
	return []value{{text: a.String()}}
}

func flags(b *bool) []value {
	if b == nil {
		return nil
	}
	return []value{*flag(*b)}
}

func numbers[T ~int | ~uint8 | ~uint16](n *T) []value {
	if n == nil || int64(*n) < 0 {
		return nil
	}
	return []value{{n: ton.NanoOf(uint64(*n))}}
}

func durations(d *time.Duration) []value {
	if d == nil || *d < 0 {
		return nil
	}
	return []value{{n: ton.NanoOf(uint64(*d))}}
}

func opcodes(op *uint32) []value {
	if op == nil {
		return nil
	}
	return []value{{text: fmt.Sprintf("%08x", *op)}}
}

func scores(s *float64) []value {
	if s == nil || !(*s >= 0 && *s <= 100) { // not a number is neither
		return nil
	}
	return []value{{n: ton.NanoOf(uint64(math.Round(*s * 1000)))}}
}

func ranks(s *string, words []string) []value {
	if s == nil || !slices.Contains(words, *s) {
		return nil
	}
	return []value{{n: ton.NanoOf(uint64(slices.Index(words, *s)))}}
}
