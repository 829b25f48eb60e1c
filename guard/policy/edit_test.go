package policy_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/guard/policy"
)

const editable = `# Ours.
version: 3   # rises
agents:
  # The one that pays.
  payments: {preset: balanced}   # é

  trader:
    preset: aggressive

# What binds all.
rules:
  - id: first
    action: deny
    conditions: [{field: hour, operator: gte, value: 22}]

  # The second.
  - id: second
    action: escalate
    conditions:
      - {field: amount, operator: gt, value: "50"}

# The end.
`

const nightRule = "# At night.\nid: night\nconditions:\n  - {field: hour, operator: lt, value: 6}\naction: deny\n"

func TestEditsKeepWhatTheyDoNotTouch(t *testing.T) {
	for name, c := range map[string]struct {
		edit     func([]byte) ([]byte, error)
		from, to string // what differs
	}{
		"rule added": {func(d []byte) ([]byte, error) { return policy.AddRule(d, []byte(nightRule), "") },
			"value: \"50\"}\n",
			"value: \"50\"}\n  # At night.\n  - id: night\n    conditions:\n      - {field: hour, operator: lt, value: 6}\n    action: deny\n"},
		"rule added for an agent": {func(d []byte) ([]byte, error) {
			return policy.AddRule(d, []byte(`{id: x, action: deny, scope: {wallets: [w]}, conditions: [{field: hour, operator: lt, value: 6}]}`), "trader")
		},
			"value: \"50\"}\n",
			"value: \"50\"}\n  - {id: x, action: deny, scope: {wallets: [w], agents: [\"trader\"]}, conditions: [{field: hour, operator: lt, value: 6}]}\n"},
		"rule removed": {func(d []byte) ([]byte, error) { return policy.RemoveRule(d, "second") },
			"\n  # The second.\n  - id: second\n    action: escalate\n    conditions:\n      - {field: amount, operator: gt, value: \"50\"}\n", ""},
		"first rule removed": {func(d []byte) ([]byte, error) { return policy.RemoveRule(d, "first") },
			"  - id: first\n    action: deny\n    conditions: [{field: hour, operator: gte, value: 22}]\n", ""},
		"agent set": {func(d []byte) ([]byte, error) {
			return policy.SetAgent(d, "payments", []byte("preset: conservative\nrate: {maxPerHour: 1}\n"))
		},
			"  payments: {preset: balanced}   # é\n", "  payments:\n    preset: conservative\n    rate: {maxPerHour: 1}\n"},
		"agent added": {func(d []byte) ([]byte, error) { return policy.SetAgent(d, "new", []byte("preset: balanced")) },
			"    preset: aggressive\n", "    preset: aggressive\n  new:\n    preset: balanced\n"},
		"agent removed": {func(d []byte) ([]byte, error) { return policy.RemoveAgent(d, "payments") },
			"  # The one that pays.\n  payments: {preset: balanced}   # é\n", ""},
		"succession": {func(d []byte) ([]byte, error) { return policy.Succeed(d, 12, [32]byte{31: 0xab}) },
			"version: 3   # rises\n", "version: 12   # rises\nparent: \"" + strings.Repeat("0", 62) + "ab\"\n"},
	} {
		got, err := c.edit([]byte(editable))
		if want := strings.Replace(editable, c.from, c.to, 1); err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, want)
		}
	}
}

func TestEditsOfAnyLayout(t *testing.T) {
	for name, document := range map[string]string{
		"flow":            `{version: 1, agents: {a: {preset: balanced}, b: {preset: balanced}}, rules: [{id: old, action: deny, conditions: [{field: hour, operator: lt, value: 6}]}]}`,
		"flow fields":     "version: 1\nagents: {a: {preset: balanced}, b: {preset: balanced,},}\nrules: [{id: old, action: deny, conditions: [{field: hour, operator: lt, value: 6}]},]",
		"no line's end":   "version: 1\nparent: \"\"\nrules:\n- id: old\n  action: deny\n  conditions:\n  - {field: hour, operator: lt, value: 6}\nagents:\n  a:\n    preset: balanced\n  b: {preset: balanced}",
		"dash of its own": "version: 1\nparent: # none\nrules:\n  -\n    id: old\n    action: deny\n    conditions: [{field: hour, operator: lt, value: 6}]\nagents: {\n  a: {preset: balanced},\n  b: {preset: balanced}\n}\n",
		"Windows":         "version: 1\r\nagents:\r\n  a: {preset: balanced}\r\n  b: {preset: balanced}\r\nrules:\r\n  - id: old\r\n    action: deny\r\n    conditions: [{field: hour, operator: lt, value: 6}]\r\n",
	} {
		d := []byte(document)
		for step, edit := range []func() ([]byte, error){
			func() ([]byte, error) { return policy.AddRule(d, []byte(nightRule), "b") },
			func() ([]byte, error) { return policy.RemoveRule(d, "old") },
			func() ([]byte, error) { return policy.RemoveRule(d, "night") },
			func() ([]byte, error) { return policy.AddRule(d, []byte(nightRule), "") },
			func() ([]byte, error) { return policy.SetAgent(d, "a", []byte("preset: conservative")) },
			func() ([]byte, error) { return policy.SetAgent(d, "c", []byte("preset: aggressive\n")) },
			func() ([]byte, error) { return policy.RemoveAgent(d, "b") },
			func() ([]byte, error) { return policy.Succeed(d, 2, [32]byte{1}) },
			func() ([]byte, error) { return policy.Succeed(d, 3, [32]byte{2}) },
		} {
			next, err := edit()
			if err != nil {
				t.Fatalf("%s: step %d: %v\n%s", name, step, err, d)
			}
			d = next
		}
		b, err := policy.Parse(d)
		if err != nil || b.Version != 3 || b.Parent != [32]byte{2} || strings.Join(b.Agents(), " ") != "a c" {
			t.Errorf("%s: %+v, %v\n%s", name, b, err, d)
		}
		if a, _ := b.Permissions("a"); a.Preset != "conservative" {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func TestAgentSetAnewStaysEnrolled(t *testing.T) {
	key := strings.Repeat("ab", 32)
	for name, enrolment := range map[string]string{
		"in lines":         "enrolment: # here\n      publicKey: " + key + "\n      wallets:\n        - w\n      notAfter: 2030-01-01T00:00:00Z\n    preset: balanced",
		"in lines, last":   "preset: balanced\n    enrolment:\n      publicKey: " + key + "\n      wallets: [w] # one\n      notAfter: 2030-01-01T00:00:00Z",
		"between brackets": "enrolment: {publicKey: " + key + ", wallets: [w], notAfter: 2030-01-01T00:00:00Z}\n    preset: balanced",
	} {
		document := "version: 1\nagents:\n  other: {preset: balanced}\n  a:\n    " + enrolment + "\n"
		for _, set := range []string{"preset: conservative\n", "{preset: conservative}", "preset: conservative\nrate:\n  maxPerHour: 1\n"} {
			d, err := policy.SetAgent([]byte(document), "a", []byte(set))
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, document)
			}
			b, err := policy.Parse(d)
			if err != nil {
				t.Fatal(err)
			}
			a, _ := b.Permissions("a")
			if e := a.Enrolment; a.Preset != "conservative" || e == nil || len(e.Wallets) != 1 || e.NotAfter.Year() != 2030 {
				t.Errorf("%s, set to %q:\n%s", name, set, d)
			}
		}
		d, err := policy.SetAgent([]byte(document), "a", []byte("preset: conservative\nenrolment: {publicKey: "+key+", wallets: [v]}"))
		if err != nil {
			t.Fatal(err)
		}
		b, _ := policy.Parse(d)
		if a, _ := b.Permissions("a"); a.Enrolment.Wallets[0] != "v" || !a.Enrolment.NotAfter.IsZero() {
			t.Errorf("%s: the enrolment that came with the permissions isn't there:\n%s", name, d)
		}
	}
	flow := `{version: 1, agents: {a: {enrolment: {publicKey: ` + key + `, wallets: [w]}, preset: balanced}}}`
	d, err := policy.SetAgent([]byte(flow), "a", []byte("preset: conservative"))
	if b, _ := policy.Parse(d); err != nil || b == nil {
		t.Errorf("%v\n%s", err, d)
	} else if a, _ := b.Permissions("a"); a.Enrolment == nil {
		t.Errorf("in one line:\n%s", d)
	}
}

func TestEditsAreRefused(t *testing.T) {
	alone := "version: 1\nagents: {a: {preset: balanced}}\n"
	bound := "version: 1\nagents: {a: {preset: balanced}, b: {preset: balanced}}\nrules: [{id: r, action: deny, scope: {agents: [a]}, conditions: [{field: hour, operator: lt, value: 6}]}]\n"
	for want, edit := range map[string]func() ([]byte, error){
		"there is a rule second already": func() ([]byte, error) {
			return policy.AddRule([]byte(editable), []byte(strings.Replace(nightRule, "id: night", "id: second", 1)), "")
		},
		`rule:5:9: action: "perhaps" is none of deny`: func() ([]byte, error) {
			return policy.AddRule([]byte(editable), []byte(strings.Replace(nightRule, "deny", "perhaps", 1)), "")
		},
		"rule:1:1: want fields":                    func() ([]byte, error) { return policy.AddRule([]byte(editable), []byte("- id: x\n"), "") },
		"scope.agents: stranger is none of agents": func() ([]byte, error) { return policy.AddRule([]byte(editable), []byte(nightRule), "stranger") },
		`the rule's scope names ["payments"], not trader`: func() ([]byte, error) {
			return policy.AddRule([]byte(editable), []byte(nightRule+"scope: {agents: [payments]}\n"), "trader")
		},
		`the policy has no rule "third"`:                 func() ([]byte, error) { return policy.RemoveRule([]byte(editable), "third") },
		`permissions:1:9: preset: "reckless" is none of`: func() ([]byte, error) { return policy.SetAgent([]byte(editable), "a", []byte("preset: reckless")) },
		`agent "A": want an id`:                          func() ([]byte, error) { return policy.SetAgent([]byte(editable), "A", []byte("preset: balanced")) },
		`the policy names no agent "x"`:                  func() ([]byte, error) { return policy.RemoveAgent([]byte(editable), "x") },
		"a is the only agent of the policy":              func() ([]byte, error) { return policy.RemoveAgent([]byte(alone), "a") },
		"rules[0].scope.agents: a is none of agents":     func() ([]byte, error) { return policy.RemoveAgent([]byte(bound), "a") },
		"larger than a policy may be": func() ([]byte, error) {
			return policy.AddRule([]byte(editable), []byte(strings.Repeat("#", 300<<10)), "")
		},
	} {
		if got, err := edit(); err == nil || !strings.Contains(err.Error(), want) || got != nil {
			t.Errorf("%s: %v\n%s", want, err, got)
		}
	}
}

// What can't be edited with certainty is left to people.
func TestEditThatWouldSayMoreIsRefused(t *testing.T) {
	document := "version: 1\nagents:\n  a: {preset: balanced}\nrules: null\n"
	if _, err := policy.Parse([]byte(document)); err != nil {
		t.Fatal(err)
	}
	if got, err := policy.AddRule([]byte(document), []byte(nightRule), ""); !errors.Is(err, policy.ErrLayout) {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestExamplesCanBeEdited(t *testing.T) {
	examples, err := filepath.Glob("../../configs/policy*example.yaml")
	if err != nil || len(examples) < 2 {
		t.Fatal(examples, err)
	}
	for _, path := range examples {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		added, err := policy.AddRule(raw, []byte(nightRule), "")
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		back, err := policy.RemoveRule(added, "night")
		if err != nil || strings.TrimRight(string(back), "\n") != strings.TrimRight(string(raw), "\n") {
			t.Errorf("%s: %v\n%s", path, err, back)
		}
		if _, err := policy.Succeed(raw, 2, [32]byte{1}); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func FuzzEdit(f *testing.F) {
	f.Add(editable, nightRule, "trader")
	f.Add("{version: 1, agents: {a: {preset: balanced}}}", "{id: x}", "a")
	f.Fuzz(func(t *testing.T, document, one, agent string) {
		for _, edit := range []func() ([]byte, error){
			func() ([]byte, error) { return policy.AddRule([]byte(document), []byte(one), agent) },
			func() ([]byte, error) { return policy.RemoveRule([]byte(document), "first") },
			func() ([]byte, error) { return policy.SetAgent([]byte(document), agent, []byte(one)) },
			func() ([]byte, error) { return policy.RemoveAgent([]byte(document), agent) },
			func() ([]byte, error) { return policy.Succeed([]byte(document), 9, [32]byte{1}) },
		} {
			got, err := edit()
			if err != nil {
				continue
			}
			if _, err := policy.Parse(got); err != nil {
				t.Errorf("%v\n%s", err, got)
			}
		}
	})
}
