package guard

import "time"

// PutPayload writes the record of a payload, whatever it says.
func PutPayload(tx Tx, hash [32]byte, p Payload) { put(tx, keyPayload(hash), p) }

// PutUsed writes that a request was used up, and the window time.
func PutUsed(tx Tx, requestID string, at time.Time) {
	put(tx, keyRequest(requestID), requestUse{Used: true})
	put(tx, keyTime, at.Unix())
}
