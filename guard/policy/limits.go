package policy

import "time"

// Caps on a document, which a person writes and a node parses once.
const (
	maxDocument     = 256 << 10        // bytes: what the largest permitted lists take
	maxAgents       = 1024             // of one party
	maxAgentWallets = 64               // of one agent
	maxListed       = 1024             // destinations or tokens of one agent: a scan of them costs microseconds
	maxContracts    = 256              // vouched for: each is compared with every account that a message reaches
	maxAssets       = 64               // jettons of one agent: as many as the guard counts of one wallet
	maxLists        = 16               // publishers of blacklists: each look-up may meet an entry of every one
	maxFeeds        = 16               // of prices: all are read for one agreement
	maxActions      = 16               // of one capability: more than there are
	maxRules        = 1024             // of one party: all are evaluated for each payment
	maxConditions   = 16               // in one list
	maxUnless       = 8                // lists of one rule
	maxApprovers    = 16               // of one request
	maxGroups       = 16               // of approvers
	maxApprovalTTL  = 24 * time.Hour   // what is asked for must not be approved when nobody remembers why
	maxTests        = 1024             // of one file
	maxUnmet        = 160              // bytes of a condition that an explanation shows
	maxStrategies   = 64               // of one agent
	maxValidators   = 16               // of one party: all of an agent's are asked for every request
	maxMaxValidity  = 10 * time.Minute // a payload that lives longer holds its wallet and its window too long
	defaultValidity = 120 * time.Second

	maxQuorum          = 32 // as many keys of policy admins as a party may list
	maxLoosenDelay     = 30 * 24 * time.Hour
	defaultLoosenDelay = 24 * time.Hour // long enough for somebody to see what was put into force in their name
	defaultTimeout     = 5 * time.Second
	minTimeout         = 100 * time.Millisecond
	maxTimeout         = 7 * time.Second // the parties wait 8 s for one another's answers
	maxURL             = 1024            // bytes
)
