// Package policy is what a party allows its agents: capabilities, limits, whitelists and rates, written as one YAML
// document that the party's policy admins sign. A document either means what it says in every line or is refused with
// the place of the first line that doesn't; there are no defaults for what would widen a permission.
//
//	version: 1
//	agents:
//	  agent-1:
//	    preset: balanced
//	    allowedDestinations: ["EQ…"]
//	    rate: {maxPerHour: 20, cooldownSeconds: 0}
//	rules:
//	  - {id: night, action: escalate, conditions: [{field: hour, operator: between, value: [22, 6]}]}
//
// [Permissions.CheckCapability] asks an agent's set, [Bundle.Evaluate] the rules, over [Values] each of which may be missing;
// a missing one never helps who asks. [Bundle.Judge] and [Bundle.Run] put both together for people who try a policy out.
//
// Amounts are quoted decimal strings in whole TON. The zero value of [Permissions] allows nothing.
package policy
