package strictyaml

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Mistake is one thing that is wrong with a document.
type Mistake struct {
	File         string // "" until In
	Line, Column int    // from 1; 0 when it has no place in the document
	Path         string // such as network.parties[0].name; "" for the document itself
	Problem      string
}

// Error returns file:line:column: path: problem, without what there isn't.
func (m Mistake) Error() string {
	place := m.File
	if m.Line > 0 {
		place = strings.TrimPrefix(fmt.Sprintf("%s:%d:%d", place, m.Line, m.Column), ":")
	}
	parts := slices.DeleteFunc([]string{place, m.Path, m.Problem}, func(s string) bool { return s == "" })
	return strings.Join(parts, ": ")
}

// Mistakes are all that is wrong with a document, as far as it could be read.
type Mistakes []Mistake

// Error has a line for each mistake.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, one := range m {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// maxMistakes is how many Err keeps: more than a person mends at once, and less than a hostile document can hold.
const maxMistakes = 50

// Err returns m in the order of the document, nil when there is none.
func (m Mistakes) Err() error {
	if len(m) == 0 {
		return nil
	}
	slices.SortStableFunc(m, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Path, b.Path))
	})
	if more := len(m) - maxMistakes; more > 0 {
		return append(slices.Clone(m[:maxMistakes]), Mistake{Problem: fmt.Sprintf("and %d more", more)})
	}
	return m
}

// Hide reports whether a mistake lies at a path, above it or below it. Then what the document means there was not read,
// and to check it says nothing.
func (m Mistakes) Hide(path string) bool {
	return slices.ContainsFunc(m, func(one Mistake) bool { return isPart(one.Path, path) || isPart(path, one.Path) })
}

// isPart reports whether a path is another one or leads below it.
func isPart(of, path string) bool {
	rest, ok := strings.CutPrefix(path, of)
	return ok && of != "" && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// In names the file in err's mistakes, if it has any.
func In(file string, err error) error {
	var m Mistakes
	if !errors.As(err, &m) {
		return fmt.Errorf("%s: %w", file, err)
	}
	named := slices.Clone(m)
	for i := range named {
		named[i].File = file
	}
	return named
}

// at returns a mistake at a node.
func at(n ast.Node, path, problem string) Mistake {
	m := Mistake{Path: path, Problem: problem}
	t := n.GetToken()
	if pairs, ok := n.(*ast.MappingNode); ok && len(pairs.Values) > 0 {
		t = pairs.Values[0].Key.GetToken() // its own is the first colon
	}
	if t != nil && t.Position != nil {
		m.Line, m.Column = t.Position.Line, t.Position.Column
	}
	return m
}

// wrongAt is at for an error that a node's value met with; the YAML library's own text spans lines and quotes the source.
func wrongAt(n ast.Node, path string, err error) Mistakes {
	var inner Mistakes
	if errors.As(err, &inner) {
		return inner.under(path)
	}
	m := at(n, path, err.Error())
	var y yaml.Error
	if errors.As(err, &y) {
		m.Problem = y.GetMessage()
		if t := y.GetToken(); t != nil && t.Position != nil {
			m.Line, m.Column = t.Position.Line, t.Position.Column
		}
	}
	return Mistakes{m}
}

// under puts mistakes of a part below the path of the part.
func (m Mistakes) under(path string) Mistakes {
	all := slices.Clone(m)
	for i := range all {
		all[i].Path = join(path, all[i].Path)
	}
	return all
}

func join(path, rest string) string {
	if path == "" || rest == "" || rest[0] == '[' {
		return path + rest
	}
	return path + "." + rest
}
