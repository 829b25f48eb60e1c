package policy

import (
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/goccy/go-yaml"

	"github.com/tonaiagent/mpcnode/strictyaml"
)

// ErrLayout says that a document is written in a way that can't be edited here; a person can edit it.
var ErrLayout = errors.New("the document is written in a way in which it can't be edited for you")

// AddRule returns the document with one more rule, the last of its rules. With an agent the rule is for that one: its scope
// must name the agent, or no agent at all, and then the agent is added to it. Comments and layout stay as they are, here and
// in all that follow.
func AddRule(document, one []byte, agent string) ([]byte, error) {
	var r rule
	t, err := readPiece(one, &r)
	if err != nil {
		return nil, strictyaml.In("rule", err)
	}
	if agent != "" && len(r.agents) > 0 && !slices.Contains(r.agents, agent) {
		return nil, fmt.Errorf("the rule's scope names %q, not %s", r.agents, agent)
	}
	source := t.source
	if agent != "" && len(r.agents) == 0 {
		if source, err = t.scopedTo(agent); err != nil {
			return nil, err
		}
	}
	d, err := readDocument(document)
	if err != nil {
		return nil, err
	}
	if d.rule(r.id) >= 0 {
		return nil, fmt.Errorf("there is a rule %s already", r.id)
	}
	changed, err := d.put("rules", piece{source: source})
	return edited(document, changed, err, func(v map[string]any) {
		rules, _ := v["rules"].([]any)
		v["rules"] = append(rules, valuesOf(source))
	})
}

// RemoveRule returns the document without the rule of that id and the comment above it.
func RemoveRule(document []byte, id string) ([]byte, error) {
	d, err := readDocument(document)
	if err != nil {
		return nil, err
	}
	i, rules := d.rule(id), d.under("rules")
	if i < 0 {
		return nil, fmt.Errorf("the policy has no rule %.64q", id)
	}
	if len(rules) == 1 { // a field without a value says nothing
		top := d.top()
		_, at := find(top, "rules")
		return edited(document, d.cut(top, at), nil, func(v map[string]any) { delete(v, "rules") })
	}
	return edited(document, d.cut(rules, i), nil, func(v map[string]any) {
		rules, _ := v["rules"].([]any)
		v["rules"] = slices.Delete(rules, i, i+1)
	})
}

// SetAgent returns the document with these permissions of an agent, in place of those that it had. Its enrolment stays, unless the
// permissions come with another.
func SetAgent(document []byte, agent string, permissions []byte) ([]byte, error) {
	if !agentID.MatchString(agent) {
		return nil, fmt.Errorf("agent %.70q: want an id: a-z, 0-9 and -, at most 64", agent)
	}
	t, err := readPiece(permissions, new(permissionSet))
	if err != nil {
		return nil, strictyaml.In("permissions", err)
	}
	d, err := readDocument(document)
	if err != nil {
		return nil, err
	}
	source, err := t.enrolledAs(d, agent)
	if err != nil {
		return nil, err
	}
	changed, err := d.put("agents", piece{agent, source, true})
	return edited(document, changed, err, func(v map[string]any) {
		agents, set := agentsOf(v), valuesOf(t.source)
		if before, ok := agents[agent].(map[string]any); ok {
			if after, ok := set.(map[string]any); ok && before["enrolment"] != nil && after["enrolment"] == nil {
				after["enrolment"] = before["enrolment"]
			}
		}
		agents[agent] = set
	})
}

// enrolledAs returns the source of permissions with the enrolment that the agent has in a document, if they have none.
func (t *layout) enrolledAs(d *layout, agent string) (string, error) {
	if _, i := find(t.top(), "enrolment"); i >= 0 {
		return t.source, nil
	}
	of, i := find(d.under("agents"), agent)
	if i < 0 {
		return t.source, nil
	}
	kept, i := find(d.entries(of.value, of.to), "enrolment")
	if i < 0 {
		return t.source, nil
	}
	return t.putInto(t.root, entry{to: len(t.source), indent: -2}, d.pieceOf(kept))
}

// RemoveAgent returns the document without an agent, which may do nothing then. Rules and validators must not name it, and it
// must not be the last one.
func RemoveAgent(document []byte, agent string) ([]byte, error) {
	d, err := readDocument(document)
	if err != nil {
		return nil, err
	}
	agents := d.under("agents")
	_, i := find(agents, agent)
	if i < 0 {
		return nil, fmt.Errorf("the policy names no agent %.64q", agent)
	}
	if len(agents) == 1 {
		return nil, fmt.Errorf("%s is the only agent of the policy, which names at least one", agent)
	}
	return edited(document, d.cut(agents, i), nil, func(v map[string]any) { delete(agentsOf(v), agent) })
}

// Succeed returns the document as one of that version that follows the one of the hash parent.
func Succeed(document []byte, version uint64, parent [32]byte) ([]byte, error) {
	hash := hex.EncodeToString(parent[:])
	d, err := readDocument(document)
	if err != nil {
		return nil, err
	}
	changed, err := d.setScalar("version", strconv.FormatUint(version, 10))
	if err == nil {
		d, err = readText(changed)
	}
	if err == nil {
		changed, err = d.setScalar("parent", strconv.Quote(hash))
	}
	return edited(document, changed, err, func(v map[string]any) { v["version"], v["parent"] = version, hash })
}

// edited returns the changed text if it is the document but for that change, and means something: the change is made to the
// document's values too, and both must agree.
func edited(document []byte, changed string, err error, change func(map[string]any)) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	want, ok := valuesOf(string(document)).(map[string]any)
	if !ok {
		return nil, ErrLayout
	}
	change(want)
	if !reflect.DeepEqual(any(want), valuesOf(changed)) {
		return nil, ErrLayout
	}
	if _, err := Parse([]byte(changed)); err != nil {
		return nil, strictyaml.In("the policy would be wrong", err)
	}
	return []byte(changed), nil
}

// valuesOf are the plain values of a text that was read strictly; nil if it is no YAML.
func valuesOf(source string) (v any) {
	if yaml.Unmarshal([]byte(source), &v) != nil {
		return nil
	}
	return v
}

func agentsOf(v map[string]any) map[string]any {
	agents, _ := v["agents"].(map[string]any)
	return agents
}

// readDocument reads a document that means something.
func readDocument(document []byte) (*layout, error) {
	if _, err := Parse(document); err != nil {
		return nil, err
	}
	return readText(string(document))
}

// readPiece reads what is to be put into a document, and holds it against the type that it must be of.
func readPiece(source []byte, into any) (*layout, error) {
	t, err := readText(string(source))
	if err != nil {
		return nil, err
	}
	return t, strictyaml.Decode(t.root, into).Err()
}

// scopedTo returns the source of a rule with the agent added to its scope.
func (t *layout) scopedTo(agent string) (string, error) {
	if _, i := find(t.top(), "scope"); i >= 0 {
		return t.put("scope", piece{key: "agents", source: "[" + agent + "]"})
	}
	return t.putInto(t.root, entry{to: len(t.source), indent: -2}, piece{key: "scope", source: "{agents: [" + agent + "]}"})
}

// rule returns which of the rules has that id, -1 if none has.
func (t *layout) rule(id string) int {
	return slices.IndexFunc(t.under("rules"), func(e entry) bool {
		of, i := find(t.entries(e.value, e.to), "id")
		return i >= 0 && of.value.GetToken().Value == id
	})
}
