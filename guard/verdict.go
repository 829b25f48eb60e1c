package guard

import (
	"slices"

	"github.com/tonaiagent/mpcnode/guard/audit"
)

// Effect is what a verdict or a decision does. The zero value counts as Deny.
type Effect uint8

const (
	Unknown Effect = iota
	Allow
	Escalate
	Deny
)

func (e Effect) String() string {
	switch e {
	case Allow:
		return "allow"
	case Escalate:
		return "escalate"
	}
	return "deny"
}

// Layer is one of the steps of a decision.
type Layer string

const (
	LayerKill       Layer = "kill"
	LayerIntent     Layer = "intent"
	LayerStrategy   Layer = "strategy"
	LayerRisk       Layer = "risk"
	LayerPolicy     Layer = "policy"
	LayerLimits     Layer = "limits"
	LayerRate       Layer = "rate"
	LayerAnomaly    Layer = "anomaly"
	LayerSimulation Layer = "simulation"
)

// Verdict is what one layer found. An allow has no reason.
type Verdict struct {
	Layer    Layer
	Effect   Effect
	Reason   Reason
	Observed string // the value found, for operators
	Limit    string // what it was held against, for operators
}

// Decision is this node's own answer about one payload. The zero value is a denial.
type Decision struct {
	Effect     Effect // Allow or Deny: an escalation is a denial until approvals can be given
	Verdicts   []Verdict
	PolicyHash [32]byte // the bundle that was applied; zero for none
	Reserved   bool     // the payload is reserved on disk
	Seq        uint64   // of the audit entry

	Shadow *ShadowOpinion // what another bundle would have said; nil: there is none. It has no effect.
}

// First returns what is reported to the agent: the first denial in layer order, kill before all; the first escalation
// if nothing denies; the zero verdict for an allow.
func (d Decision) First() Verdict {
	order := []Effect{Deny, Escalate}
	for _, want := range order {
		if i := slices.IndexFunc(d.Verdicts, func(v Verdict) bool { return v.Effect == want }); i >= 0 {
			return d.Verdicts[i]
		}
	}
	return Verdict{}
}

// combine returns the effect of verdicts together: all must allow. No verdict at all is a denial.
func combine(verdicts []Verdict) Effect {
	if len(verdicts) == 0 {
		return Deny
	}
	for _, v := range verdicts {
		if v.Effect != Allow {
			return Deny
		}
	}
	return Allow
}

// codesOf lists the reasons of the verdicts with one effect.
func codesOf(verdicts []Verdict, effect Effect) (codes []string) {
	for _, v := range verdicts {
		if v.Effect == effect {
			codes = append(codes, string(v.Reason))
		}
	}
	return codes
}

// details lists verdicts for the audit, in order and numbered, since a layer may have several.
func details(verdicts []Verdict) audit.Details {
	out := make(audit.Details, 0, len(verdicts))
	for i, v := range verdicts {
		text := v.Effect.String()
		if v.Reason != "" {
			text += " " + string(v.Reason) + " observed=" + clip(v.Observed) + " limit=" + clip(v.Limit)
		}
		out = append(out, audit.Detail{K: ordinal(i) + " " + string(v.Layer), V: text})
	}
	return out
}

// ordinal numbers from 01, so that names sort as they stand.
func ordinal(i int) string {
	i++
	return string([]byte{'0' + byte(i/10%10), '0' + byte(i%10)})
}
