package policy

import (
	"fmt"
	"slices"
	"strings"
)

const fieldsIntro = `
## How rules decide

A rule matches when all its conditions hold and no list of ` + "`unless`" + ` holds as a whole. Layer 4 asks in this order, whatever the order of the document: any deny
rule denies; what capabilities, lists and limits of the agent do not allow is denied; any escalate rule escalates, as an amount above
requireApprovalAbove does; any allow rule allows, or the agent's set alone unless it says ` + "`rulesOnly`" + `; else it is denied. So an allow rule widens nothing: it
overrides no other rule, capability, list or limit, and matters only to a set with ` + "`rulesOnly`" + `, of which it permits a part. Exceptions to a deny or escalate rule go into
its ` + "`unless`" + `.

A field may have no value: a risk score that can't be told, a strategy that the agent doesn't state. **A missing value never helps who asks:** a condition
on it holds in a deny or escalate rule and not in an allow rule, and in ` + "`unless`" + ` the other way round. ` + "`exists`" + ` can only ask what that leaves open: for false
in the conditions of a deny or escalate rule and the ` + "`unless`" + ` of an allow rule, for true elsewhere.

Amounts are quoted: ` + "`\"50\"`" + `, never 50. They count in whole TON, unless an ` + "`asset`" + ` condition with eq, in or prefix beside them names jettons: then in the jetton's
smallest unit, as under assetLimits. Of a request for an asset of the other kind such an amount can't be compared, so it has no value: write
` + "`{field: asset, operator: eq, value: native}`" + ` beside it to let the rule judge coins only.

` + "`mpcctl policy check FILE --given agentId=payments,type=transfer,amount=60`" + ` shows each rule with its first unmet condition, and ` + "`mpcctl policy test FILE TESTS`" + `
runs a file of cases such as [configs/policy.custom.test.yaml](../configs/policy.custom.test.yaml). Both ask rules, capabilities, lists, the limit of a transaction and
requireApprovalAbove; windows, rate, maxSlippage and minConfidence only a node asks, which knows the past and the chain.

## Fields of conditions

| field | is | such as | operators | |
|---|---|---|---|---|
`

// FieldsDocument returns what docs/policy.md says of rules, with the tables of fields and operators.
func FieldsDocument() string {
	var b strings.Builder
	b.WriteString(fieldsIntro)
	for _, f := range registry {
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s | %s |\n", f.name, f.of.name, f.of.written(), operatorNames(f.of.operators), f.says)
	}
	b.WriteString("\n| operator | value | holds when the field |\n|---|---|---|\n")
	for _, o := range operators {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", o.name, o.takes, o.holds)
	}
	return b.String()
}

// written returns the example as YAML has it.
func (t *fieldType) written() string {
	if t.shape == inQuotes {
		return fmt.Sprintf("%q", t.example)
	}
	return t.example
}

func operatorNames(all []operator) string {
	names := make([]string, 0, len(all))
	for _, o := range operators { // in the order of the other table
		if slices.Contains(all, o.name) {
			names = append(names, string(o.name))
		}
	}
	return strings.Join(names, " ")
}
