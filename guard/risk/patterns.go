package risk

// Match is a fraud pattern that a request shows.
type Match struct {
	Name       string
	Confidence float64 // 0 to 1; what it is made of is the pattern's
	Action     Action
	Risk       float64 // 0 to 100: the least that it makes of the behavioural risk
	Details    string  // for operators; shares and counts, no amounts
}

// Action is what a pattern calls for.
type Action string

// The actions, worst first. Only the first two keep a request from being signed; the others are told to people, and count
// in the score.
const (
	Block    Action = "block"
	Escalate Action = "escalate"
	Alert    Action = "alert"
	Flag     Action = "flag"
	Monitor  Action = "monitor"
)

// The patterns.
const (
	RapidDrain      = "rapid_drain"
	NewDestLarge    = "new_dest_large"
	RoundNumbers    = "round_numbers"
	TimingAttack    = "timing_attack"
	GradualIncrease = "gradual_increase"
)

// catalogue is the patterns, worst action first. Each looks at a situation and says how sure it is and why; 0 is no match.
var catalogue = []struct {
	name   string
	action Action
	risk   float64
	look   func(situation) (confidence float64, details string)
}{
	{RapidDrain, Block, 100, rapidDrain},
	{NewDestLarge, Escalate, 70, newDestLarge},
	{GradualIncrease, Alert, 50, gradualIncrease},
	{RoundNumbers, Flag, 20, roundNumbers},
	{TimingAttack, Monitor, 30, timingAttack},
}

// situation is a request between what was and what may be.
type situation struct {
	Request
	before State // what the chain has executed
	after  State // the same, with everything pending and the request itself
}

func patterns(s State, r Request) (found []Match) {
	at := situation{r, s, r.after(s)}
	for _, p := range catalogue {
		if confidence, details := p.look(at); confidence > 0 {
			found = append(found, Match{p.name, rounded(clamp(confidence)), p.action, p.risk, details})
		}
	}
	return found
}
