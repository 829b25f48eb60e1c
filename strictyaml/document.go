package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Document is a parsed document.
type Document struct{ root ast.Node }

// Parse reads the one document of b. The caller bounds b. References are refused: a reader must see what applies where it
// stands, and a few lines of them can unfold into gigabytes.
func Parse(b []byte) (*Document, error) {
	if deep(b) {
		return nil, Mistakes{{Problem: fmt.Sprintf("nested deeper than %d levels", maxDepth)}}
	}
	f, err := parser.ParseBytes(b, 0)
	if err != nil {
		return nil, wrongAt(&ast.NullNode{}, "", err)
	}
	if len(f.Docs) != 1 || f.Docs[0].Body == nil {
		return nil, Mistakes{{Problem: "want exactly one YAML document"}}
	}
	d := &Document{f.Docs[0].Body}
	if _, wrong := pairsOf(d.root, ""); wrong != nil {
		return nil, wrong
	}
	var refs references
	ast.Walk(&refs, d.root)
	return d, refs.found.Err()
}

// maxDepth is far more than anybody writes. The parser's time rises with the square of the depth, and worse.
const maxDepth = 64

// deep reports whether a text could be nested too deeply, without parsing it: by its brackets, by dashes, marks of keys and
// colons in one line, or by how far a line is indented. What stands in quotes counts too: nobody writes so much there either.
func deep(b []byte) bool {
	depth := 0
	for line := range bytes.Lines(b) {
		marks, indent := 0, len(line)-len(bytes.TrimLeft(line, " "))
		for i, c := range line {
			switch c {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(0, depth-1)
			case '-', '?', ':':
				if depth == 0 && (i+1 == len(line) || line[i+1] == ' ' || line[i+1] == '\n') {
					marks++
				}
			}
			if depth > maxDepth {
				return true
			}
		}
		if indent > 4*maxDepth || marks > maxDepth {
			return true
		}
	}
	return false
}

// references collects what stands for something written elsewhere.
type references struct{ found Mistakes }

// Visit implements ast.Visitor.
func (r *references) Visit(n ast.Node) ast.Visitor {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode, *ast.TagNode:
		r.found = append(r.found, at(n, "", "anchors, aliases, tags and merge keys are not allowed"))
		return nil
	}
	return r
}

// Decode fills into, a pointer to a struct, and returns what doesn't fit. What fits is filled in all the same, so that it
// can be looked at for other mistakes.
func (d *Document) Decode(into any) Mistakes { return Decode(d.root, into) }

// At returns a mistake at a path, or at the nearest part of it that is there.
func (d *Document) At(path, problem string) Mistake { return At(d.root, path, problem) }

// At is Document.At for a part of a document; the path counts from there.
func At(n ast.Node, path, problem string) Mistake {
	m := at(n, path, problem)
	for part := path; part != ""; part = part[:max(strings.LastIndexAny(part, ".["), 0)] {
		if found := find(n, part); found != nil {
			m = at(found, path, problem)
			break
		}
	}
	return m
}

// find returns the node at a path, nil when there is none.
func find(n ast.Node, path string) ast.Node {
	query, err := yaml.PathString(strings.TrimSuffix("$."+path, "."))
	if err != nil {
		return nil
	}
	found, err := query.FilterNode(n)
	if err != nil || errors.Is(err, yaml.ErrNotFoundNode) || found == nil {
		return nil
	}
	return found
}
