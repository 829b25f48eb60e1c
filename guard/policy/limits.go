package policy

import "time"

// Caps on a document, which a person writes and a node parses once.
const (
	maxDocument     = 256 << 10        // bytes: what the largest permitted lists take
	maxAgents       = 1024             // of one party
	maxListed       = 1024             // destinations or tokens of one agent: a scan of them costs microseconds
	maxContracts    = 256              // vouched for: each is compared with every account that a message reaches
	maxAssets       = 64               // jettons of one agent: as many as the guard counts of one wallet
	maxLists        = 16               // publishers of blacklists: each look-up may meet an entry of every one
	maxFeeds        = 16               // of prices: all are read for one agreement
	maxActions      = 16               // of one capability: more than there are
	maxMaxValidity  = 10 * time.Minute // a payload that lives longer holds its wallet and its window too long
	defaultValidity = 120 * time.Second
)
