package node

import (
	"context"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
)

// State is how far a request got.
type State string

const (
	StateEvaluating State = "EVALUATING"
	StatePending    State = "PENDING_APPROVAL" // the wallet's owner has to sign
	StateSigning    State = "SIGNING"
	StateSigned     State = "SIGNED"
	StateSent       State = "SENT"
	StateConfirmed  State = "CONFIRMED"
	StateDenied     State = "DENIED"
	StateExpired    State = "EXPIRED"
	StateCancelled  State = "CANCELLED"
	StateFailed     State = "FAILED"
)

// Final reports whether nothing more will happen to a request in this state, deliver being how far it was to be taken.
func (s State) Final(deliver Deliver) bool {
	switch s {
	case StateDenied, StateExpired, StateCancelled, StateFailed, StateConfirmed:
		return true
	case StateSigned:
		return deliver == DeliverSigned
	case StateSent:
		return deliver != DeliverConfirmed
	}
	return false
}

// Request is one request as this node knows it. It is kept under q/<id>.
type Request struct {
	V           uint8        `cbor:"0,keyasint"`
	ID          string       `cbor:"1,keyasint"`
	Digest      [32]byte     `cbor:"2,keyasint"` // of the exact body
	Agent       string       `cbor:"3,keyasint"`
	Wallet      string       `cbor:"4,keyasint"`
	Coordinator string       `cbor:"5,keyasint"`
	Asset       string       `cbor:"6,keyasint"`
	Amount      ton.Nano     `cbor:"7,keyasint"`
	Destination ton.Address  `cbor:"8,keyasint"`
	Deliver     Deliver      `cbor:"9,keyasint"`
	State       State        `cbor:"10,keyasint"`
	Effect      guard.Effect `cbor:"11,keyasint"` // what this node's own guard decided
	Reason      wire.Reason  `cbor:"12,keyasint"` // why it was refused
	Payload     [32]byte     `cbor:"13,keyasint"` // signing hash
	Deploy      bool         `cbor:"14,keyasint"` // the external message carries the StateInit
	Signers     []string     `cbor:"15,keyasint"`
	Signature   []byte       `cbor:"16,keyasint"`
	Payments    int          `cbor:"21,keyasint"` // of a batch; 0: the one to Destination
	Relayed     bool         `cbor:"22,keyasint"` // gasless: a relayer carries the message to the chain
	MaybeSigned bool         `cbor:"17,keyasint"` // failed after a share may have left a node, and could execute up to LiveUntil
	Expires     int64        `cbor:"18,keyasint"` // unix seconds, of the body
	Created     int64        `cbor:"19,keyasint"` // unix milliseconds
	Updated     int64        `cbor:"20,keyasint"`

	// LiveUntil is the time up to which the payload can execute although nobody here delivers it, by the chain's clock; zero
	// when it has executed, is proven dead, or was never signed. It is not kept.
	LiveUntil time.Time `cbor:"-"`

	message []byte // the complete external message, if it was made just now; not kept
}

// messageHash is what explorers find the message by that was made just now, "" for none.
func (r Request) messageHash() string {
	if r.message == nil {
		return ""
	}
	hash, err := MessageHash(r.message)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%x", hash)
}

// requestVersion is the version byte of Request. A change of its fields needs the next.
const requestVersion = 2

func requestKey(id string) guard.Key { return guard.Key("q/" + id) }

// evidenceKey is where the proposal and the signers' answers are kept that explain a payload to the other parties.
func evidenceKey(payload [32]byte) guard.Key { return guard.Key(fmt.Sprintf("ev/%x", payload)) }

// prefixOpen is where the coordinator lists requests that are signed and not yet delivered: open/<id>.
const prefixOpen guard.Key = "open/"

func newRequest(in guard.Intent, deliver Deliver, now time.Time) Request {
	if deliver == "" {
		deliver = DeliverSigned
	}
	return Request{
		V: requestVersion, ID: in.RequestID, Digest: in.Request, Agent: in.Agent, Wallet: in.Wallet, Coordinator: in.Coordinator,
		Asset: in.Asset, Amount: in.Amount, Destination: in.Destination, Payments: len(in.Batch), Relayed: in.Type == guard.Gasless, Deliver: deliver, State: StateEvaluating,
		Expires: in.Expires.Unix(), Created: now.UnixMilli(), Updated: now.UnixMilli(),
	}
}

// carrier returns what carries a signed payload to the chain: the complete external message, or the body that a relayer
// sends in a message of its own.
func (r Request) carrier(w guard.WalletRecord, payload []byte, signature [64]byte) ([]byte, error) {
	if r.Relayed {
		return ton.AssembleGasless(w.TON(), payload, signature)
	}
	return ton.Assemble(w.TON(), payload, signature, r.Deploy)
}

// AmountText writes the amount as requests do: of coins in whole units, of a jetton in its smallest unit.
func (r Request) AmountText() string { return ton.FormatAmount(r.Asset, r.Amount) }

// Recipient is whom a request pays, "" for a batch and for what is burned.
func (r Request) Recipient() string {
	if r.Payments > 0 || r.Destination.IsZero() {
		return ""
	}
	return r.Destination.String()
}

// readRequest returns the request of that id, and whether there is one.
func readRequest(tx guard.Tx, id string) (r Request, ok bool, err error) {
	ok, err = readRecord(tx, requestKey(id), &r)
	return r, ok, err
}

// deploys reports whether a request's message must carry the wallet's StateInit, as decide saw it.
func (n *Node) deploys(ctx context.Context, id string) (deploy bool, err error) {
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		r, _, err := readRequest(tx, id)
		deploy = r.Deploy
		return err
	})
	return deploy, err
}

func writeRequest(tx guard.Tx, r Request, now time.Time) {
	if old, err := tx.Get(requestKey(r.ID)); old == nil && err == nil { // an error fails the operation all the same
		schedule(tx, due{time.Unix(r.Expires, 0).Add(guard.KeepSettled), dueRequest, r.ID})
	}
	r.Updated = now.UnixMilli()
	tx.Set(requestKey(r.ID), digest.Encode(r))
}

// listOpen keeps the list of what must be delivered after a restart.
func listOpen(tx guard.Tx, r Request) {
	var mark []byte
	if (r.State == StateSigned || r.State == StateSent) && !r.State.Final(r.Deliver) {
		mark = []byte{requestVersion}
	}
	tx.Set(prefixOpen+guard.Key(r.ID), mark)
}

// settled reports whether this node does nothing more for the request, as far as its caller is concerned.
func (r Request) settled() bool { return r.State.Final(r.Deliver) || r.State == StatePending }

// over reports whether asking again changes nothing. A request that failed for want of parties, before its expiry, may
// be tried again: with the payload it had, while that can execute.
func (r Request) over(now time.Time) bool {
	return r.State.Final(r.Deliver) && r.State != StateFailed || len(r.Signature) > 0 || now.Unix() >= r.Expires
}

func readEvidence(tx guard.Tx, payload [32]byte) (e wire.Evidence, err error) {
	e.Found, err = readRecord(tx, evidenceKey(payload), &e)
	return e, err
}

func writeEvidence(tx guard.Tx, payload [32]byte, e wire.Evidence) {
	e.Found = true
	tx.Set(evidenceKey(payload), digest.Encode(e))
}

func readRecord(tx guard.Tx, k guard.Key, v any) (bool, error) {
	raw, err := tx.Get(k)
	if err != nil || raw == nil {
		return false, err
	}
	if err := digest.Decode(raw, v); err != nil {
		return false, fmt.Errorf("read record %s: %w", k, err)
	}
	return true, nil
}
