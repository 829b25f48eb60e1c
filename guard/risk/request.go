package risk

import (
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// Request is what is judged: what one payload does with one asset, and what it does that no asset shows. Everything but
// Pending is the payload's own; facts that nobody knows are to be given as the worst.
type Request struct {
	At             time.Time // window time
	Amount         ton.Nano  // of the asset, to all destinations together
	Payments       []Payment // where it goes
	PerTransaction ton.Nano  // the policy's limit of one transaction
	Balance        ton.Nano  // what the wallet holds now, by proven state
	Pending        []Pending // live payloads of other requests: they count as if they had just executed

	Undecoded      bool // a body whose opcode is not known
	UnlistedJetton bool // a jetton that the policy doesn't list
	StateInit      bool // something is deployed
	Sweep          bool // mode 128 or 32: all that is there
	WalletAdmin    bool // the wallet itself is changed
}

// Pending is what another live payload may yet send of the asset.
type Pending struct {
	Amount   ton.Nano
	Payments []Payment
}

// Payment is what one destination gets.
type Payment struct {
	To        ton.Address
	Amount    ton.Nano
	Dest      Dest // what the wallet has paid there so far
	LooksLike bool // it could be taken for a known address, and isn't one
}

// toNew adds up what goes to destinations that are new.
func toNew(payments []Payment, at time.Time) (sum ton.Nano) {
	for _, p := range payments {
		if p.Dest.IsNew(at) {
			sum = plus(sum, p.Amount)
		}
	}
	return sum
}

func (r Request) paysNew() bool {
	for _, p := range r.Payments {
		if p.Dest.IsNew(r.At) {
			return true
		}
	}
	return false
}

func (r Request) looksLike() bool {
	for _, p := range r.Payments {
		if p.LooksLike {
			return true
		}
	}
	return false
}

// after is s once everything that may execute has, which is not before anything that did.
func (r Request) after(s State) State {
	at := time.Unix(max(unix(r.At), s.last), 0)
	for _, p := range r.Pending {
		s.Add(Paid{At: at, Amount: p.Amount, New: toNew(p.Payments, r.At)})
	}
	s.Add(Paid{At: at, Amount: r.Amount, New: toNew(r.Payments, r.At)})
	return s
}
