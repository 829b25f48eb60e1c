package policy

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a node in a bare container knows the same time zones

	"github.com/goccy/go-yaml/ast"
)

// ruleBook are a bundle's rules in the order in which they are reported, and the time zone of their hours.
type ruleBook struct {
	rules []rule
	zone  *time.Location
}

// zone is a name of the IANA time zone database.
type zone struct{ *time.Location }

func (z *zone) UnmarshalYAML(n ast.Node) error {
	s, ok := n.(*ast.StringNode)
	if !ok || !zoneName.MatchString(s.Value) || s.Value == "Local" { // which differs from machine to machine
		return at(n, "want the name of a time zone, such as Europe/Berlin or UTC")
	}
	loaded, err := time.LoadLocation(s.Value)
	if err != nil {
		return at(n, fmt.Sprintf("there is no time zone %.64q; Europe/Berlin is one", s.Value))
	}
	z.Location = loaded
	return nil
}

var zoneName = regexp.MustCompile(`^[A-Za-z0-9_+/-]{1,64}$`)

// ruleBook returns the rules, and what is wrong with them together; what is wrong within one, it says itself.
func (d document) ruleBook() (b ruleBook, problems []problem) {
	b = ruleBook{slices.Clone(d.Rules), cmp.Or(d.TimeZone.Location, time.UTC)}
	if len(d.Rules) > maxRules {
		return b, []problem{{"rules", fmt.Sprintf("%d rules, at most %d may be", len(d.Rules), maxRules)}}
	}
	first := map[string]int{}
	for i, r := range d.Rules {
		path := fmt.Sprintf("rules[%d]", i)
		if r.id == "" {
			problems = append(problems, problem{path, "empty"})
			continue
		}
		if before, twice := first[r.id]; twice {
			problems = append(problems, problem{path + ".id", fmt.Sprintf("%s is already the id of rules[%d]", clip(r.id), before)})
		}
		first[r.id] = i
		for _, id := range r.agents {
			if _, named := d.Agents[id]; !named {
				problems = append(problems, problem{path + ".scope.agents", fmt.Sprintf("%s is none of agents", clip(id))})
			}
		}
	}
	slices.SortFunc(b.rules, func(x, y rule) int {
		return cmp.Or(cmp.Compare(y.priority, x.priority), strings.Compare(x.id, y.id))
	})
	return b, problems
}

// meanings are the rules by all that changes an outcome.
func (b ruleBook) meanings() map[string]bool {
	all := make(map[string]bool, len(b.rules))
	for _, r := range b.rules {
		all[r.meaning()] = true
	}
	return all
}

// meaning is all of a rule that changes an outcome.
func (r rule) meaning() string {
	lists := make([][]string, 0, 1+len(r.unless))
	for _, list := range append([][]condition{r.conditions}, r.unless...) {
		lists = append(lists, textsOf(list))
	}
	return fmt.Sprintf("%s %q %v", r.action, lists, r.approval)
}

func textsOf(list []condition) []string {
	all := make([]string, len(list))
	for i, c := range list {
		all[i] = c.text
	}
	return all
}
