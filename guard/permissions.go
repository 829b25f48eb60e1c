package guard

import (
	"slices"

	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/ton"
)

// ruleReasons says which reason stands for a violated rule of layer 4. The limit of a transaction is layer 5's.
var ruleReasons = map[policy.Rule]Reason{
	policy.RuleCapability:  ReasonCapability,
	policy.RuleToken:       ReasonTokenNotAllowed,
	policy.RuleDestination: ReasonDestinationDenied,
}

// permissions is layer 4: what the party's bundle allows this agent.
func (e *evaluation) permissions() []Verdict {
	if e.perms == nil {
		return []Verdict{deny(ReasonPolicyMissing, e.c.Intent.Agent, "")}
	}
	rules := e.rulings()
	v := slices.Concat(rules.denials(), e.granted(), rules.escalations())
	if e.perms.RulesOnly && !rules.allowed() {
		v = append(v, deny(ReasonRulesOnly, "", ""))
	}
	return v
}

// granted judges by the agent's permissions alone: the first denial, else the first escalation, of any payment.
func (e *evaluation) granted() []Verdict {
	var escalated []Verdict
	for _, p := range e.c.Intent.Payments() {
		v := e.permitted(p.Destination)
		switch {
		case len(codesOf(v, Deny)) > 0:
			return v
		case escalated == nil:
			escalated = v
		}
	}
	return append(escalated, e.trade()...)
}

// permitted judges the whole of the request with one of its destinations: the asset that it is about first, then the
// coins that go with it. An amount that needs an approval hides nothing that is denied.
func (e *evaluation) permitted(to ton.Address) (escalated []Verdict) {
	for n := range e.moves {
		v := e.moved(e.moves[len(e.moves)-1-n], to)
		switch {
		case len(codesOf(v, Deny)) > 0:
			return v
		case escalated == nil:
			escalated = v
		}
	}
	return escalated
}

func (e *evaluation) moved(m Move, to ton.Address) []Verdict {
	i, asset := e.c.Intent, e.asset(m)
	a := e.perms.CheckCapability(policy.Action{Name: i.action(), Token: asset, Amount: m.Amount, Destination: to})
	switch a.ViolatedRule {
	case "":
		if a.Allowed {
			return nil
		}
	case policy.RulePerTransaction, policy.RuleAssetLimits:
		return nil // layer 5 refuses
	case policy.RuleApproval:
		l, _ := e.perms.LimitsOf(asset)
		return []Verdict{escalate(ReasonApprovalAbove, amountOf(asset, m.Amount), amountOf(asset, *l.RequireApprovalAbove))}
	}
	if r, ok := ruleReasons[a.ViolatedRule]; ok {
		return []Verdict{deny(r, to.String(), string(a.ViolatedRule))}
	}
	return []Verdict{deny(ReasonCapability, i.Type, string(a.ViolatedRule))}
}
