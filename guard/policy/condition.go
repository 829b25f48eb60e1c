package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// conditionFields are one condition as it is written.
type conditionFields struct {
	// Field is one of the table below.
	Field string `yaml:"field"`
	// Operator is one that the field has.
	Operator operator `yaml:"operator"`
	// Value is what the field is compared with, of the field's type; for in and not_in a list, for between a list of two.
	Value written `yaml:"value"`
}

// written is a value whose type another key says.
type written struct{ node ast.Node }

func (w *written) UnmarshalYAML(n ast.Node) error {
	w.node = n
	return nil
}

// parts returns the values of a list, or the one value.
func (w written) parts() (parts []ast.Node, isList bool) {
	if list, ok := w.node.(*ast.SequenceNode); ok {
		return list.Values, true
	}
	return []ast.Node{w.node}, false
}

// side says what a field without a value counts as, and what amounts count, in one list of conditions.
type side struct {
	missing bool // whether the condition then holds
	unit    unit
}

// resolveConditions prepares a list in which all must hold. Mistakes have their place below path.
func resolveConditions(list []conditionFields, s side, path string) (all []condition, problems []problem) {
	if len(list) == 0 || len(list) > maxConditions {
		return nil, []problem{{path, fmt.Sprintf("%d conditions, want 1 to %d: a rule for everything says so by one that always holds", len(list), maxConditions)}}
	}
	s.unit = unitIn(list, s.unit)
	for i, one := range list {
		c, wrong := one.resolve(s)
		if wrong.text != "" {
			problems = append(problems, problem{strings.TrimSuffix(fmt.Sprintf("%s[%d].%s", path, i, wrong.path), "."), wrong.text})
		}
		all = append(all, c)
	}
	return all, problems
}

// unitIn returns what amounts in a list count: the unit of the assets that it asks for, else otherwise; noUnit for assets of
// both kinds.
func unitIn(list []conditionFields, otherwise unit) unit {
	found := map[unit]bool{}
	for _, c := range list {
		if c.Field != registry[fieldAsset].name || c.Value.node == nil || !slices.Contains([]operator{opEq, opIn, opPrefix}, c.Operator) {
			continue
		}
		parts, _ := c.Value.parts()
		for _, n := range parts {
			found[unitOf(n.GetToken().Value)] = true
		}
	}
	switch {
	case len(found) == 0:
		return otherwise
	case found[inCoins] && found[inUnits]:
		return noUnit
	case found[inUnits]:
		return inUnits
	}
	return inCoins
}

// resolve prepares one condition. A problem without a text is none.
func (f conditionFields) resolve(s side) (c condition, wrong problem) {
	at, known := fieldNamed[f.Field]
	if !known {
		return c, problem{"field", fmt.Sprintf("there is no field %.40q; docs/policy.md lists them", f.Field)}
	}
	of := registry[at].of
	if !slices.Contains(of.operators, f.Operator) {
		return c, problem{"operator", fmt.Sprintf("%s has no operator %.20q; it has %s", f.Field, f.Operator, operatorNames(of.operators))}
	}
	if f.Value.node == nil {
		return c, problem{"value", fmt.Sprintf("missing: want %s, such as %s", of.name, of.written())}
	}
	c = condition{field: at, op: f.Operator}
	if registry[at].isAmount() && c.op != opExists {
		if c.unit = s.unit; c.unit == inUnits {
			of = typeUnits
		}
		if c.unit == noUnit {
			return c, problem{"value", "the conditions beside this one name coins and jettons, whose amounts have different units: write one rule for each"}
		}
	}
	if c.op == opExists {
		return c, c.resolveExists(f.Value, s)
	}
	texts, wrong := c.read(of, f.Value)
	c.text = fmt.Sprintf("%s %s %s", f.Field, f.Operator, texts)
	return c, wrong
}

// resolveExists reads what exists asks for. What a missing value can't change would be true of every request, or of none.
func (c *condition) resolveExists(w written, s side) problem {
	text, err := typeFlag.text(w.node)
	var v value
	if err == nil {
		v, err = readFlag(text)
	}
	c.exists = !v.n.IsZero()
	if err == nil && c.exists == s.missing {
		err = fmt.Errorf("a missing value counts against the request, so here exists can only ask for %t", !c.exists)
	}
	c.text = fmt.Sprintf("%s exists %s", registry[c.field].name, text)
	if err != nil {
		return problem{"value", err.Error()}
	}
	return problem{}
}

// read reads the values and returns them as they are written.
func (c *condition) read(of *fieldType, w written) (texts string, wrong problem) {
	parts, isList := w.parts()
	if err := c.op.takes(len(parts), isList); err != nil {
		return "", problem{"value", err.Error()}
	}
	all := make([]string, len(parts))
	for i, n := range parts {
		v, text, err := c.op.readOne(of, n)
		if err != nil {
			path := "value"
			if isList {
				path = fmt.Sprintf("value[%d]", i)
			}
			return "", problem{path, err.Error()}
		}
		all[i] = text
		c.values = append(c.values, v)
	}
	switch first := c.values[0]; {
	case c.op == opBetween && !of.cyclic && first.compare(c.values[1]) > 0:
		return "", problem{"value", "the first of the two is above the second: nothing lies between them"}
	case c.op != opBetween:
		c.sort()
	}
	if isList {
		return "[" + strings.Join(all, ", ") + "]", problem{}
	}
	return all[0], problem{}
}

// sort orders the values of which a field may be any.
func (c *condition) sort() { slices.SortFunc(c.values, value.compare) }

func (o operator) readOne(of *fieldType, n ast.Node) (v value, text string, err error) {
	if text, err = of.text(n); err != nil {
		return v, text, err
	}
	if o != opPrefix {
		v, err = of.read(text)
	} else if v.text = text; !of.begins(text) {
		err = fmt.Errorf("no %s begins with %.40q", of.name, text)
	}
	if of.shape == inQuotes {
		text = fmt.Sprintf("%q", text)
	}
	return v, text, err
}

// takes checks how many values there are.
func (o operator) takes(n int, isList bool) error {
	switch {
	case (o == opIn || o == opNotIn) && (!isList || n == 0 || n > maxListed):
		return fmt.Errorf("%s takes a list of 1 to %d values", o, maxListed)
	case o == opBetween && (!isList || n != 2):
		return errors.New("between takes a list of two values")
	case o != opIn && o != opNotIn && o != opBetween && isList:
		return fmt.Errorf("%s takes one value, no list", o)
	}
	return nil
}
