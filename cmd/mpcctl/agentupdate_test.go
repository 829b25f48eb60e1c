package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/client"
)

// reenrolled runs the tool with a node that has the agent, and returns the record that it was given.
func reenrolled(t *testing.T, has client.Agent, args ...string) guard.AgentRecord {
	t.Helper()
	taken := &records{byPath: map[string][]byte{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method == http.MethodGet {
			json.NewEncoder(w).Encode([]client.Agent{{ID: "other", Revision: 1}, has})
			return
		}
		taken.ServeHTTP(w, q)
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	if err := writeContexts(dir, server.URL, server.URL); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	if code := run(t.Context(), append([]string{"--contexts", filepath.Join(dir, "contexts.yaml"), "agent"}, args...), &said, &said); code != exitDone {
		t.Fatalf("%v: exit code %d, %s", args, code, said.String())
	}
	return decoded[guard.Signed[guard.AgentRecord]](t, taken, "/v1/agents").Body
}

func TestUpdateChangesOnlyWhatIsNamed(t *testing.T) {
	key, other := publicOf("agent"), publicOf("admin")
	future := uint64(time.Now().Add(time.Hour).UnixMilli()) // as an operator with a fast clock left it
	has := client.Agent{ID: "agent-1", Revision: future, PublicKey: hex.EncodeToString(key), Wallets: []string{"w1", "w2"},
		NotBefore: time.Unix(1000, 0), NotAfter: time.Unix(4_000_000_000, 0), Suspended: true}
	was := guard.AgentRecord{ID: "agent-1", Revision: future + 1, PublicKey: [32]byte(key), Wallets: has.Wallets, NotBefore: 1000, NotAfter: 4_000_000_000, Suspended: true}
	for flag, change := range map[string]func(*guard.AgentRecord){
		"--suspend":       func(*guard.AgentRecord) {},
		"--resume":        func(r *guard.AgentRecord) { r.Suspended = false },
		"--wallets=w2,w3": func(r *guard.AgentRecord) { r.Wallets = []string{"w2", "w3"} },
		"--valid=0":       func(r *guard.AgentRecord) { r.NotAfter = 0 },
		"--public-key=" + hex.EncodeToString(other): func(r *guard.AgentRecord) { r.PublicKey = [32]byte(other) },
	} {
		want := was
		change(&want)
		got := reenrolled(t, has, "update", "agent-1", flag)
		if !slices.Equal(got.Wallets, want.Wallets) {
			t.Errorf("%s: wallets %q, want %q", flag, got.Wallets, want.Wallets)
		}
		if got.Wallets, want.Wallets = nil, nil; hashOf(got) != hashOf(want) {
			t.Errorf("%s: %+v, want %+v", flag, got, want)
		}
	}
	if got := reenrolled(t, has, "update", "agent-1", "--valid=1h"); time.Until(time.Unix(got.NotAfter, 0)).Round(time.Minute) != time.Hour {
		t.Errorf("valid until %d", got.NotAfter)
	}
}

func hashOf(r guard.AgentRecord) [32]byte { return guard.RecordDigest([32]byte{}, "user", r) }

func TestDeletedAgentHasNothingLeft(t *testing.T) {
	key := publicOf("agent")
	has := client.Agent{ID: "agent-1", Revision: 7, PublicKey: hex.EncodeToString(key), Wallets: []string{"w1"}}
	got := reenrolled(t, has, "delete", "agent-1")
	if !got.Suspended || len(got.Wallets) > 0 || got.NotAfter == 0 || got.NotAfter > time.Now().Unix() || got.Revision <= 7 || got.PublicKey != [32]byte(key) {
		t.Errorf("record = %+v", got)
	}
}
