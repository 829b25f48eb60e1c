package tss

import "crypto/ed25519"

// Verify reports whether sig is an RFC 8032 signature of hash by pub. It also refuses public keys that are not
// canonical or have low order, for which crypto/ed25519 accepts signatures that nobody made.
func Verify(pub [32]byte, hash [32]byte, sig [64]byte) bool { return verify(pub[:], hash[:], sig[:]) }

func verify(pub, message, sig []byte) bool {
	if _, err := parsePoint(pub); err != nil {
		return false
	}
	return ed25519.Verify(pub, message, sig)
}
