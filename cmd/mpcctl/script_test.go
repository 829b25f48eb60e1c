package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/reqsig"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"mpcctl": main})
}

// The scripts in testdata are the tool as a user types it. Each has two nodes, $NODE and $OTHER, that answer what the
// script's files say, and a contexts file with both.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits}, Setup: func(e *testscript.Env) error {
		node := startCanned(t, filepath.Join(e.WorkDir, "node"))
		other := startCanned(t, filepath.Join(e.WorkDir, "other"))
		e.Vars = append(e.Vars, "NODE="+node, "OTHER="+other, "NETWORK="+strings.Repeat("ab", 32),
			"TO=UQBp-d2E_joQ3vXqE2BetEXw3AJML4g-95W7GhW54nQGWAZY", "MPCCTL_CONTEXTS="+filepath.Join(e.WorkDir, "contexts.yaml"))
		return writeContexts(e.WorkDir, node, other)
	}})
}

// exits CODE COMMAND runs a command that must end with that code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if e := new(exec.ExitError); errors.As(err, &e) {
		code = e.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// scriptKeys are files that every script has: the user's people, the platform's operator, and an agent.
var scriptKeys = []string{"operator", "admin", "agent", "platform-operator"}

func seedOf(name string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(fmt.Sprintf("%-32s", name)))
}

func writeContexts(dir, node, other string) error {
	for _, name := range scriptKeys {
		if err := os.WriteFile(filepath.Join(dir, name+".key"), []byte(hex.EncodeToString(seedOf(name).Seed())), 0o600); err != nil {
			return err
		}
	}
	parties := []string{"backup", "platform", "user"}
	network := strings.Repeat("ab", 32)
	all := Contexts{Current: "user", Contexts: []Context{
		{Name: "user", Party: "user", URL: node, Network: network, GlobalID: -239, Threshold: 2, Parties: parties,
			OperatorKeyFile: "operator.key", PolicyAdminKeyFile: "admin.key", Agent: "agent-1", AgentKeyFile: "agent.key"},
		{Name: "platform", Party: "platform", URL: other, Network: network, GlobalID: -239, Threshold: 2, Parties: parties,
			OperatorKeyFile: "platform-operator.key", Agent: "agent-1", AgentKeyFile: "agent.key"},
		{Name: "down", Party: "backup", URL: "http://127.0.0.1:1", Network: network, GlobalID: -239, Threshold: 2, Parties: parties,
			OperatorKeyFile: "operator.key"},
	}}
	return all.write(filepath.Join(dir, "contexts.yaml"))
}

// canned is a node that verifies who calls, writes that down in DIR/calls, and answers with the file
// DIR/<method>_<path>.json, or DIR/<method>_<path>.<status>.json.
type canned struct {
	dir string
	mu  sync.Mutex // one call at a time writes
}

func startCanned(t *testing.T, dir string) string {
	s := httptest.NewServer(&canned{dir: dir})
	t.Cleanup(s.Close)
	return s.URL
}

func (c *canned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	who, err := caller(r, body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	c.note(fmt.Sprintf("%s %s by %s", r.Method, r.URL.RequestURI(), who))
	name := r.Method + strings.NewReplacer("/", "_", ":", "_").Replace(r.URL.Path)
	found, _ := filepath.Glob(filepath.Join(c.dir, name+".*json"))
	i := slices.IndexFunc(found, func(path string) bool {
		return strings.Count(strings.TrimPrefix(path, filepath.Join(c.dir, name)), ".") <= 2
	})
	if i < 0 {
		http.Error(w, "the script has no answer to "+name, http.StatusNotFound)
		return
	}
	answer, _ := os.ReadFile(found[i])
	w.Header().Set("Content-Type", "application/json")
	if parts := strings.Split(filepath.Base(found[i]), "."); len(parts) == 3 {
		status, _ := strconv.Atoi(parts[1])
		w.WriteHeader(status)
	}
	w.Write(answer)
}

// caller verifies the signature by the key that it names.
func caller(r *http.Request, body []byte) (string, error) {
	if r.Method == http.MethodGet {
		body = nil
	}
	e, err := reqsig.FromRequest(r, "http://"+r.Host, body)
	if err != nil {
		return "", err
	}
	id, err := e.KeyID()
	if err != nil {
		return "", err
	}
	for _, name := range scriptKeys {
		pub := seedOf(name).Public().(ed25519.PublicKey)
		if id == client.KeyID(pub) || name == "agent" && id == "agent:agent-1" {
			return name, e.Verify(pub)
		}
	}
	return "", fmt.Errorf("no key of this script: %s", id)
}

func (c *canned) note(line string) {
	os.MkdirAll(c.dir, 0o700)
	f, err := os.OpenFile(filepath.Join(c.dir, "calls"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		fmt.Fprintln(f, line)
		f.Close()
	}
}
