package contracts

import (
	"maps"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// Spend is what the spender signs. Package ton reads and writes it, as the payload of every wallet.
type Spend = ton.Spend

// After returns the state that a good spend leaves, in a block at the time now. The contract writes exactly this.
func (s State) After(spend Spend, now time.Time) State {
	s.Seqno++
	s.Window = s.Window.plus(spend.Amount, now)
	rule := s.Rules[spend.To]
	if amount, ok := jettonAmount(spend.Body); ok && rule.Jetton != nil {
		charged := *rule.Jetton
		charged.Window = charged.Window.plus(amount, now)
		rule.Jetton = &charged
		s.Rules = maps.Clone(s.Rules)
		s.Rules[spend.To] = rule
	}
	return s
}
