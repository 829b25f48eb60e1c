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

// SignedShadow is a policy document that is to be judged beside the bundle in force, as one policy admin of this party
// signed it; an empty one ends that. What a shadow says is written down and counts for nothing, so its version and parent
// need not succeed.
type SignedShadow struct {
	Document  []byte
	Revision  uint64 // the next, of all that were taken in
	Admin     [32]byte
	Signature []byte // ed25519 over policy.ShadowDigest
}

// shadowPolicy is the record of the shadow, p/shadow.
type shadowPolicy struct {
	Hash    [32]byte `cbor:"hash"`
	Version uint64   `cbor:"version"`
	Admin   [32]byte `cbor:"admin"`
	Since   int64    `cbor:"since"` // Unix seconds
}

// ShadowPolicy is the shadow, as people have to see it.
type ShadowPolicy struct {
	Version  uint64
	Hash     [32]byte
	Admin    [32]byte // who signed it
	Since    time.Time
	Document []byte
}

// SetShadow has a document judged beside the bundle in force, in the place of the one before, or ends that.
func (g *Guard) SetShadow(tx Tx, now time.Time, s SignedShadow) error {
	if err := g.setShadow(tx, now, s); err != nil {
		return fmt.Errorf("shadow policy: %w", err)
	}
	return nil
}

func (g *Guard) setShadow(tx Tx, now time.Time, s SignedShadow) error {
	if err := g.checkAdmin(s.Admin, policy.ShadowDigest(g.cfg.Network, g.cfg.Party, s.Revision, s.Document), s.Signature); err != nil {
		return err
	}
	next, err := g.NextShadow(tx)
	if err != nil {
		return err
	}
	if s.Revision != next {
		return fmt.Errorf("revision %d is not %d, the next: sign it anew", s.Revision, next)
	}
	if len(s.Document) == 0 {
		err = stopShadow(tx, now, s.Admin)
	} else {
		err = g.startShadow(tx, now, s)
	}
	if err == nil {
		put(tx, keyShadows, s.Revision)
	}
	return err
}

func (g *Guard) startShadow(tx Tx, now time.Time, s SignedShadow) error {
	b, err := policy.Parse(s.Document)
	if err != nil {
		return err
	}
	current, err := g.Policy(tx)
	if err != nil {
		return err
	}
	if current != nil && current.Hash == b.Hash {
		return errors.New("it is the bundle in force, which decides")
	}
	record := shadowPolicy{b.Hash, b.Version, s.Admin, now.Unix()}
	put(tx, keyShadow, record)
	put(tx, keyShadowed, s.Document)
	tx.Append(record.entry(now, audit.ShadowStarted, s.Admin))
	return nil
}

// NextShadow returns the revision of the shadow, or end of one, that is taken in next.
func (g *Guard) NextShadow(tx Tx) (uint64, error) {
	var taken uint64
	_, err := get(tx, keyShadows, &taken)
	return taken + 1, err
}

// stopShadow ends the shadow by hand, also one that this release can't read.
func stopShadow(tx Tx, now time.Time, admin [32]byte) error {
	var s shadowPolicy
	if runs, err := get(tx, keyShadow, &s); err == nil && !runs {
		return errors.New("none is judged beside the bundle in force")
	}
	s.end(tx, now, admin)
	return nil
}

// overtake ends the shadow that comes into force. One that can't be read stays: nothing may depend on it.
func overtake(tx Tx, now time.Time, p pendingPolicy) {
	var s shadowPolicy
	if runs, err := get(tx, keyShadow, &s); err == nil && runs && s.Hash == p.Hash {
		s.end(tx, now, p.Admins[0])
	}
}

func (s shadowPolicy) end(tx Tx, now time.Time, admin [32]byte) {
	tx.Set(keyShadow, nil)
	tx.Set(keyShadowed, nil)
	tx.Append(s.entry(now, audit.ShadowEnded, admin))
}

func (s shadowPolicy) entry(now time.Time, t audit.EventType, admin [32]byte) audit.Entry {
	return policyEntry(now, t, audit.Info, pendingPolicy{Hash: s.Hash, Version: s.Version, Admins: [][32]byte{admin}})
}

// Shadow returns what is judged beside the bundle in force, nil when nothing is.
func (g *Guard) Shadow(tx Tx) (*ShadowPolicy, error) {
	var s shadowPolicy
	if runs, err := get(tx, keyShadow, &s); err != nil || !runs {
		return nil, err
	}
	var document []byte
	_, err := get(tx, keyShadowed, &document)
	return &ShadowPolicy{s.Version, s.Hash, s.Admin, fromUnix(s.Since), document}, err
}

// ShadowOpinion is what the shadow would have decided in the place of the bundle in force.
type ShadowOpinion struct {
	Policy  [32]byte
	Effect  Effect // Escalate too: whether people can approve is not its matter
	Reason  Reason // the first; "" for an allow
	Differs bool   // from what the bundle in force wants
	Err     string // why there is none; "" if there is
}

// shadow asks the shadow, if there is one, about the same case and the same memory. It is read and judged aside from e, and
// what goes wrong with it is only noted.
func (e *evaluation) shadow(tx Tx, d Decision) *ShadowOpinion {
	var record shadowPolicy
	runs, err := get(tx, keyShadow, &record)
	if err == nil && !runs {
		return nil
	}
	o := &ShadowOpinion{Policy: record.Hash}
	if err == nil {
		err = e.ask(tx, o, d)
	}
	if err != nil {
		return &ShadowOpinion{Policy: record.Hash, Err: err.Error()}
	}
	return o
}

func (e *evaluation) ask(tx Tx, o *ShadowOpinion, d Decision) error {
	b, err := readBundle(tx, keyShadowed, o.Policy, &e.g.shadow)
	if err != nil {
		return err
	}
	beside, err := e.by(tx, b)
	if err != nil {
		return err
	}
	said := beside.verdicts()
	o.Effect, o.Reason = wanted(said), Decision{Verdicts: said}.First().Reason
	o.Differs = o.Effect != wanted(d.Verdicts)
	return nil
}

// by is the same evaluation by another bundle, whose validators nobody has asked. What was proven rests on the contracts of
// the bundle in force, and that is not held against the other.
func (e *evaluation) by(tx Tx, b *policy.Bundle) (*evaluation, error) {
	s := *e
	if e.bundle != nil && e.c.Policy == e.bundle.Hash {
		s.c.Policy = b.Hash
	}
	s.bundle, s.perms, s.spent, s.risk, s.seen, s.isShadow, s.c.Opinions = b, nil, nil, riskCase{}, nil, true, nil
	if p, ok := b.Permissions(e.c.Intent.Agent); ok {
		s.perms = &p
	}
	a, known, err := agentBy(tx, b, e.c.Intent.Agent)
	if s.agent = nil; known {
		s.agent = &a
	}
	if err != nil {
		return nil, err
	}
	return &s, errors.Join(s.loadCounts(tx), s.loadRisk(tx)) // its calendar may be another
}

// wanted is the strongest of verdicts, whether or not people can approve.
func wanted(verdicts []Verdict) Effect {
	has := func(want func(Verdict) bool) bool { return slices.ContainsFunc(verdicts, want) }
	switch {
	case len(verdicts) == 0, has(func(v Verdict) bool {
		return v.Effect != Allow && v.Effect != Escalate && v.Reason != ReasonApprovalUnavailable
	}):
		return Deny
	case has(func(v Verdict) bool { return v.Effect == Escalate }):
		return Escalate
	}
	return Allow
}

// details are for the audit.
func (o *ShadowOpinion) details() audit.Details {
	if o == nil {
		return nil
	}
	of := audit.KV("shadow_policy", hex.EncodeToString(o.Policy[:]))
	if o.Err != "" {
		return append(of, audit.Detail{K: "shadow_error", V: clip(o.Err)})
	}
	return append(of, audit.KV("shadow_effect", o.Effect.String(), "shadow_reason", string(o.Reason))...)
}
