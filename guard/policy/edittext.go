package policy

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/tonaiagent/mpcnode/strictyaml"
)

// layout is a document whose entries are put in, replaced and cut where they stand: between lines in block style, between
// brackets in flow style. Who edits reads the outcome again, so that a text in a stranger style is refused and not garbled.
type layout struct {
	source string // ends a line
	lines  []int  // offsets at which they begin, and that of the end
	root   ast.Node
}

// entry is a pair of a mapping, or an item of a list.
type entry struct {
	name     string // of a pair
	value    ast.Node
	from, to int // offsets: of whole lines in block style; of key or item, and behind it, in flow style
	indent   int // of key or dash
}

// readText reads a text strictly, and none that is larger than a document.
func readText(source string) (*layout, error) {
	if len(source) > maxDocument {
		return nil, strictyaml.Mistakes{{Problem: "larger than a policy may be"}}
	}
	doc, err := strictyaml.Parse([]byte(source))
	if err != nil {
		return nil, err
	}
	var root node
	if err := doc.Decode(&root).Err(); err != nil {
		return nil, err
	}
	t := &layout{source: strings.TrimRight(source, "\n") + "\n", lines: []int{0}, root: root.Node}
	for l := range strings.Lines(t.source) {
		t.lines = append(t.lines, t.lines[len(t.lines)-1]+len(l))
	}
	return t, nil
}

// node is that of a document.
type node struct{ ast.Node }

func (n *node) UnmarshalYAML(root ast.Node) error {
	n.Node = root
	return nil
}

func (t *layout) lineOf(k *token.Token) int { return t.lines[min(k.Position.Line, len(t.lines))-1] }

// offset returns where a token begins; its column counts runes.
func (t *layout) offset(k *token.Token) int {
	at := t.lineOf(k)
	for range k.Position.Column - 1 {
		_, size := utf8.DecodeRuneInString(t.source[at:])
		at += size
	}
	return at
}

// line returns the line that begins at the offset of that index, and how far it is indented.
func (t *layout) line(i int) (bare string, indent int) {
	l := t.source[t.lines[i]:t.lines[i+1]]
	bare = strings.TrimLeft(l, " ")
	return strings.TrimSpace(bare), len(l) - len(bare)
}

func (t *layout) index(offset int) int {
	i, _ := slices.BinarySearch(t.lines, offset)
	return i
}

// top returns the fields of the document.
func (t *layout) top() []entry { return t.entries(t.root, len(t.source)) }

// find returns the field of that name, and which it is; -1 if there is none.
func find(all []entry, name string) (e entry, i int) {
	if i = slices.IndexFunc(all, func(e entry) bool { return e.name == name }); i >= 0 {
		e = all[i]
	}
	return e, i
}

// under returns the entries of a field of the document.
func (t *layout) under(name string) []entry {
	e, i := find(t.top(), name)
	if i < 0 {
		return nil
	}
	return t.entries(e.value, e.to)
}

// entries returns those of a node that ends before an offset.
func (t *layout) entries(n ast.Node, end int) (all []entry) {
	starts, values := startsOf(n)
	_, closes := brackets(n)
	if closes != nil {
		end = t.offset(closes)
	}
	for i, k := range starts {
		e := entry{name: k.Value, value: values[i], from: t.offset(k), to: end, indent: k.Position.Column - 1}
		if i+1 < len(starts) {
			e.to = t.offset(starts[i+1])
		}
		if closes != nil {
			e.to = e.from + len(strings.TrimRight(t.source[e.from:e.to], " \t\r\n,"))
		} else {
			e.from = t.lineOf(k)
			e.to = t.endOfBlock(e)
		}
		all = append(all, e)
	}
	return all
}

// startsOf returns the first token of each entry, and its value.
func startsOf(n ast.Node) (starts []*token.Token, values []ast.Node) {
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			starts, values = append(starts, v.Key.GetToken()), append(values, v.Value)
		}
	case *ast.MappingValueNode:
		return []*token.Token{n.Key.GetToken()}, []ast.Node{n.Value}
	case *ast.SequenceNode:
		for i, v := range n.Values {
			k := v.GetToken()
			if !n.IsFlowStyle {
				k = n.Entries[i].Start
			}
			starts, values = append(starts, k), append(values, v)
		}
	}
	return starts, values
}

// brackets returns those of a node in flow style, nil of another.
func brackets(n ast.Node) (opens, closes *token.Token) {
	switch n := n.(type) {
	case *ast.MappingNode:
		if n.IsFlowStyle {
			return n.Start, n.End
		}
	case *ast.SequenceNode:
		if n.IsFlowStyle {
			return n.Start, n.End
		}
	}
	return nil, nil
}

// endOfBlock returns where an entry ends that something else follows: the blank lines before that, and comments that are
// not indented below the entry, belong to what follows.
func (t *layout) endOfBlock(e entry) int {
	i, first := t.index(e.to), t.index(e.from)
	if t.lines[i] > e.to { // the next one's key does not begin its line
		i--
	}
	for ; i > first+1; i-- {
		bare, indent := t.line(i - 1)
		if bare != "" && (bare[0] != '#' || indent > e.indent) {
			break
		}
	}
	return t.lines[i]
}

// head returns where an entry in block style begins with the comment above it.
func (t *layout) head(e entry) int {
	i := t.index(e.from)
	for ; i > 0; i-- {
		if bare, indent := t.line(i - 1); bare == "" || bare[0] != '#' || indent != e.indent {
			break
		}
	}
	return t.lines[i]
}
