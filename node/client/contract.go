package client

// Contract is the policy wallet of a wallet with smart_contract custody: what its owner lets the spender do on chain.
type Contract struct {
	Deployed     string        `json:"deployed"` // the data that it is deployed with, from which its address follows: BoC, base64
	Owner        string        `json:"owner"`
	Spender      string        `json:"spender"`            // public key, hex: the threshold key's, unless the owner has replaced it
	Guardian     string        `json:"guardian,omitempty"` // may freeze it
	Frozen       bool          `json:"frozen"`
	PerTx        string        `json:"per_transaction"` // in whole TON, as all amounts but a jetton's
	PerDay       string        `json:"daily"`
	Reserve      string        `json:"reserve"`
	MaxCount     uint16        `json:"max_count"`            // spends in 24 hours
	MaxValidity  uint32        `json:"max_validity"`         // seconds
	Operations   []string      `json:"operations,omitempty"` // opcodes, 8 hex digits each
	Destinations []Destination `json:"destinations"`
	Spent        string        `json:"spent"` // in the last 24 to 30 hours, as the contract counts
	SpentCount   int           `json:"spent_count"`
}

// Message is a complete external message: a bag of cells.
type Message struct {
	BoC []byte `json:"boc"`
}

// Sent names a message by its normalised hash (TEP-467), hex: what explorers find it by.
type Sent struct {
	MessageHash string `json:"message_hash"`
}

// Destination is what one account may get from a policy wallet.
type Destination struct {
	Address string   `json:"address"` // raw
	Kinds   []string `json:"kinds"`   // transfer, operation, jetton
	Jetton  *Jetton  `json:"jetton,omitempty"`
}

// Jetton limits what goes through one jetton wallet, in the jetton's smallest units.
type Jetton struct {
	PerTx  string   `json:"per_transaction"`
	PerDay string   `json:"daily"`
	Payees []string `json:"payees"` // raw addresses
	Spent  string   `json:"spent"`
}
