// Package architecture holds the tests that keep the shape of the tree: which room may use which.
package architecture

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "github.com/tonaiagent/mpcnode/"
	root   = "../.."
)

// allowed lists, room by room, what of ours it may import. A room is a folder; "guard/*" means every folder below
// guard. digest and strictyaml may be imported by all. What is not listed is forbidden.
var allowed = map[string][]string{
	"digest":        {},
	"strictyaml":    {}, // what people write, be it policy, configuration or contexts, is read by one reader
	"ton":           {},
	"ton/chain":     {"ton"},
	"ton/contracts": {"ton"},
	"ton/devchain":  {"ton"},
	"tss":           {},
	"p2p":           {},
	"guard":         {"guard/*", "ton", "ton/contracts"}, // contracts says what a policy wallet would refuse: pure, as ton is
	"guard/*":       {"ton"},
	"guard/maptx":   {"guard", "guard/audit"}, // a ledger in memory, for tests of what is written against guard.Tx
	"store":         {"guard", "guard/*", "tss"},
	"node/reqsig":   {},
	"node/client":   {"node/reqsig"},
	"node/wire":     {"guard", "guard/*", "ton", "ton/contracts", "node/reqsig"},
	"node/ceremony": {"node/wire"},
	"node/validate": {"guard", "guard/*", "ton", "node/reqsig"}, // describes a case of the guard's, and asks over HTTP
	"node": {"guard", "guard/*", "tss", "p2p", "store", "ton", "ton/chain", "ton/contracts",
		"node/wire", "node/reqsig", "node/ceremony", "node/validate"},
	"node/api": {"node", "node/client", "node/reqsig"},
	"cmd/*": {"node/api", "node", "node/client", "node/wire", "guard/policy", "guard/audit", "guard/blacklist", "guard/feed", "ton",
		"ton/contracts", "ton/devchain", "cmd/*"},

	"ton/devchain/assets": {"ton", "ton/devchain"}, // tokens for tests and local networks
}

// forbidden gives the reason for the edges that someone will want one day.
var forbidden = map[[2]string]string{
	{"node", "node/api"}:          "the party must work without its HTTP server; api is a caller of node",
	{"guard", "ton/chain"}:        "the guard does no I/O: what it judges comes in as a Case",
	{"guard", "store"}:            "the guard declares Tx; store implements it",
	{"node/client", "node"}:       "agents import the client: it must stay a leaf that is cheap to import",
	{"node/client", "store"}:      "agents import the client: it must stay a leaf that is cheap to import",
	{"tss", "p2p"}:                "tss talks only through Link, so that tests can be hostile members",
	{"p2p", "node/wire"}:          "p2p carries opaque bytes",
	{"ton", "guard"}:              "ton says what bytes mean, never whether they are allowed",
	{"guard/*", "guard"}:          "the parts of the guard are leaves that guard puts together",
	{"ton/devchain", "ton/chain"}: "the dev chain must be judged by a client it doesn't know",
}

func TestImportsPointOneWay(t *testing.T) {
	edges := 0
	for dir, imports := range importsByRoom(t) {
		for _, to := range imports {
			edges++
			if !mayImport(dir, to) {
				t.Errorf("%s imports %s: %s", dir, to, reason(dir, to))
			}
		}
	}
	if edges == 0 {
		t.Fatal("no import was found: the test looks in the wrong place")
	}
}

func TestForbiddenEdgesAreNotAllowed(t *testing.T) {
	for edge := range forbidden {
		if mayImport(edge[0], edge[1]) {
			t.Errorf("%s → %s is both allowed and forbidden", edge[0], edge[1])
		}
	}
}

func mayImport(from, to string) bool {
	if to == "digest" || to == "strictyaml" {
		return true
	}
	return slices.ContainsFunc(allowed[pattern(from)], func(p string) bool { return p == to || p == pattern(to) })
}

// pattern returns the key under which a room stands in allowed.
func pattern(room string) string {
	if _, ok := allowed[room]; ok {
		return room
	}
	if p := strings.SplitN(room, "/", 2)[0] + "/*"; allowed[p] != nil {
		return p
	}
	return room
}

func reason(from, to string) string {
	for edge, why := range forbidden {
		if pattern(edge[0]) == pattern(from) && edge[1] == to {
			return why
		}
	}
	return "not in the table of allowed imports"
}

// importsByRoom returns, for every folder with product code, the folders of ours that it imports.
func importsByRoom(t *testing.T) map[string][]string {
	t.Helper()
	rooms := map[string][]string{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, file)
		if d.IsDir() {
			if rel == "test" || rel == "node_modules" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && rel != "." {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		room := path.Dir(filepath.ToSlash(rel))
		for _, spec := range f.Imports {
			if p, _ := strconv.Unquote(spec.Path.Value); strings.HasPrefix(p, module) {
				rooms[room] = append(rooms[room], strings.TrimPrefix(p, module))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rooms
}
