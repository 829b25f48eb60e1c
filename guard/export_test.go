package guard

import (
	"time"

	"github.com/tonaiagent/mpcnode/guard/policy"
)

// WindowsOf runs the windows of layer 5 alone: layer 1 stops every asset but the native coin before it.
func WindowsOf(g *Guard, p policy.Permissions, asset string) []Verdict {
	return (&evaluation{g: g, perms: &p, c: Case{Intent: Intent{Asset: asset}}}).windows()
}

// PutPayload writes the record of a payload, whatever it says.
func PutPayload(tx Tx, hash [32]byte, p Payload) { put(tx, keyPayload(hash), p) }

// PutUsed writes that a request was used up, and the window time.
func PutUsed(tx Tx, requestID string, at time.Time) {
	put(tx, keyRequest(requestID), requestUse{Used: true})
	put(tx, keyTime, at.Unix())
}
