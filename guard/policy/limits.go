package policy

import "time"

// Caps on a document, which a person writes and a node parses once.
const (
	maxDocument     = 256 << 10        // bytes: what the largest permitted lists take
	maxAgents       = 1024             // of one party
	maxListed       = 1024             // destinations or tokens of one agent: a scan of them costs microseconds
	maxContracts    = 256              // vouched for: each is compared with every account that a message reaches
	maxAssets       = 64               // jettons of one agent: as many as the guard counts of one wallet
	maxActions      = 16               // of one capability: more than there are
	maxStrategies   = 64               // of one agent
	maxValidators   = 16               // of one party: all of an agent's are asked for every request
	maxMaxValidity  = 10 * time.Minute // a payload that lives longer holds its wallet and its window too long
	defaultValidity = 120 * time.Second

	defaultTimeout = 5 * time.Second
	minTimeout     = 100 * time.Millisecond
	maxTimeout     = 7 * time.Second // the parties wait 8 s for one another's answers
	maxURL         = 1024            // bytes
)
