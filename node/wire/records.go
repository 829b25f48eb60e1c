package wire

import (
	"crypto/ed25519"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/kill"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/contracts"
)

// What people sign before a node takes it in. The tool signs where the key is; the node verifies again.

// Records by names that the tool may use: it knows nothing of the guard.
type (
	AgentRecord     = guard.AgentRecord
	BlacklistRecord = guard.BlacklistRecord
	Lift            = kill.Lift
	BundleSignature = guard.BundleSignature
	SignedBundle    = guard.SignedBundle
	SignedShadow    = guard.SignedShadow
)

// KeygenProposal is how a key generation is handed in at its proposer's node: with that party's own approval.
type KeygenProposal struct {
	Keygen   Keygen   `cbor:"1,keyasint"`
	Approval Approval `cbor:"2,keyasint"`
}

// SignAgent signs an agent's enrolment as an operator of party.
func SignAgent(network [32]byte, party string, key ed25519.PrivateKey, r guard.AgentRecord) guard.Signed[guard.AgentRecord] {
	return signRecord(network, party, key, r)
}

// SignBlacklist signs, as an operator or policy admin of party, that an address is put on its node's blacklist or taken off.
func SignBlacklist(network [32]byte, party string, key ed25519.PrivateKey, r guard.BlacklistRecord) guard.Signed[guard.BlacklistRecord] {
	return signRecord(network, party, key, r)
}

// SignWallet signs a new wallet of a key: version, address and wallet id follow from the public key and the chain.
func SignWallet(network [32]byte, party string, key ed25519.PrivateKey, id, keyID string, epoch uint32, pub [32]byte, globalID int32) (guard.Signed[guard.WalletRecord], error) {
	return SignSubwallet(network, party, key, id, keyID, epoch, ton.V5R1, pub, globalID, 0)
}

// SignSubwallet signs one of the several wallets that a key can have, by its version and number.
func SignSubwallet(network [32]byte, party string, key ed25519.PrivateKey, id, keyID string, epoch uint32, v ton.Version, pub [32]byte, globalID int32, subwallet uint16) (guard.Signed[guard.WalletRecord], error) {
	r, err := guard.NewWalletRecord(id, keyID, epoch, v, pub, globalID, subwallet)
	if err != nil {
		return guard.Signed[guard.WalletRecord]{}, fmt.Errorf("sign wallet: %w", err)
	}
	return signRecord(network, party, key, r), nil
}

// SignOwnedWallet signs a wallet whose owner alone holds the key: its public key is enrolled, and nothing else of it.
func SignOwnedWallet(network [32]byte, party string, key ed25519.PrivateKey, id string, v ton.Version, owner [32]byte, globalID int32, subwallet uint16) (guard.Signed[guard.WalletRecord], error) {
	r, err := guard.NewOwnedWallet(id, v, owner, globalID, subwallet)
	if err != nil {
		return guard.Signed[guard.WalletRecord]{}, fmt.Errorf("sign wallet: %w", err)
	}
	return signRecord(network, party, key, r), nil
}

// SignContractWallet signs a policy wallet that is deployed in the state initial, whose spender is the parties' key keyID.
func SignContractWallet(network [32]byte, party string, key ed25519.PrivateKey, id, keyID string, epoch uint32, initial contracts.State, globalID int32) (guard.Signed[guard.WalletRecord], error) {
	r, err := guard.NewContractWallet(id, keyID, epoch, initial, globalID)
	if err != nil {
		return guard.Signed[guard.WalletRecord]{}, fmt.Errorf("sign wallet: %w", err)
	}
	return signRecord(network, party, key, r), nil
}

func signRecord[T guard.Record](network [32]byte, party string, key ed25519.PrivateKey, r T) guard.Signed[T] {
	d := guard.RecordDigest(network, party, r)
	return guard.Signed[T]{Body: r, Operator: publicOf(key), Signature: ed25519.Sign(key, d[:])}
}

// SignPolicy is a policy document that one policy admin of party has signed.
func SignPolicy(network [32]byte, party string, key ed25519.PrivateKey, document []byte) guard.SignedBundle {
	return guard.SignedBundle{Document: document, Signatures: []guard.BundleSignature{PolicySignature(network, party, key, document)}}
}

// PolicySignature signs a policy document as a policy admin of party.
func PolicySignature(network [32]byte, party string, key ed25519.PrivateKey, document []byte) guard.BundleSignature {
	d := policy.SigningDigest(network, party, document)
	return guard.BundleSignature{Admin: publicOf(key), Signature: ed25519.Sign(key, d[:])}
}

// SignShadow signs, as a policy admin of party, that a document shall be judged beside the one in force; of no bytes, that
// none shall. The revision is the next, as the node says it.
func SignShadow(network [32]byte, party string, key ed25519.PrivateKey, revision uint64, document []byte) guard.SignedShadow {
	d := policy.ShadowDigest(network, party, revision, document)
	return guard.SignedShadow{Document: document, Revision: revision, Admin: publicOf(key), Signature: ed25519.Sign(key, d[:])}
}

// SignPolicyCancellation signs, as a policy admin of party, that the bundle of that hash never comes into force.
func SignPolicyCancellation(network [32]byte, party string, key ed25519.PrivateKey, hash [32]byte) guard.PolicyCancellation {
	d := policy.CancelDigest(network, party, hash)
	return guard.PolicyCancellation{Policy: hash, Admin: publicOf(key), Signature: ed25519.Sign(key, d[:])}
}

// SignTrip signs an order to stop; until is zero for a kill, which never ends by itself.
func SignTrip(network [32]byte, party string, key ed25519.PrivateKey, scope, reason string, at, until time.Time) kill.Trip {
	t := kill.Trip{Scope: scope, Level: kill.Kill, Reason: reason, By: kill.By{Party: party, Key: publicOf(key)},
		At: at.UTC().Truncate(time.Second)}
	if !until.IsZero() {
		t.Level, t.Until = kill.Pause, until.UTC().Truncate(time.Second)
	}
	t.ID = t.Identify(network)
	d := t.Digest(network)
	t.Signature = ed25519.Sign(key, d[:])
	return t
}

// SignLift adds an operator's signature to a lift; a lift needs those of two parties.
func SignLift(network [32]byte, party string, key ed25519.PrivateKey, l kill.Lift) kill.Lift {
	d := l.Digest(network)
	l.Signatures = append(l.Signatures, kill.Signature{By: kill.By{Party: party, Key: publicOf(key)}, Signature: ed25519.Sign(key, d[:])})
	return l
}

func publicOf(key ed25519.PrivateKey) [32]byte { return [32]byte(key.Public().(ed25519.PublicKey)) }

// NoTrips is the trip-set digest of a network in which nothing is stopped.
func NoTrips() [32]byte { return kill.Hash(nil) }
