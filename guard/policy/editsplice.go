package policy

import (
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// piece is what is put into a document: a pair, or an item of a list.
type piece struct {
	key    string // "" for an item
	source string // of the value
	below  bool   // it begins on a line of its own, below the key
}

// pieceOf returns a pair, so that it can be put elsewhere.
func (t *layout) pieceOf(e entry) piece {
	_, value, _ := strings.Cut(t.source[e.from:e.to], ":")
	beside, below, _ := strings.Cut(value, "\n")
	if beside = strings.TrimSpace(beside); beside != "" && beside[0] != '#' {
		return piece{key: e.name, source: strings.TrimSpace(value)}
	}
	_, indent := t.line(t.index(e.from) + 1)
	var b strings.Builder
	for l := range strings.Lines(below) {
		b.WriteString(strings.TrimPrefix(l, strings.Repeat(" ", indent)))
	}
	return piece{key: e.name, source: b.String(), below: true}
}

func (t *layout) splice(from, to int, put string) string {
	return t.source[:from] + put + t.source[to:]
}

// put adds a piece to a field of the document, which is made if it isn't there, behind all others. It replaces a pair of its key.
func (t *layout) put(field string, p piece) (string, error) {
	e, i := find(t.top(), field)
	if i < 0 {
		return t.putInto(t.root, entry{to: len(t.source), indent: -2}, piece{field, p.block(0), true})
	}
	return t.putInto(e.value, e, p)
}

// putInto does so with the value of an entry.
func (t *layout) putInto(n ast.Node, of entry, p piece) (string, error) {
	all := t.entries(n, of.to)
	e, i := find(all, p.key)
	switch {
	case i >= 0 && p.key != "":
	case len(all) > 0:
		e, i = all[len(all)-1], -1
		e.from = e.to
	default:
		e, i = entry{from: of.to, to: of.to, indent: of.indent + 2}, -1
	}
	opens, _ := brackets(n)
	if opens == nil {
		return t.splice(e.from, e.to, p.block(e.indent)), nil
	}
	flow, err := p.flow()
	switch {
	case len(all) == 0:
		e.from = t.offset(opens) + 1
		e.to = e.from
	case i < 0:
		flow = ", " + flow
	}
	return t.splice(e.from, e.to, flow), err
}

// cut removes one of the entries of a node, in block style with the comment above it and not with blank lines on both sides.
func (t *layout) cut(all []entry, i int) string {
	e := all[i]
	if t.lines[t.index(e.from)] == e.from && t.lines[t.index(e.to)] == e.to {
		return t.cutLines(t.head(e), e.to)
	}
	switch {
	case i+1 < len(all):
		return t.splice(e.from, all[i+1].from, "")
	case i > 0:
		return t.splice(all[i-1].to, e.to, "")
	}
	return t.splice(e.from, e.to, "")
}

func (t *layout) cutLines(from, to int) string {
	i, j := t.index(from), t.index(to)
	if blank := func(i int) bool { bare, _ := t.line(i); return bare == "" }; i > 0 && blank(i-1) {
		for j+1 < len(t.lines) && blank(j) {
			j++
		}
	}
	return t.splice(from, t.lines[j], "")
}

// setScalar gives a field of the document another value and leaves the comment beside it. One that isn't there is put below the
// first field.
func (t *layout) setScalar(name, value string) (string, error) {
	e, i := find(t.top(), name)
	if opens, _ := brackets(t.root); i < 0 && opens == nil {
		first := t.top()[0]
		return t.splice(first.to, first.to, piece{key: name, source: value}.block(first.indent)), nil
	}
	if i < 0 {
		return t.putInto(t.root, entry{}, piece{key: name, source: value})
	}
	if e.value.Type() == ast.NullType { // nothing stands behind the colon
		at := e.from + strings.IndexByte(t.source[e.from:], ':') + 1
		return t.splice(at, at, " "+value), nil
	}
	k := e.value.GetToken()
	from := t.offset(k)
	size := len(k.Value)
	if k.Type == token.DoubleQuoteType || k.Type == token.SingleQuoteType {
		size += len(`""`)
	}
	return t.splice(from, min(from+size, len(t.source)), value), nil
}

// block writes the piece in lines.
func (p piece) block(indent int) string {
	space := strings.Repeat(" ", indent)
	if p.key != "" && !p.below {
		return space + p.key + ": " + p.source + "\n"
	}
	var b strings.Builder
	rest := space + "  "
	begins := rest // how the first line of the value does
	if p.below {
		b.WriteString(space + p.key + ":\n")
	} else {
		begins = space + "- "
	}
	for l := range strings.Lines(p.source) {
		bare := strings.TrimSpace(l)
		switch {
		case bare == "":
		case bare[0] == '#' && begins != rest: // above the item
			b.WriteString(space)
		default:
			b.WriteString(begins)
			begins = rest
		}
		b.WriteString(l)
	}
	return b.String()
}

// flow writes the piece between brackets.
func (p piece) flow() (string, error) {
	raw, err := yaml.YAMLToJSON([]byte(p.source))
	if err != nil {
		return "", err
	}
	value := strings.TrimSpace(string(raw))
	if p.key == "" {
		return value, nil
	}
	return p.key + ": " + value, nil
}
