package policy

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Error is what is wrong with a document, and where.
type Error struct {
	Line, Column int // from 1; 0 when no place is known
	Problem      string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return "policy: " + e.Problem
	}
	return fmt.Sprintf("policy: line %d, column %d: %s", e.Line, e.Column, e.Problem)
}

// document is the YAML as it is written.
type document struct {
	Version uint64                    `yaml:"version"`
	Parent  string                    `yaml:"parent"`
	Agents  map[string]*permissionSet `yaml:"agents"`
}

// Parse reads a document strictly: unknown and duplicate keys, anchors, a second document, wrong types, amounts that
// aren't quoted, tickers of jettons and incomplete custom sets are errors of type *Error with line and column.
func Parse(b []byte) (*Bundle, error) {
	if len(b) > maxDocument {
		return nil, &Error{Problem: fmt.Sprintf("larger than %d bytes", maxDocument)}
	}
	root, err := parseYAML(b)
	if err != nil {
		return nil, located(err)
	}
	var d document
	if err := yaml.NodeToValue(root, &d, yaml.Strict()); err != nil {
		return nil, located(err)
	}
	bundle, err := d.bundle(root)
	if err != nil {
		return nil, located(err)
	}
	bundle.Hash = Hash(b)
	return bundle, nil
}

// parseYAML returns the one document of b. Anchors and aliases are refused: a reader must see what applies where it
// stands, and a few lines of them can unfold into gigabytes.
func parseYAML(b []byte) (ast.Node, error) {
	f, err := parser.ParseBytes(b, 0)
	if err != nil {
		return nil, err
	}
	if len(f.Docs) != 1 || f.Docs[0].Body == nil {
		return nil, errors.New("wants exactly one YAML document")
	}
	var v referenceFinder
	ast.Walk(&v, f.Docs[0].Body)
	if v.found != nil {
		return nil, at(v.found, "anchors, aliases, tags and merge keys are not allowed")
	}
	return f.Docs[0].Body, nil
}

type referenceFinder struct{ found ast.Node }

// Visit keeps the first one in the order of the document.
func (v *referenceFinder) Visit(n ast.Node) ast.Visitor {
	if v.found != nil {
		return nil
	}
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode, *ast.TagNode:
		v.found = n
		return nil
	}
	return v
}

func (d document) bundle(root ast.Node) (*Bundle, error) {
	b := &Bundle{Version: d.Version, agents: make(map[string]Permissions, len(d.Agents))}
	if d.Version == 0 {
		return nil, at(root, "version is missing; the first is 1")
	}
	if d.Parent != "" {
		if n, err := hex.Decode(b.Parent[:], []byte(d.Parent[:min(len(d.Parent), 66)])); err != nil || n != 32 || len(d.Parent) != 64 {
			return nil, at(root, "parent is not the 64 hex digits of a bundle's hash")
		}
	}
	if len(d.Agents) == 0 || len(d.Agents) > maxAgents {
		return nil, at(root, fmt.Sprintf("agents: wants 1 to %d", maxAgents))
	}
	for id, set := range d.Agents {
		if !agentID.MatchString(id) || set == nil {
			return nil, at(root, fmt.Sprintf("agents: %.70q is not an id with permissions", id))
		}
		b.agents[id] = set.resolved
	}
	return b, nil
}

var agentID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// located turns an error of the YAML library into one of ours: its own text spans lines and quotes the source.
func located(err error) error {
	var y yaml.Error
	if !errors.As(err, &y) {
		return &Error{Problem: err.Error()}
	}
	e := &Error{Problem: y.GetMessage()}
	if t := y.GetToken(); t != nil && t.Position != nil {
		e.Line, e.Column = t.Position.Line, t.Position.Column
	}
	return e
}
