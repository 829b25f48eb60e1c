package client

import (
	"encoding/json"
	"time"
)

// Request asks for one TON transaction to be signed. It is marshalled once and signed as it is: every node reads the
// exact bytes.
type Request struct {
	Network     string    `json:"network"`               // network id, 64 hex digits
	Wallet      string    `json:"wallet"`                // wallet id at the nodes
	Coordinator string    `json:"coordinator"`           // the party that is asked; only it may propose
	Expires     time.Time `json:"expires"`               // UTC
	Type        string    `json:"type"`                  // transfer, jetton_transfer, …: docs/api.md lists them
	Asset       string    `json:"asset"`                 // native, or jetton:<raw address of its master>
	Amount      string    `json:"amount,omitempty"`      // of native a decimal string in whole units, "1.5"; of a jetton an integer of its smallest unit
	Destination string    `json:"destination,omitempty"` // friendly or raw address of who receives; none for what is burned
	Memo        string    `json:"memo,omitempty"`
	Payments    []Payment `json:"payments,omitempty"` // a batch, instead of amount, destination and memo
	*Query                // for a Highload V3 wallet, and no other
	Operation   Operation `json:"operation,omitempty"` // what the type has of its own
	Payload     string    `json:"payload,omitempty"`   // base64 BoC of the cell whose hash is signed; built by the node if empty and if it builds that type
	Context     *Context  `json:"context,omitempty"`
}

// Operation are the fields that a type of request has of its own, by name, each as text: docs/api.md lists them.
type Operation map[string]string

// Payment is one of a batch: as many as the wallet's version sends at once, 4 or 255.
type Payment struct {
	Amount      string `json:"amount"`
	Destination string `json:"destination"`
	Memo        string `json:"memo,omitempty"`
}

// Context is what the agent says of its own reasons.
type Context struct {
	Intent     string       `json:"intent,omitempty"`
	Strategy   string       `json:"strategy,omitempty"`
	Confidence *json.Number `json:"confidence,omitempty"` // 0 to 1, at most three decimals
}

// Status is a request as the asked node sees it.
type Status struct {
	ID          string    `json:"id"`
	State       string    `json:"state"` // EVALUATING, PENDING_APPROVAL, SIGNING, SIGNED, SENT, CONFIRMED, DENIED, EXPIRED, CANCELLED, FAILED
	Wallet      string    `json:"wallet"`
	Agent       string    `json:"agent"`
	Asset       string    `json:"asset,omitempty"`
	Amount      string    `json:"amount,omitempty"`
	Destination string    `json:"destination,omitempty"`
	Payments    int       `json:"payments,omitempty"` // of a batch, of which amount is the sum
	Effect      string    `json:"effect,omitempty"`   // allow, deny: what this node's own guard said
	Reason      *Reason   `json:"reason,omitempty"`
	SigningHash string    `json:"signing_hash,omitempty"` // hex
	Signers     []string  `json:"signers,omitempty"`
	Signature   string    `json:"signature,omitempty"`    // hex
	BoC         string    `json:"boc,omitempty"`          // the complete external message, base64; of a gasless request the body for a relayer
	MessageHash string    `json:"message_hash,omitempty"` // its normalised hash (TEP-467), hex: what explorers find it by
	Payload     string    `json:"payload,omitempty"`      // PENDING_APPROVAL: the unsigned payload for the wallet's owner, base64
	MaybeSigned bool      `json:"maybe_signed,omitempty"` // FAILED: a signature could exist, and execute up to live_until
	LiveUntil   time.Time `json:"live_until,omitzero"`    // it can execute until then by the chain's clock, whoever sends it
	Verdicts    []Verdict `json:"verdicts,omitempty"`     // operators and auditors only
	Created     time.Time `json:"created"`
	Updated     time.Time `json:"updated"`
}

// Reason is why a request was refused.
type Reason struct {
	Layer string `json:"layer"` // kill, intent, strategy, risk, policy, limits, rate, anomaly, simulation
	Code  string `json:"code"`  // stable; docs/reasons.md
	Text  string `json:"text"`
}

// Verdict is what one layer said.
type Verdict struct {
	Layer    string `json:"layer"`
	Effect   string `json:"effect"`
	Code     string `json:"code,omitempty"`
	Observed string `json:"observed,omitempty"`
	Limit    string `json:"limit,omitempty"`
}

// Problem is an RFC 9457 error: the call was not admitted.
type Problem struct {
	Type       string `json:"type"`
	Title      string `json:"title"`
	HTTPStatus int    `json:"status"`
	Code       string `json:"code"`
	Detail     string `json:"detail"`
}

func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// Health is one node's own state.
type Health struct {
	Party    string       `json:"party"`
	Network  string       `json:"network"` // network id
	Release  string       `json:"release"`
	Ready    bool         `json:"ready"`
	Missing  []string     `json:"missing,omitempty"`  // what keeps it from being ready
	Warnings []string     `json:"warnings,omitempty"` // what somebody should look at although it may sign
	Peers    []PeerHealth `json:"peers"`
	Chain    ChainHealth  `json:"chain"`
	Audit    uint64       `json:"audit_entries"`
	Policy   string       `json:"policy"` // hash, hex; "" for none
	Trips    []Trip       `json:"trips"`
}

// PeerHealth is one link.
type PeerHealth struct {
	Party     string  `json:"party"`
	Up        bool    `json:"up"`
	RTTMillis float64 `json:"rtt_ms"`
}

// ChainHealth is the node's view of TON.
type ChainHealth struct {
	Seqno uint32    `json:"seqno"`
	Time  time.Time `json:"time"`
	Error string    `json:"error,omitempty"`
}

// OwnerSignature is the signature of a wallet's owner over the hash of the unsigned payload.
type OwnerSignature struct {
	Signature []byte `json:"signature"` // 64 bytes
}

// Wallet is one wallet of an agent.
type Wallet struct {
	ID        string `json:"id"`
	Custody   string `json:"custody"` // mpc, non_custodial, smart_contract
	Key       string `json:"key"`     // "" if its owner holds it
	Version   string `json:"version"`
	Address   string `json:"address"` // friendly, non-bounceable
	Raw       string `json:"raw"`
	PublicKey string `json:"public_key"`
	Subwallet uint16 `json:"subwallet"` // number among the key's wallets
	Seqno     uint32 `json:"seqno"`
	Balance   string `json:"balance"`
	Status    string `json:"status"` // absent, uninit, active, frozen, unknown

	Contract *Contract `json:"contract,omitempty"` // smart_contract: the policy wallet, when one wallet is shown
}

// Key is one threshold key.
type Key struct {
	ID        string   `json:"id"`
	Epoch     uint32   `json:"epoch"`
	State     string   `json:"state"`
	Threshold int      `json:"threshold"`
	Parties   []string `json:"parties"`
	PublicKey string   `json:"public_key"`
}

// Ceremony is a key generation under way.
type Ceremony struct {
	ID        string    `json:"id"` // hex; what operators approve
	Key       string    `json:"key"`
	State     string    `json:"state"`
	Threshold int       `json:"threshold"`
	Parties   []string  `json:"parties"`
	Proposer  string    `json:"proposer"`
	Expires   time.Time `json:"expires"`
	Waiting   []string  `json:"waiting"` // parties whose approval is missing
}

// Agent is a caller that may ask for signatures.
type Agent struct {
	ID        string    `json:"id"`
	Revision  uint64    `json:"revision"` // rises with every record of the id
	PublicKey string    `json:"public_key"`
	Wallets   []string  `json:"wallets"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	Suspended bool      `json:"suspended"`
}

// Policy is the bundle in force at a node.
type Policy struct {
	Version  uint64 `json:"version"`
	Hash     string `json:"hash"`
	Document string `json:"document"` // the YAML as it was signed
	Next     uint64 `json:"next"`     // the least version that a new one may have

	Pending *PendingPolicy `json:"pending,omitempty"` // waits to come into force
	Shadow  *ShadowPolicy  `json:"shadow,omitempty"`  // is judged beside it and decides nothing

	NextShadow uint64 `json:"next_shadow"` // the revision of the next shadow, or end of one
}

// ShadowPolicy is a bundle whose decisions are only written down.
type ShadowPolicy struct {
	Version  uint64    `json:"version"`
	Hash     string    `json:"hash"`
	Document string    `json:"document"`
	Admin    string    `json:"admin"` // who signed it, hex
	Since    time.Time `json:"since"`
}

// PendingPolicy is a bundle that allows more than the one in force, and waits.
type PendingPolicy struct {
	Version  uint64         `json:"version"`
	Hash     string         `json:"hash"`
	Document string         `json:"document"`
	Admins   []string       `json:"admins"` // who signed it, hex
	Since    time.Time      `json:"since"`
	Due      time.Time      `json:"due"`     // by the chain's time; until then any policy admin can cancel it
	Loosens  []PolicyChange `json:"loosens"` // against the one in force
}

// PolicyChange is one point in which a bundle allows more.
type PolicyChange struct {
	Path string `json:"path"` // as the document spells it
	Old  string `json:"old"`  // "" where nothing was
	New  string `json:"new"`
}

// Trip is one order to stop.
type Trip struct {
	ID     string    `json:"id"`
	Scope  string    `json:"scope"`
	Level  string    `json:"level"`
	Reason string    `json:"reason"`
	Party  string    `json:"party"`
	At     time.Time `json:"at"`
	Until  time.Time `json:"until,omitzero"`
}

// TripResult says which parties have recorded a trip. The network is stopped only once all have.
type TripResult struct {
	Trip     Trip     `json:"trip"`
	Recorded []string `json:"recorded"`
	Missing  []string `json:"missing"`
}

// Signed carries a record that the caller signed as an operator or admin of the node's party: CBOR in base64.
type Signed struct {
	Record []byte `json:"record"`
}
