package node

import (
	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// sentences say what ended a request besides the guards' reasons.
var sentences = map[string]string{
	codeQuorum:        "Too few parties' nodes answered in time. Try again.",
	codeRefusedByPeer: "This node would sign, but too many other parties refused.",
	codeSigningFailed: "The parties could not finish a signature. Send a new request once this one's payload has expired.",
	codePayloadDead:   "The payload can't be executed any more. Send a new request.",
	codeExpired:       "The request has expired. Send a new one.",
}

// Sentence says what a reason means. It is safe for agents: no number, no threshold, nothing of another party.
func Sentence(r wire.Reason) string {
	if s, ok := sentences[r.Code]; ok && r.Layer == "" {
		return s
	}
	return guard.Reason(r.Code).Sentence()
}
