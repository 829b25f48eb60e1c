package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/guard/blacklist"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/ton"
)

// A list goes out in parts that a node takes, from where the node has it, and waits when the node has had enough.
func TestListIsBroughtFromWhereTheNodeHasIt(t *testing.T) {
	const rows, had = 2100, 600
	var text strings.Builder
	for i := range rows {
		a := ton.Address{Hash: sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))}
		text.WriteString(blacklist.Row{Address: a, Severity: "high", Reason: strings.Repeat("<", i%200)}.String())
	}
	h := blacklist.Header{Source: "watch", Sequence: 1, Count: rows, Rows: sha256.Sum256([]byte(text.String()))}.Sign(seedOf("watch"))
	path := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(path, []byte(h.String()+text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(text.String(), "\n")
	got, busy := strings.Join(lines[:had], ""), true
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var c client.ListChunk
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil || r.ContentLength > 96<<10 || c.Header != h.String() {
			t.Errorf("a call of %d bytes: %v", r.ContentLength, err)
		}
		if n := uint64(strings.Count(got, "\n")); c.Rows != "" && c.First != n {
			t.Errorf("row %d comes, want %d", c.First, n)
		}
		if busy = !busy; busy && len(got) < 100_000 {
			w.WriteHeader(http.StatusTooManyRequests)
			json.NewEncoder(w).Encode(client.Problem{Code: "too_many_calls"})
			return
		}
		got += c.Rows
		n := uint64(strings.Count(got, "\n"))
		json.NewEncoder(w).Encode(client.ListProgress{Rows: n, Complete: n == rows})
	}))
	defer node.Close()
	key := filepath.Join(t.TempDir(), "key")
	if _, err := createKey(key); err != nil {
		t.Fatal(err)
	}
	s, err := newSite(Context{Name: "user", URL: node.URL, Network: strings.Repeat("ab", 32), OperatorKeyFile: key})
	if err != nil {
		t.Fatal(err)
	}
	tool := &tool{ui: &ui{out: os.Stdout, err: os.Stderr}}
	p, err := tool.importList(t.Context(), s, path)
	if err != nil || !p.Complete || got != text.String() {
		t.Errorf("%+v, %v, what came is the list: %t", p, err, got == text.String())
	}
	if err := os.Truncate(path, int64(len(h.String()+lines[0]+lines[1]))); err != nil {
		t.Fatal(err)
	}
	got = ""
	if _, err := tool.importList(t.Context(), s, path); err == nil || !strings.Contains(err.Error(), "of 2100") {
		t.Errorf("a list that is cut off: %v", err)
	}
}
