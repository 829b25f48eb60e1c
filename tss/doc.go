// Package tss makes threshold Ed25519 keys and signatures: any need-of-n with 2 ≤ need ≤ n ≤ 5. No machine ever holds
// the private key; the public key and the signatures are plain RFC 8032.
//
// [Keygen] runs the distributed key generation and returns this party's [Share] with the confirm body that the node
// signs. [Begin] runs a signing up to, and not including, the one message that could complete a signature;
// [Half.Release] sends it, [Half.Signature] waits for the others' and returns the verified signature. The package talks
// only through a [Link], reads no clock and starts no goroutine: everything runs in the caller's.
//
// The engine is github.com/bnb-chain/tss-lib/v2 v2.0.2 over filippo.io/edwards25519. One hostile member
// can crash, split or mislead that library, so nothing from a peer reaches it as bytes. A message here is a fixed
// header and fixed-length fields (border_keygen.go, border_sign.go): commitments, points in the RFC 8032 encoding and
// scalars. Each field is checked (canonical, on the curve, in the prime-order group, below the group order) and only
// then made into the library's own message, from the authenticated sender. What is left for a member to do wrong ends
// the session with a [Fault] that names it, a [Dispute] that names the two one of whom lies, or a [Silent] that names
// who has not sent.
//
// It does not promise: constant time of the library's arithmetic modulo the group order (curve operations are constant
// time); that nothing secret stays in memory (math/big can't be wiped everywhere); progress when a member is silent;
// anything against need colluding members. A key isn't usable before the confirm bodies of all parties were compared
// and signed by all: one party may have finished where another stopped.
package tss
