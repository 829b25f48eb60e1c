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
	maxRules        = 1024             // of one party: all are evaluated for each payment
	maxConditions   = 16               // in one list
	maxUnless       = 8                // lists of one rule
	maxQuorum       = 16               // approvers of one request
	maxGroups       = 16               // of approvers
	maxApprovalTTL  = 24 * time.Hour   // what is asked for must not be approved when nobody remembers why
	maxTests        = 1024             // of one file
	maxUnmet        = 160              // bytes of a condition that an explanation shows
	maxMaxValidity  = 10 * time.Minute // a payload that lives longer holds its wallet and its window too long
	defaultValidity = 120 * time.Second
)
