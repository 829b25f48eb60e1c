package client

import (
	"time"
)

// Listing is what a node's blacklist says of an address.
type Listing struct {
	Address  string    `json:"address"`          // raw
	Listed   bool      `json:"listed"`           // false: it says nothing, and the rest is empty
	Alike    string    `json:"alike,omitempty"`  // the listed address, raw, that this one could be taken for; it is only flagged then
	Denies   bool      `json:"denies"`           // nothing may go there
	Severity string    `json:"severity"`         // low, medium, high, critical
	Reason   string    `json:"reason,omitempty"` // for people
	Source   string    `json:"source"`           // of the gravest entry: a publisher, or "this node" for its own people
	Added    time.Time `json:"added,omitzero"`
	Until    time.Time `json:"until,omitzero"` // taken off: it counts until then
}

// ListingPage is a page of a node's blacklist, in the order of the addresses.
type ListingPage struct {
	Listings []Listing   `json:"listings"`
	Next     string      `json:"next,omitempty"` // the next page begins after this address; "" is the end
	Lists    []ListState `json:"lists"`          // the publishers that the policy names
}

// ListState is the list in force of a publisher.
type ListState struct {
	Source    string    `json:"source"`
	Sequence  uint64    `json:"sequence"` // 0: none is in force
	Rows      uint64    `json:"rows"`
	Generated time.Time `json:"generated,omitzero"`
	Importing uint64    `json:"importing"` // rows of its next list that have come
}

// ListChunk is a part of a published list, as its file has it.
type ListChunk struct {
	Header string `json:"header"` // the first eight lines, of which the last is empty
	First  uint64 `json:"first"`  // number of the first row here, from 0
	Rows   string `json:"rows"`   // whole lines; none asks how far the import is
}

// ListProgress says how far the import of a list is.
type ListProgress struct {
	Rows     uint64 `json:"rows"`     // taken in: the number of the next
	Complete bool   `json:"complete"` // the list is in force
}

// Quote is a feed's price of one asset.
type Quote struct {
	Feed      string `json:"feed"`
	Asset     string `json:"asset"`
	Price     string `json:"price"` // US dollars for a whole unit, at most 18 decimals, none needless
	Sequence  uint64 `json:"sequence"`
	At        int64  `json:"at"`        // Unix seconds
	Signature []byte `json:"signature"` // ed25519
}

// Feeds is what a node knows of prices.
type Feeds struct {
	Quotes  []LastQuote `json:"quotes"`
	Markets []Market    `json:"markets"`
}

// LastQuote is the last that a feed said of an asset.
type LastQuote struct {
	Feed     string    `json:"feed"`
	Asset    string    `json:"asset"`
	Price    string    `json:"price"` // "" for never
	Sequence uint64    `json:"sequence"`
	At       time.Time `json:"at,omitzero"`
}

// Market is an asset's market.
type Market struct {
	Asset     string  `json:"asset"`
	Agreed    bool    `json:"agreed"` // two feeds or more say the same now
	Price     float64 `json:"price"`  // US dollars
	Available bool    `json:"available"`
	Score     float64 `json:"score"` // 0 to 100
}
