package node

import (
	"context"
	"errors"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// Codes of what ends a request besides the guards' reasons.
const (
	codeQuorum        = "quorum_unavailable"     // too few parties answered
	codeAccounting    = "accounting_unavailable" // a party that accounts for the wallet did not answer
	codeRefusedByPeer = "refused_by_peer"        // this node allows, too many others don't
	codeSigningFailed = "signing_failed"         // no attempt gave a signature
	codePayloadDead   = "payload_dead"           // it can't execute any more, and didn't
	codeExpired       = "request_expired"
)

// failure says why no attempt gave a signature.
func failure(err error) wire.Reason {
	switch {
	case errors.Is(err, guard.ErrKilled) || errors.Is(err, guard.ErrTripsChanged):
		return wire.Reason{Layer: string(guard.LayerKill), Code: string(guard.ReasonKilled)}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, guard.ErrExpired):
		return wire.Reason{Code: codeExpired}
	}
	return wire.Reason{Code: codeSigningFailed}
}

// sentences say what ended a request besides the guards' reasons.
var sentences = map[string]string{
	codeQuorum:        "Too few parties' nodes answered in time. Try again.",
	codeAccounting:    "A party that has to account for this wallet did not answer in time. Try again.",
	codeRefusedByPeer: "This node would sign, but too many other parties refused.",
	codeSigningFailed: "The parties could not finish a signature, but one could exist: until live_until has passed and the payload is proven dead, it may execute. Send a new request then.",
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
