package risk

import (
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

var (
	noon  = time.Date(2026, 9, 21, 12, 0, 0, 0, time.UTC)
	alice = ton.Address{Hash: [32]byte{1}}
	bob   = ton.Address{Hash: [32]byte{2}}
	old   = Dest{First: 1, Last: 1, Count: 1}
)

func tons(x float64) ton.Nano { return ton.NanoOf(uint64(x * 1e9)) }

// history is a wallet that has sent these amounts of TON, a day apart, the last one a day before noon.
func history(amounts ...float64) (s State) {
	for i, x := range amounts {
		s.Add(Paid{At: noon.Add(-time.Duration(len(amounts)-i) * 24 * time.Hour), Amount: tons(x)})
	}
	return s
}

// steady is a history of n amounts of 7.77 TON, which is no round number.
func steady(n int) State {
	amounts := make([]float64, n)
	for i := range amounts {
		amounts[i] = 7.77
	}
	return history(amounts...)
}

// asks is an unremarkable request: 7.77 of 10,000 TON to a destination that is known.
func asks() Request {
	return pays(alice, 7.77, old)
}

func pays(to ton.Address, amount float64, d Dest) Request {
	return Request{
		At: noon, Amount: tons(amount), Payments: []Payment{{To: to, Amount: tons(amount), Dest: d}},
		PerTransaction: tons(100), Balance: tons(10_000),
	}
}

func pending(to ton.Address, amount float64) Pending {
	return Pending{tons(amount), []Payment{{To: to, Amount: tons(amount)}}}
}

// found returns the match of a pattern, if there is one.
func found(s State, r Request, name string) (Match, bool) {
	for _, m := range Assess(s, Market{}, Default(), r).Patterns {
		if m.Name == name {
			return m, true
		}
	}
	return Match{}, false
}
