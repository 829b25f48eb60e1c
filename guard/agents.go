package guard

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/policy"
)

// AgentRecord enrols an agent at one node: whose signature speaks for it, for which wallets, and when. What it may do
// is the policy's to say. Times are Unix seconds; 0 is no bound.
type AgentRecord struct {
	ID        string   `cbor:"id"`
	Revision  uint64   `cbor:"revision"` // rises with every record of the id, so that an old one can't come back
	PublicKey [32]byte `cbor:"publicKey"`
	Wallets   []string `cbor:"wallets"`
	NotBefore int64    `cbor:"notBefore"`
	NotAfter  int64    `cbor:"notAfter"`
	Suspended bool     `cbor:"suspended"`
}

func (AgentRecord) kind() string { return "agent" }

// AddAgent puts an agent's record into force and replaces the earlier one. It errs if the record isn't signed by this
// node's operator or its revision isn't higher than the known one.
func (g *Guard) AddAgent(tx Tx, now time.Time, s Signed[AgentRecord]) error {
	if err := g.checkAgent(tx, now, s); err != nil {
		return fmt.Errorf("add agent %.70q: %w", s.Body.ID, err)
	}
	put(tx, keyAgent(s.Body.ID), s)
	event, severity := audit.AgentCreated, audit.Info
	if s.Body.Suspended {
		event, severity = audit.AgentSuspended, audit.Warning
	}
	tx.Append(audit.Entry{
		V: audit.Version, TS: audit.At(now), EventType: event, Action: "agent",
		Actor:    audit.Actor{Type: "operator", ID: hex.EncodeToString(s.Operator[:])},
		Resource: audit.Resource{Type: "agent", ID: s.Body.ID},
		Outcome:  audit.Success, Severity: severity,
		Details: audit.KV("revision", fmt.Sprint(s.Body.Revision), "public_key", hex.EncodeToString(s.Body.PublicKey[:])),
	})
	return nil
}

func (g *Guard) checkAgent(tx Tx, now time.Time, s Signed[AgentRecord]) error {
	r := s.Body
	if err := verify(g, s); err != nil {
		return err
	}
	if !validID(r.ID) || len(r.Wallets) > maxWallets || slices.ContainsFunc(r.Wallets, func(w string) bool { return !validID(w) }) {
		return fmt.Errorf("wants an id and the ids of at most %d wallets", maxWallets)
	}
	if r.PublicKey == [32]byte{} {
		return errors.New("public key is missing")
	}
	b, err := g.Policy(tx)
	if err != nil {
		return err
	}
	if p, ok := permissionsOf(b, r.ID); ok && p.Enrolment != nil {
		return errors.New("the policy in force enrols it: change the policy")
	}
	old, known, err := enrolledAgent(tx, r.ID)
	if err != nil {
		return err
	}
	if r.Revision == 0 || known && r.Revision <= old.Revision {
		return fmt.Errorf("revision %d is not above %d", r.Revision, old.Revision)
	}
	return checkRevision(r.Revision, old.Revision, now)
}

// checkRevision keeps room above a revision, so that nobody can make one record the last. Tools number by the clock, in
// milliseconds.
func checkRevision(next, last uint64, now time.Time) error {
	if most := max(last+1, uint64(now.Add(time.Hour).UnixMilli())); next > most {
		return fmt.Errorf("revision %d is above %d, the highest now", next, most)
	}
	return nil
}

// Agent returns an agent's record, and whether there is one: the policy's, where that enrols the agent, and else the
// operator's.
func (g *Guard) Agent(tx Tx, id string) (AgentRecord, bool, error) {
	b, err := g.Policy(tx)
	if err != nil {
		return AgentRecord{}, false, err
	}
	return agentBy(tx, b, id)
}

// agentBy is the record that counts under a bundle, which may be nil.
func agentBy(tx Tx, b *policy.Bundle, id string) (AgentRecord, bool, error) {
	if p, ok := permissionsOf(b, id); ok && p.Enrolment != nil {
		e := p.Enrolment
		return AgentRecord{ID: id, Revision: b.Version, PublicKey: e.PublicKey, Wallets: e.Wallets,
			NotBefore: unix(e.NotBefore), NotAfter: unix(e.NotAfter), Suspended: e.Suspended}, true, nil
	}
	return enrolledAgent(tx, id)
}

// permissionsOf are an agent's under a bundle, which may be nil.
func permissionsOf(b *policy.Bundle, id string) (policy.Permissions, bool) {
	if b == nil {
		return policy.Permissions{}, false
	}
	return b.Permissions(id)
}

// unix is a time as records have it: 0 for none.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// enrolledAgent returns the operator's record.
func enrolledAgent(tx Tx, id string) (AgentRecord, bool, error) {
	var s Signed[AgentRecord]
	ok, err := get(tx, keyAgent(id), &s)
	return s.Body, ok, err
}

// validAt reports whether now is within the enrolment.
func (r AgentRecord) validAt(now time.Time) bool {
	return (r.NotBefore == 0 || now.Unix() >= r.NotBefore) && (r.NotAfter == 0 || now.Unix() < r.NotAfter)
}
