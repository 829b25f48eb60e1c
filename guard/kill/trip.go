package kill

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tonaiagent/mpcnode/digest"
)

// Level is how hard a trip stops. The zero value is none and is refused.
type Level string

const (
	Pause Level = "pause" // ends by itself at Until, in chain time
	Kill  Level = "kill"  // ends only by a lift
)

// Network is the scope of everything. The others are made by OfWallet and OfAgent.
const Network = "network"

// OfWallet returns the scope of one wallet.
func OfWallet(id string) string { return "wallet:" + id }

// OfAgent returns the scope of one agent.
func OfAgent(id string) string { return "agent:" + id }

// maxReason bounds a reason, in bytes: trips travel in frames of 64 KiB, up to 64 open ones a party.
const maxReason = 200

// Trip is one signed order to stop. Times are whole seconds. The id is made of what the trip says, so that an id stands
// for one trip only and can't be taken by another.
type Trip struct {
	ID        string    `cbor:"id"`
	Scope     string    `cbor:"scope"` // network, wallet:<id> or agent:<id>
	Level     Level     `cbor:"level"`
	Reason    string    `cbor:"reason"`
	By        By        `cbor:"by"`
	At        time.Time `cbor:"at"`
	Until     time.Time `cbor:"until"`     // of a pause
	Signature []byte    `cbor:"signature"` // ed25519 over Digest
}

// By is who signed: a key that is listed for a party.
type By struct {
	Party string   `cbor:"party"`
	Key   [32]byte `cbor:"key"`
}

// Digest returns what is signed: every field but id and signature.
func (t Trip) Digest(network [32]byte) [32]byte {
	return digest.Sum(digest.Trip, network, t.Scope, string(t.Level), t.Reason, t.By.Party, t.By.Key, t.At.Unix(), unix(t.Until))
}

// Identify returns the id that t must bear.
func (t Trip) Identify(network [32]byte) string {
	d := t.Digest(network)
	return "t-" + hex.EncodeToString(d[:16])
}

// Verify reports what is wrong with t. may tells whether that key of that party may stop this node.
func (t Trip) Verify(network [32]byte, may func(By) bool) error {
	if err := t.check(); err != nil {
		return err
	}
	d := t.Digest(network)
	switch {
	case t.ID != t.Identify(network):
		return errors.New("trip: id is not made of its content")
	case !may(t.By):
		return fmt.Errorf("trip %s: signed by a key that is no operator, tripper or identity of party %q", t.ID, t.By.Party)
	case len(t.Signature) != ed25519.SignatureSize || !ed25519.Verify(t.By.Key[:], d[:], t.Signature):
		return fmt.Errorf("trip %s: bad signature", t.ID)
	}
	return nil
}

func (t Trip) check() error {
	switch {
	case !scope(t.Scope):
		return errors.New("trip: scope is none of network, wallet:<id>, agent:<id>")
	case t.Level != Pause && t.Level != Kill:
		return errors.New("trip: level is neither pause nor kill")
	case (t.Level == Pause) == t.Until.IsZero():
		return errors.New("trip: a pause has an end and a kill has none")
	case len(t.Reason) > maxReason || !utf8.ValidString(t.Reason):
		return fmt.Errorf("trip: reason is longer than %d bytes, or not UTF-8", maxReason)
	case t.At.Nanosecond() != 0 || t.Until.Nanosecond() != 0:
		return errors.New("trip: times are whole seconds")
	}
	return nil
}

// scope checks the form only: a trip for a wallet that is not known here yet must hold once it is.
func scope(s string) bool {
	kind, id, _ := strings.Cut(s, ":")
	return s == Network || (kind == "wallet" || kind == "agent") && id != "" && len(id) <= 64
}

// Stands reports whether t is still in force at the window time at.
func (t Trip) Stands(at time.Time) bool { return t.Level != Pause || at.Before(t.Until) }

// Hash returns the trip-set hash of ids, in any order. No ids at all is a set too, encoded as an empty list.
func Hash(ids []string) [32]byte {
	ids = append([]string{}, ids...)
	slices.Sort(ids)
	return digest.Sum(digest.Trips, ids)
}

// unix encodes the absence of a time as 0.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
