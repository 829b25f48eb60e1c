package policy

import (
	"slices"
	"strings"
)

// operator compares a field with the value of a condition.
type operator string

const (
	opEq      operator = "eq"
	opNe      operator = "ne"
	opGt      operator = "gt"
	opGte     operator = "gte"
	opLt      operator = "lt"
	opLte     operator = "lte"
	opIn      operator = "in"
	opNotIn   operator = "not_in"
	opBetween operator = "between"
	opExists  operator = "exists"
	opPrefix  operator = "prefix"
)

// operators is what documents may say of each.
var operators = []struct {
	name         operator
	takes, holds string
}{
	{opEq, "one", "is the value"},
	{opNe, "one", "is not the value"},
	{opGt, "one", "is above the value"},
	{opGte, "one", "is the value or above it"},
	{opLt, "one", "is below the value"},
	{opLte, "one", "is the value or below it"},
	{opIn, "list, at most 1024", "is one of the list"},
	{opNotIn, "list, at most 1024", "is none of the list"},
	{opBetween, "list of two", "lies between the two or is one of them; `hour` and `weekday` wrap: `[22, 6]` is the night"},
	{opExists, "true or false", "has a value, or has none"},
	{opPrefix, "one", "begins with the value"},
}

// condition is one comparison, prepared.
type condition struct {
	text   string // as the document writes it, for people and for telling rules apart
	field  int    // in registry
	op     operator
	unit   unit    // of an amount
	values []value // sorted for eq, ne, in and not_in
	exists bool    // what opExists asks for
}

// holds reports whether the condition holds, and what a field without a value counts as is missing.
func (c *condition) holds(f *facts, missing bool) bool {
	got := f.of[c.field]
	if got == nil || c.unit != noUnit && c.unit != f.unit {
		return missing
	}
	switch c.op {
	case opExists:
		return c.exists
	case opEq, opIn:
		return slices.ContainsFunc(got, c.lists)
	case opNe, opNotIn:
		return !slices.ContainsFunc(got, c.lists)
	case opPrefix:
		return strings.HasPrefix(got[0].text, c.values[0].text)
	case opBetween:
		return c.spans(got[0])
	}
	return c.op.orders(got[0].n.Cmp(c.values[0].n))
}

func (c *condition) lists(v value) bool {
	if len(c.values) == 1 {
		return c.values[0] == v // most are, and a thousand rules are many
	}
	_, found := slices.BinarySearchFunc(c.values, v, value.compare)
	return found
}

// spans reports whether v lies between the two values, around the end of the cycle if the first is the greater one.
func (c *condition) spans(v value) bool {
	first, last := c.values[0], c.values[1]
	from, to := v.compare(first) >= 0, v.compare(last) <= 0
	if first.compare(last) > 0 {
		return from || to
	}
	return from && to
}

// orders reports whether the operator holds when the field compares so with the value.
func (o operator) orders(is int) bool {
	switch o {
	case opGt:
		return is > 0
	case opGte:
		return is >= 0
	case opLt:
		return is < 0
	}
	return is <= 0
}

func (v value) compare(w value) int {
	if is := v.n.Cmp(w.n); is != 0 {
		return is
	}
	return strings.Compare(v.text, w.text)
}
