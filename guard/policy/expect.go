package policy

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"github.com/tonaiagent/mpcnode/strictyaml"
)

// Test is one case of a test file: what is given, and what a bundle must say of it.
type Test struct {
	Name   string
	Given  Given
	Expect Outcome // without a reason; Rule and Violates "" for any
}

// Result is how one test went.
type Result struct {
	Name   string
	Passed bool
	Want   Outcome
	Got    Outcome
}

// testDocument is the YAML of a test file.
type testDocument struct {
	// Tests are the cases, 1 to 1024.
	Tests []Test `yaml:"tests"`
}

type testFields struct {
	// Name is for people. No two tests have the same.
	Name string `yaml:"name"`
	// Given are values of fields of the registry, by name; agentId and type must be there.
	Given map[string]written `yaml:"given"`
	// Expect is what the policy must say.
	Expect expectFields `yaml:"expect"`
}

type expectFields struct {
	// Effect is allow, escalate or deny.
	Effect Effect `yaml:"effect"`
	// Rule is the id of the rule that must decide. Default: any, or none.
	Rule string `yaml:"rule"`
	// Violates is what of the permissions must be violated, such as limits.perTransaction. Default: anything, or nothing.
	Violates Rule `yaml:"violates"`
}

// ParseTests reads a test file as strictly as a policy. The error is of type strictyaml.Mistakes.
func ParseTests(b []byte) ([]Test, error) {
	if len(b) > maxDocument {
		return nil, strictyaml.Mistakes{{Problem: fmt.Sprintf("larger than %d bytes", maxDocument)}}
	}
	doc, err := strictyaml.Parse(b)
	if err != nil {
		return nil, err
	}
	var d testDocument
	unread := doc.Decode(&d)
	return d.Tests, meant(unread, d.problems(), doc.At)
}

func (d testDocument) problems() (all []problem) {
	if len(d.Tests) == 0 || len(d.Tests) > maxTests {
		return []problem{{"tests", fmt.Sprintf("%d tests, want 1 to %d", len(d.Tests), maxTests)}}
	}
	seen := map[string]bool{}
	for i, t := range d.Tests {
		if t.Name == "" || seen[t.Name] {
			all = append(all, problem{fmt.Sprintf("tests[%d].name", i), "want a name that no other test has"})
		}
		seen[t.Name] = true
	}
	return all
}

// UnmarshalYAML decodes and resolves one test, so that what is wrong with it is reported where it stands.
func (t *Test) UnmarshalYAML(n ast.Node) error {
	var f testFields
	unread := strictyaml.Decode(n, &f)
	g, problems := f.given()
	*t = Test{f.Name, g, Outcome{Effect: f.Expect.Effect, Rule: f.Expect.Rule, Violates: f.Expect.Violates}}
	if !isRuleName(f.Name) {
		problems = append(problems, problem{"name", "want at most 128 printable characters"})
	}
	if e := f.Expect.Effect; e != Deny && e != Escalate && e != Allow {
		problems = append(problems, problem{"expect.effect", fmt.Sprintf("%.20q is none of deny, escalate, allow", e)})
	}
	return meant(unread, problems, under(n))
}

// given reads the values, each of which must be written as a policy's are.
func (f testFields) given() (Given, []problem) {
	lists := make(map[string][]string, len(f.Given))
	var problems []problem
	for name, w := range f.Given {
		at, known := fieldNamed[name]
		if !known {
			lists[name] = nil
			continue
		}
		parts, isList := w.parts()
		if isList != (registry[at].of == typePatterns) || w.node == nil {
			problems = append(problems, problem{"given." + name, "want a list for patterns, one value for any other field"})
			continue
		}
		lists[name] = []string{}
		for _, n := range parts {
			text, err := registry[at].of.text(n)
			if err != nil {
				problems = append(problems, problem{"given." + name, err.Error()})
				continue
			}
			lists[name] = append(lists[name], text)
		}
	}
	for _, name := range []string{"agentId", "type"} {
		if _, there := f.Given[name]; !there {
			problems = append(problems, problem{"given." + name, "missing"})
		}
	}
	g, wrong := given(lists)
	for _, p := range wrong {
		if !slices.ContainsFunc(problems, func(q problem) bool { return q.path == "given."+p.path }) {
			problems = append(problems, problem{"given." + p.path, p.text})
		}
	}
	return g, problems
}

// Run judges each test's case by the bundle.
func (b *Bundle) Run(tests []Test) []Result {
	results := make([]Result, len(tests))
	for i, t := range tests {
		got, want := b.Judge(t.Given), t.Expect
		passed := got.Effect == want.Effect && (want.Rule == "" || want.Rule == got.Rule) && (want.Violates == "" || want.Violates == got.Violates)
		results[i] = Result{t.Name, passed, want, got}
	}
	return results
}
