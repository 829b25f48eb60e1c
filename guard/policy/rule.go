package policy

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"github.com/tonaiagent/mpcnode/strictyaml"
)

// Effect is what a rule does. The zero value is no effect: no rule matches, and the permissions alone decide.
type Effect string

const (
	Allow    Effect = "allow"
	Escalate Effect = "escalate"
	Deny     Effect = "deny"
)

// Approval is what an escalate rule asks of approvers. The zero value asks for no more than the defaults.
type Approval struct {
	Quorum uint8
	Groups []string
	TTL    time.Duration
}

// rule is one rule, prepared.
type rule struct {
	id, name   string
	action     Effect
	priority   uint32
	agents     []string      // of the scope
	conditions []condition   // those of the scope first
	unless     [][]condition // any of which switches the rule off
	approval   Approval
}

// ruleFields are the keys of a rule.
type ruleFields struct {
	// ID is a-z, 0-9 and -, at most 64; no two rules have the same.
	ID string `yaml:"id"`
	// Name is for people, at most 128 characters.
	Name string `yaml:"name"`
	// Conditions must all hold for the rule to match: 1 to 16.
	Conditions []conditionFields `yaml:"conditions"`
	// Unless are at most 8 lists of 1 to 16 conditions. One of which all conditions hold switches the rule off.
	Unless [][]conditionFields `yaml:"unless"`
	// Action is what a match does: deny, escalate or allow.
	Action Effect `yaml:"action"`
	// Priority says which of the rules that match is reported first: the highest, then the first by id. It changes no outcome.
	Priority uint32 `yaml:"priority"`
	// Scope is whom the rule is for. Default: every agent and wallet.
	Scope scopeFields `yaml:"scope"`
	// Approval is what an escalate rule asks of approvers. Default: what requireApprovalAbove asks.
	Approval *approvalFields `yaml:"approval"`
}

type scopeFields struct {
	// Agents are those that the rule is for, each one of agents above. Default: all.
	Agents []string `yaml:"agents"`
	// Wallets are those that the rule is for. Default: all.
	Wallets []string `yaml:"wallets"`
}

type approvalFields struct {
	// Quorum is how many people must approve, 1 to 16. Default: 1, or 2 of a large amount.
	Quorum uint8 `yaml:"quorum"`
	// Groups are those of approvers who may, at most 16. Default: all.
	Groups []string `yaml:"groups"`
	// TTL is how long an answer is waited for, such as "1h": 1m to 24h. Default: 1h.
	TTL string `yaml:"ttl"`
}

// UnmarshalYAML decodes and resolves one rule, so that what is wrong with it is reported where it stands.
func (r *rule) UnmarshalYAML(n ast.Node) error {
	var f ruleFields
	unread := strictyaml.Decode(n, &f)
	resolved, problems := f.resolve()
	*r = resolved
	return meant(unread, problems, under(n))
}

// meant adds problems of meaning to what could not be read, except where it hides them. Their places at finds.
func meant(unread strictyaml.Mistakes, problems []problem, at func(path, text string) strictyaml.Mistake) error {
	wrong := unread
	for _, p := range problems {
		if !unread.Hide(p.path) {
			wrong = append(wrong, at(p.path, p.text))
		}
	}
	return wrong.Err()
}

// under finds places in a part of a document.
func under(n ast.Node) func(path, text string) strictyaml.Mistake {
	return func(path, text string) strictyaml.Mistake { return strictyaml.At(n, path, text) }
}

func (f ruleFields) resolve() (r rule, problems []problem) {
	r = rule{id: f.ID, name: f.Name, action: f.Action, priority: f.Priority, agents: f.Scope.Agents}
	if !agentID.MatchString(f.ID) {
		problems = append(problems, problem{"id", "want an id: a-z, 0-9 and -, at most 64"})
	}
	if !isRuleName(f.Name) {
		problems = append(problems, problem{"name", "want at most 128 printable characters"})
	}
	if f.Action != Deny && f.Action != Escalate && f.Action != Allow {
		problems = append(problems, problem{"action", fmt.Sprintf("%.20q is none of deny, escalate, allow", f.Action)})
	}
	scope, wrong := f.Scope.resolve()
	problems = append(problems, wrong...)
	against := f.Action != Allow // a missing value never helps who asks
	own, wrong := resolveConditions(f.Conditions, side{missing: against, unit: inCoins}, "conditions")
	r.conditions, problems = append(scope, own...), append(problems, wrong...)
	if len(f.Unless) > maxUnless {
		return r, append(problems, problem{"unless", fmt.Sprintf("%d lists, at most %d may be", len(f.Unless), maxUnless)})
	}
	for i, list := range f.Unless {
		group, wrong := resolveConditions(list, side{missing: !against, unit: unitIn(f.Conditions, inCoins)}, fmt.Sprintf("unless[%d]", i))
		r.unless, problems = append(r.unless, group), append(problems, wrong...)
	}
	if f.Approval != nil {
		r.approval, wrong = f.Approval.resolve(f.Action)
		problems = append(problems, wrong...)
	}
	return r, problems
}

// isRuleName reports whether s has at most 128 characters, all printable. An expression for that takes 4 MB.
func isRuleName(s string) bool {
	return utf8.RuneCountInString(s) <= 128 && !strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.C, r) })
}

// resolve makes conditions of the scope: that the agent, and the wallet, is one of the list.
func (s scopeFields) resolve() (all []condition, problems []problem) {
	for _, list := range []struct {
		key, field string
		ids        []string
	}{{"agents", "agentId", s.Agents}, {"wallets", "walletId", s.Wallets}} {
		if list.ids == nil {
			continue
		}
		c := condition{text: fmt.Sprintf("scope.%s %q", list.key, list.ids), field: fieldNamed[list.field], op: opIn}
		if len(list.ids) == 0 || len(list.ids) > maxListed {
			problems = append(problems, problem{"scope." + list.key, fmt.Sprintf("want 1 to %d; leave it out for all", maxListed)})
		}
		for i, id := range list.ids {
			if !agentID.MatchString(id) {
				problems = append(problems, problem{fmt.Sprintf("scope.%s[%d]", list.key, i), "want an id: a-z, 0-9 and -, at most 64"})
			}
			c.values = append(c.values, value{text: id})
		}
		c.sort()
		all = append(all, c)
	}
	return all, problems
}

func (f approvalFields) resolve(action Effect) (a Approval, problems []problem) {
	if action != Escalate {
		return a, []problem{{"approval", "only an escalate rule asks for one"}}
	}
	a = Approval{Quorum: f.Quorum, Groups: f.Groups}
	if f.Quorum > maxApprovers {
		problems = append(problems, problem{"approval.quorum", fmt.Sprintf("want 1 to %d", maxApprovers)})
	}
	if len(f.Groups) > maxGroups {
		problems = append(problems, problem{"approval.groups", fmt.Sprintf("%d are listed, at most %d may be", len(f.Groups), maxGroups)})
	}
	for i, g := range f.Groups {
		if !agentID.MatchString(g) {
			problems = append(problems, problem{fmt.Sprintf("approval.groups[%d]", i), "want an id: a-z, 0-9 and -, at most 64"})
		}
	}
	if f.TTL != "" {
		var err error
		if a.TTL, err = time.ParseDuration(f.TTL); err != nil || a.TTL < time.Minute || a.TTL > maxApprovalTTL {
			problems = append(problems, problem{"approval.ttl", "want a duration from 1m to 24h, such as \"1h\""})
		}
	}
	return a, problems
}
