package audit

import (
	"encoding/hex"
	"encoding/json"
)

// jsonEntry is what readers of the API see. Its names are stable.
type jsonEntry struct {
	V          uint8     `json:"v"`
	Seq        uint64    `json:"seq"`
	Timestamp  string    `json:"timestamp"` // RFC 3339, UTC, milliseconds
	Party      string    `json:"party"`
	EventType  EventType `json:"eventType"`
	Actor      Actor     `json:"actor"`
	Action     string    `json:"action"`
	Resource   Resource  `json:"resource"`
	Outcome    Outcome   `json:"outcome"`
	Severity   Severity  `json:"severity"`
	Request    string    `json:"request,omitempty"`
	PolicyHash string    `json:"policyHash,omitempty"` // hex
	Details    Details   `json:"details"`
	Context    Details   `json:"context"`
	Salt       string    `json:"salt"` // hex
}

const rfc3339Millis = "2006-01-02T15:04:05.000Z07:00"

// MarshalJSON writes the entry as the API shows it. Every field is there, so a reader can encode it again and check
// the leaf.
func (e Entry) MarshalJSON() ([]byte, error) {
	j := jsonEntry{
		V: e.V, Seq: e.Seq, Timestamp: e.TS.Time().Format(rfc3339Millis), Party: e.Party,
		EventType: e.EventType, Actor: e.Actor, Action: e.Action, Resource: e.Resource,
		Outcome: e.Outcome, Severity: e.Severity, Request: e.Request,
		Details: e.Details, Context: e.Context, Salt: hex.EncodeToString(e.Salt[:]),
	}
	if e.PolicyHash != ([32]byte{}) {
		j.PolicyHash = hex.EncodeToString(e.PolicyHash[:])
	}
	return json.Marshal(j)
}
