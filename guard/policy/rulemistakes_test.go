package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/strictyaml"
)

func TestBadRuleIsRefusedWithItsPlace(t *testing.T) {
	const good = `{field: hour, operator: eq, value: 1}`
	rule := func(s string) string { return ruled("  - {" + s + "}\n") }
	when := func(conditions string) string {
		return rule("id: r, action: deny, conditions: [" + conditions + "]")
	}
	many := func(n int, s string) string { return strings.TrimSuffix(strings.Repeat(s+", ", n), ", ") }
	for name, bad := range map[string]struct{ document, path, says string }{
		"unknown field":              {when(`{field: mood, operator: eq, value: 1}`), "conditions[0].field", `there is no field "mood"; docs/policy.md lists them`},
		"field in another case":      {when(`{field: Hour, operator: eq, value: 1}`), "conditions[0].field", `no field "Hour"`},
		"no field":                   {when(`{operator: eq, value: 1}`), "conditions[0].field", "no field"},
		"unknown operator":           {when(`{field: hour, operator: like, value: 1}`), "conditions[0].operator", `no operator "like"; it has eq ne gt`},
		"operator of another type":   {when(`{field: isNewDestination, operator: gt, value: true}`), "conditions[0].operator", `no operator "gt"; it has eq ne exists`},
		"no value":                   {when(`{field: hour, operator: eq}`), "conditions[0].value", "missing: want 0 to 23, such as 22"},
		"null for a value":           {when(`{field: hour, operator: eq, value: ~}`), "conditions[0].value", "missing"},
		"key that there is not":      {when(`{field: hour, operator: eq, value: 1, values: 2}`), "conditions[0].values", "unknown field"},
		"number for an amount":       {when(`{field: amount, operator: gt, value: 50}`), "conditions[0].value", `want the amount in quotes: "50", not 50`},
		"float for an amount":        {when(`{field: totalOut, operator: gt, value: 1.5}`), "conditions[0].value", `want the amount in TON in quotes: "1.5", not 1.5`},
		"amount above 2^120":         {when(`{field: amount, operator: gt, value: "1329227995784915872903807060.280344576"}`), "conditions[0].value", "exceeds 2^120"},
		"amount with a sign":         {when(`{field: amount, operator: gt, value: "-1"}`), "conditions[0].value", "decimal number"},
		"amount too fine":            {when(`{field: amount, operator: gt, value: "0.0000000001"}`), "conditions[0].value", "more than 9 decimals"},
		"fraction of a jetton":       {when(`{field: asset, operator: eq, value: "` + dollar + `"}, {field: amount, operator: gt, value: "1.5"}`), "conditions[1].value", "whole number of its smallest unit"},
		"amount of both":             {when(`{field: asset, operator: in, value: [TON, "` + dollar + `"]}, {field: amount, operator: gt, value: "1"}`), "conditions[1].value", "write one rule for each"},
		"text for a number":          {when(`{field: hour, operator: eq, value: "7"}`), "conditions[0].value", `want a number without quotes, such as 22, not "7"`},
		"text for a flag":            {when(`{field: isWalletAdmin, operator: eq, value: "true"}`), "conditions[0].value", "want true or false without quotes"},
		"another spelling of true":   {when(`{field: isWalletAdmin, operator: eq, value: TRUE}`), "conditions[0].value", "want true or false"},
		"a mapping":                  {when(`{field: hour, operator: eq, value: {a: 1}}`), "conditions[0].value", "want one value: 0 to 23"},
		"hour of another day":        {when(`{field: hour, operator: eq, value: 24}`), "conditions[0].value", `"24" is not a whole number from 0 to 23`},
		"hex for a number":           {when(`{field: hour, operator: eq, value: 0x7}`), "conditions[0].value", "not a whole number"},
		"leading zero":               {when(`{field: hour, operator: eq, value: 07}`), "conditions[0].value", "not a whole number"},
		"separators in a number":     {when(`{field: messageCount, operator: eq, value: 1_0}`), "conditions[0].value", "not a whole number"},
		"mode above a byte":          {when(`{field: sendMode, operator: eq, value: 256}`), "conditions[0].value", "from 0 to 255"},
		"weekday that is none":       {when(`{field: weekday, operator: eq, value: mon}`), "conditions[0].value", `"mon" is none of sunday, monday`},
		"level that is none":         {when(`{field: riskLevel, operator: gte, value: dire}`), "conditions[0].value", "none of low, medium, high, critical"},
		"pattern that is none":       {when(`{field: patterns, operator: eq, value: drain}`), "conditions[0].value", "none of rapid_drain"},
		"type that is none":          {when(`{field: type, operator: eq, value: mint}`), "conditions[0].value", `there is no type "mint"`},
		"ticker of a jetton":         {when(`{field: asset, operator: eq, value: USDT}`), "conditions[0].value", "jetton:"},
		"address that is none":       {when(`{field: destination, operator: eq, value: "EQ"}`), "conditions[0].value", "address"},
		"opcode that is short":       {when(`{field: opcode, operator: eq, value: "0f8a"}`), "conditions[0].value", "8 hex digits"},
		"opcode as a number":         {when(`{field: opcode, operator: eq, value: 12345678}`), "conditions[0].value", `in quotes: "12345678"`},
		"duration without a unit":    {when(`{field: validFor, operator: gt, value: "60"}`), "conditions[0].value", `not a duration such as "120s"`},
		"negative duration":          {when(`{field: validFor, operator: gt, value: "-1s"}`), "conditions[0].value", "not a duration"},
		"endless duration":           {when(`{field: validFor, operator: gt, value: "99999h"}`), "conditions[0].value", "at most 10 years"},
		"share above 1":              {when(`{field: balanceShare, operator: gt, value: 1.5}`), "conditions[0].value", "between 0 and 1"},
		"score above 100":            {when(`{field: riskScore, operator: gt, value: 101}`), "conditions[0].value", "from 0 to 100"},
		"agent that is no id":        {when(`{field: agentId, operator: eq, value: "Agent 1"}`), "conditions[0].value", "can't be an id"},
		"strategy that is no word":   {when(`{field: strategy, operator: eq, value: "a b"}`), "conditions[0].value", "can't be an id"},
		"prefix of no type":          {when(`{field: type, operator: prefix, value: mint_}`), "conditions[0].value", `begins with "mint_"`},
		"prefix that is empty":       {when(`{field: type, operator: prefix, value: ""}`), "conditions[0].value", "begins with"},
		"prefix of coins":            {when(`{field: asset, operator: prefix, value: nat}`), "conditions[0].value", "begins with"},
		"prefix of no agent":         {when(`{field: agentId, operator: prefix, value: "A"}`), "conditions[0].value", "begins with"},
		"list for one":               {when(`{field: hour, operator: eq, value: [1]}`), "conditions[0].value", "eq takes one value, no list"},
		"one for a list":             {when(`{field: hour, operator: in, value: 1}`), "conditions[0].value", "in takes a list of 1 to 1024"},
		"empty list":                 {when(`{field: hour, operator: not_in, value: []}`), "conditions[0].value", "not_in takes a list of 1 to 1024"},
		"endless list":               {when(`{field: hour, operator: in, value: [` + many(1025, "1") + `]}`), "conditions[0].value", "1 to 1024"},
		"between one":                {when(`{field: hour, operator: between, value: [1]}`), "conditions[0].value", "between takes a list of two"},
		"between three":              {when(`{field: hour, operator: between, value: [1, 2, 3]}`), "conditions[0].value", "between takes a list of two"},
		"between without a list":     {when(`{field: hour, operator: between, value: 1}`), "conditions[0].value", "between takes a list of two"},
		"between nothing":            {when(`{field: amount, operator: between, value: ["2", "1"]}`), "conditions[0].value", "nothing lies between"},
		"one bad of a list":          {when(`{field: hour, operator: in, value: [1, 99]}`), "conditions[0].value[1]", "from 0 to 23"},
		"exists of no flag":          {when(`{field: hour, operator: exists, value: 1}`), "conditions[0].value", "want true or false"},
		"exists that always holds":   {when(`{field: hour, operator: exists, value: true}`), "conditions[0].value", "exists can only ask for false"},
		"exists of an allow rule":    {rule(`id: r, action: allow, conditions: [{field: hour, operator: exists, value: false}]`), "conditions[0].value", "can only ask for true"},
		"exists in unless":           {rule(`id: r, action: deny, conditions: [` + good + `], unless: [[{field: hour, operator: exists, value: false}]]`), "unless[0][0].value", "can only ask for true"},
		"exists in unless of allow":  {rule(`id: r, action: allow, conditions: [` + good + `], unless: [[{field: hour, operator: exists, value: true}]]`), "unless[0][0].value", "can only ask for false"},
		"no conditions":              {rule(`id: r, action: deny`), "conditions", "want 1 to 16"},
		"empty conditions":           {rule(`id: r, action: deny, conditions: []`), "conditions", "want 1 to 16"},
		"endless conditions":         {when(many(17, good)), "conditions", "want 1 to 16"},
		"empty group":                {rule(`id: r, action: deny, conditions: [` + good + `], unless: [[]]`), "unless[0]", "want 1 to 16"},
		"endless group":              {rule(`id: r, action: deny, conditions: [` + good + `], unless: [[` + many(17, good) + `]]`), "unless[0]", "want 1 to 16"},
		"endless groups":             {rule(`id: r, action: deny, conditions: [` + good + `], unless: [` + many(9, "["+good+"]") + `]`), "unless", "at most 8"},
		"bad condition of a group":   {rule(`id: r, action: deny, conditions: [` + good + `], unless: [[` + good + `, {field: x, operator: eq, value: 1}]]`), "unless[0][1].field", `no field "x"`},
		"group that is no list":      {rule(`id: r, action: deny, conditions: [` + good + `], unless: [` + good + `]`), "unless[0]", "want a list"},
		"no id":                      {rule(`action: deny, conditions: [` + good + `]`), "id", "want an id"},
		"id that is none":            {rule(`id: "R 1", action: deny, conditions: [` + good + `]`), "id", "want an id"},
		"endless id":                 {rule(`id: ` + strings.Repeat("a", 65) + `, action: deny, conditions: [` + good + `]`), "id", "want an id"},
		"name with a control":        {rule(`id: r, name: "a\nb", action: deny, conditions: [` + good + `]`), "name", "printable"},
		"endless name":               {rule(`id: r, name: ` + strings.Repeat("a", 129) + `, action: deny, conditions: [` + good + `]`), "name", "at most 128"},
		"no action":                  {rule(`id: r, conditions: [` + good + `]`), "action", `"" is none of deny, escalate, allow`},
		"action that is none":        {rule(`id: r, action: block, conditions: [` + good + `]`), "action", `"block" is none of deny`},
		"negative priority":          {rule(`id: r, action: deny, priority: -1, conditions: [` + good + `]`), "priority", "not negative"},
		"scope of nobody":            {rule(`id: r, action: deny, scope: {agents: []}, conditions: [` + good + `]`), "scope.agents", "leave it out for all"},
		"scope of a stranger":        {rule(`id: r, action: deny, scope: {agents: [agent-9]}, conditions: [` + good + `]`), "scope.agents", "agent-9 is none of agents"},
		"scope of no wallet id":      {rule(`id: r, action: deny, scope: {wallets: ["W"]}, conditions: [` + good + `]`), "scope.wallets[0]", "want an id"},
		"scope of endless wallets":   {rule(`id: r, action: deny, scope: {wallets: [` + many(1025, "w") + `]}, conditions: [` + good + `]`), "scope.wallets", "1 to 1024"},
		"approval of a deny rule":    {rule(`id: r, action: deny, approval: {quorum: 2}, conditions: [` + good + `]`), "approval", "only an escalate rule"},
		"endless quorum":             {rule(`id: r, action: escalate, approval: {quorum: 17}, conditions: [` + good + `]`), "approval.quorum", "1 to 16"},
		"approval by no group":       {rule(`id: r, action: escalate, approval: {groups: ["A b"]}, conditions: [` + good + `]`), "approval.groups[0]", "want an id"},
		"endless approval groups":    {rule(`id: r, action: escalate, approval: {groups: [` + many(17, "a") + `]}, conditions: [` + good + `]`), "approval.groups", "at most 16"},
		"approval that waits a year": {rule(`id: r, action: escalate, approval: {ttl: 8760h}, conditions: [` + good + `]`), "approval.ttl", "1m to 24h"},
		"duplicate id":               {ruled(one("r", Deny, "hour", opEq, "1"), one("r", Allow, "hour", opEq, "2")), "rules[1].id", "r is already the id of rules[0]"},
		"empty rule":                 {ruled("  -\n"), "rules[0]", "empty"},
		"endless rules":              {ruled(manyRules(1025)...), "rules", "1025 rules, at most 1024"},
		"zone that is none":          {"timeZone: Europe/Atlantis\n" + ruled(one("r", Deny, "hour", opEq, "1")), "timeZone", "there is no time zone"},
		"zone of the machine":        {"timeZone: Local\n" + ruled(one("r", Deny, "hour", opEq, "1")), "timeZone", "want the name of a time zone"},
		"zone that is a path":        {"timeZone: ../../etc/passwd\n" + ruled(one("r", Deny, "hour", opEq, "1")), "timeZone", "want the name"},
		"zone that is empty":         {"timeZone: \"\"\n" + ruled(one("r", Deny, "hour", opEq, "1")), "timeZone", "want the name"},
		"zone that is a number":      {"timeZone: 1\n" + ruled(one("r", Deny, "hour", opEq, "1")), "timeZone", "want the name"},
		"number for rulesOnly":       {strings.Replace(ruled(one("r", Deny, "hour", opEq, "1")), "rulesOnly: true", "rulesOnly: 1", 1), "rulesOnly", "true or false"},
	} {
		_, err := Parse([]byte(bad.document))
		var m strictyaml.Mistakes
		if !errors.As(err, &m) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !slices.ContainsFunc(m, func(one strictyaml.Mistake) bool {
			return one.Line > 0 && one.Column > 0 && strings.HasSuffix(one.Path, bad.path) && strings.Contains(one.Problem, bad.says)
		}) {
			t.Errorf("%s: %v, want %q at %s", name, err, bad.says, bad.path)
		}
	}
}

func manyRules(n int) []string {
	rules := make([]string, n)
	for i := range rules {
		rules[i] = one(fmt.Sprintf("r%d", i), Deny, "hour", opEq, "1")
	}
	return rules
}

// The value, not the rule, is what an editor is sent to.
func TestMistakesOfOneRuleAreAllReported(t *testing.T) {
	_, err := Parse([]byte(ruled(`  - id: big
    action: denied
    conditions:
      - field: amount
        operator: gt
        value: 50
      - {field: hour, operator: in, value: [1, 30]}
    unless:
      - - {field: destination, operator: prefix, value: "EQ"}
`)))
	want := `5:13: rules[0].action: "denied" is none of deny, escalate, allow
9:16: rules[0].conditions[0].value: want the amount in quotes: "50", not 50
10:48: rules[0].conditions[1].value[1]: "30" is not a whole number from 0 to 23
12:42: rules[0].unless[0][0].operator: destination has no operator "prefix"; it has eq ne in not_in exists`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}
