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
//
// Amounts are quoted decimal strings in whole TON. The zero value of [Permissions] allows nothing.
package policy
