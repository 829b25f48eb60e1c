package guard

import (
	"fmt"
	"strings"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/policy"
)

// Opinion is what a validator said about a request. It can refuse, or call for people; it allows nothing that a layer
// refuses. The zero value refuses.
type Opinion struct {
	Validator  string   // its id in the bundle
	Policy     [32]byte // hash of the bundle by which it was asked
	Valid      bool
	Escalate   bool     // people shall decide
	Confidence uint16   // permille
	Reasoning  string   // for operators
	Warnings   []string // the same
	Err        string   // why there is no opinion; "" if there is
}

// validatorReasons say which reason stands for an objection in a layer.
var validatorReasons = map[string]Reason{
	policy.IntentLayer: ReasonIntentValidator, policy.StrategyLayer: ReasonStrategyValidator,
}

// opinionsOutdated refuses opinions that were asked for by another bundle than the one in force.
func (e *evaluation) opinionsOutdated() []Verdict {
	for _, o := range e.c.Opinions {
		if e.bundle != nil && o.Policy != e.bundle.Hash {
			return []Verdict{deny(ReasonPolicyChanged, fmt.Sprintf("%x", o.Policy), fmt.Sprintf("%x", e.bundle.Hash))}
		}
	}
	return nil
}

// objections are the refusals of the validators that the bundle names for this agent and layer. An opinion of anybody
// else is not looked at.
func (e *evaluation) objections(layer string) (v []Verdict) {
	if e.bundle == nil || e.isShadow {
		return nil
	}
	for _, asked := range e.bundle.Validators(e.c.Intent.Agent) {
		if asked.Layer != layer {
			continue
		}
		why, people := e.objection(asked.ID)
		switch {
		case why == "":
		case people || asked.Escalates:
			v = append(v, escalate(validatorReasons[layer], why, asked.ID))
		default:
			v = append(v, deny(validatorReasons[layer], why, asked.ID))
		}
	}
	return v
}

// objection says what keeps a validator's word from being a yes, "" if nothing does, and whether the validator itself
// wants people to decide.
func (e *evaluation) objection(validator string) (why string, people bool) {
	var said []Opinion
	for _, o := range e.c.Opinions {
		if o.Validator == validator {
			said = append(said, o)
		}
	}
	if len(said) != 1 {
		return fmt.Sprintf("%d opinions, want one", len(said)), false
	}
	o := said[0]
	switch {
	case o.Err != "", !o.Valid && !o.Escalate:
		return o.text(), false
	case o.Escalate:
		return o.text(), true
	case e.perms != nil && o.Confidence < e.perms.MinConfidence:
		return "below " + permille(e.perms.MinConfidence) + ": " + o.text(), false
	}
	return "", false
}

// text says an opinion to people. What comes first is what is kept when it is clipped.
func (o Opinion) text() string {
	if o.Err != "" {
		return "no opinion: " + o.Err
	}
	said := "not valid"
	switch {
	case o.Escalate:
		said = "for people to decide"
	case o.Valid:
		said = "valid"
	}
	return fmt.Sprintf("%s, confidence %s: %s", said, permille(o.Confidence), strings.Join(append([]string{o.Reasoning}, o.Warnings...), "; "))
}

// opinionNotes are what the validators said, for the audit, whatever is decided.
func (e *evaluation) opinionNotes() (notes audit.Details) {
	for i, o := range e.c.Opinions[:min(len(e.c.Opinions), maxOpinions)] {
		notes = append(notes, audit.Detail{K: "validator " + ordinal(i) + " " + clip(o.Validator), V: clip(o.text())})
	}
	return notes
}
