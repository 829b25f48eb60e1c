// Package docs holds the tests that keep documents and source the same: what is said of a field stands on the field.
package docs

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/guard/policy"
)

var rewrite = flag.Bool("rewrite", false, "write the documents anew")

// document is one that is made from the comments of a type and of all that it holds.
type document struct {
	file, intro string
	dir, root   string            // package and type
	stands      map[string]string // types whose YAML is that of another
	after       func() string     // what follows, from a table of the package; nil: nothing
}

var documents = []document{
	{"configuration.md", "# Configuration of a node\n\nOne strict YAML file; [configs/mpcnode.example.yaml](../configs/mpcnode.example.yaml) is one to begin with, and `mpcnode check` reports every\n" +
		"mistake as file:line:column. The environment: `KEY_ENCRYPTION_KEY_FILE` or `KEY_ENCRYPTION_KEY` give the passphrase in place of `vault.passphrase_file`;\n" +
		"`MAX_TRANSACTION_TON` and `MAX_DAILY_TON` tighten every agent's limits, `MAX_RISK_SCORE` the highest risk score; `MPC_THRESHOLD` and `MPC_TOTAL_PARTIES`, if set, must agree with `network`.\n" +
		"This page is generated from the comments of `node.Config`.\n", "node", "Config", nil, nil},
	{"policy.md", "# Policy of a party\n\nWhat each agent may do, by this party's own node: one strict YAML document, signed by a policy admin with `mpcctl policy apply`;\n" +
		"[configs/policy.example.yaml](../configs/policy.example.yaml) shows both forms, [configs/policy.custom.example.yaml](../configs/policy.custom.example.yaml) has\n" +
		"rules. There are no defaults for what would widen a permission. Amounts are quoted\n" +
		"strings in whole TON, such as `\"1.5\"`. This page is generated from the comments in package `guard/policy`.\n", "guard/policy", "document",
		map[string]string{"permissionSet": "fields", "contract": "contractFields", "assetLimits": byID + "assetFields", "rule": "ruleFields", "strategies": byID + "strategyFields", "validator": "validatorFields", "enrolment": "enrolmentFields"}, policy.FieldsDocument},
}

func TestFieldDocuments(t *testing.T) {
	for _, d := range documents {
		path := filepath.Join("../../docs", d.file)
		got := d.text(t)
		if *rewrite {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("docs/%s is not what the comments say; run go test ./test/docs -rewrite", d.file)
		}
	}
}

func (d document) text(t *testing.T) string {
	w := writer{t: t, types: structs(t, filepath.Join("../..", d.dir)), stands: d.stands}
	w.b.WriteString(d.intro)
	w.section("", d.root)
	if d.after != nil {
		w.b.WriteString(d.after())
	}
	return w.b.String()
}

// structs returns the struct types that a package declares.
func structs(t *testing.T, dir string) map[string]*ast.StructType {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]*ast.StructType{}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if s, ok := spec.Type.(*ast.StructType); ok {
					types[spec.Name.Name] = s
				}
			}
			return true
		})
	}
	return types
}

type writer struct {
	t      *testing.T
	b      strings.Builder
	types  map[string]*ast.StructType
	stands map[string]string
}

// section writes the table of one type's fields, then those of the types that they hold.
func (w *writer) section(path, name string) {
	if path != "" {
		fmt.Fprintf(&w.b, "\n## %s\n", path)
	}
	w.b.WriteString("\n| field | is | |\n|---|---|---|\n")
	var parts []string // types that are held, in their order
	held := map[string][]string{}
	for _, f := range w.types[name].Fields.List {
		key := keyOf(f)
		if key == "" {
			continue
		}
		of, form := w.form(f.Type)
		fmt.Fprintf(&w.b, "| `%s` | %s | %s |\n", key, form, w.said(name, f))
		if of == "" {
			continue
		}
		if held[of] == nil {
			parts = append(parts, of)
		}
		held[of] = append(held[of], below(path, key+w.suffix(f.Type)))
	}
	for _, of := range parts {
		w.section(strings.Join(held[of], ", "), of)
	}
}

// below is the heading of a field of what stands under path.
func below(path, key string) string {
	if path == "" {
		return "`" + key + "`"
	}
	return strings.TrimSuffix(path, "`") + "." + key + "`"
}

func keyOf(f *ast.Field) string {
	if f.Tag == nil {
		return ""
	}
	key, _, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("yaml"), ",")
	return strings.TrimPrefix(key, "-")
}

// byID marks a type that stands for a map of another.
const byID = "map of "

func (w *writer) suffix(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.ArrayType:
		return "[]"
	case *ast.MapType:
		return ".<id>"
	case *ast.Ident:
		if strings.HasPrefix(w.stands[e.Name], byID) {
			return ".<id>"
		}
	}
	return ""
}

// form returns the struct that a type holds, if it does, and what a value looks like.
func (w *writer) form(e ast.Expr) (held, words string) {
	switch e := e.(type) {
	case *ast.StarExpr:
		return w.form(e.X)
	case *ast.ArrayType:
		held, words = w.form(e.Elt)
		return held, "list of " + words
	case *ast.MapType:
		held, words = w.form(e.Value)
		return held, words + " by id"
	case *ast.SelectorExpr:
		return "", w.word(e.Sel.Name)
	case *ast.Ident:
		name := e.Name
		if other, ok := w.stands[name]; ok {
			name = other
		}
		if of, ok := strings.CutPrefix(name, byID); ok {
			return of, "fields by id"
		}
		if w.types[name] != nil && !written[name] {
			return name, "fields"
		}
		return "", w.word(name)
	}
	w.t.Fatalf("a type of form %T", e)
	return "", ""
}

// words say how a value of a type is written.
var words = map[string]string{
	"string": "text", "bool": "true or false", "int": "whole number", "int32": "whole number", "uint32": "whole number", "uint64": "whole number",
	"Key": "64 hex digits", "publicKey": "64 hex digits", "Block": "seqno:hash:hash", "amount": "amount", "asset": "asset id", "destination": "address",
	"uint8": "whole number", "operator": "word", "Effect": "word", "written": "value", "zone": "word", "Permille": "0 to 1", "thousandths": "number", "units": "amount in smallest units", "Role": "word", "Program": "word", "Venue": "word", "validity": "duration", "delay": "duration", "timeout": "duration", "moment": "time",
	"pair": "asset/asset", "amounts": "amounts by asset id",
}

// written are struct types whose values are no fields.
var written = map[string]bool{"written": true, "zone": true}

func (w *writer) word(name string) string {
	if words[name] == "" {
		w.t.Errorf("how a value of type %s is written is not known here", name)
	}
	return words[name]
}

// said returns what the source says of a field, above it or beside it.
func (w *writer) said(of string, f *ast.Field) string {
	text := f.Doc.Text()
	if text == "" {
		text = f.Comment.Text()
	}
	if text == "" {
		w.t.Errorf("%s.%s has no comment", of, f.Names[0].Name)
	}
	return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(strings.Join(strings.Fields(text), " "))
}
