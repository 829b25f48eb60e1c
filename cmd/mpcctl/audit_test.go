package main

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/policy"
)

// pages is an audit log with an entry a minute.
type pages struct {
	size  int
	calls int
}

var firstEntry = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.calls++
	from, _ := strconv.Atoi(r.URL.Query().Get("from"))
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	list := []map[string]any{}
	for seq := from; seq < p.size && len(list) < limit; seq++ {
		list = append(list, map[string]any{"seq": seq, "timestamp": firstEntry.Add(time.Duration(seq) * time.Minute).Format(time.RFC3339)})
	}
	json.NewEncoder(w).Encode(list)
}

// Every entry since a time is read once, whatever lies before it.
func TestAuditIsReadInPagesFromATimeOn(t *testing.T) {
	for size, since := range map[int]int{0: 0, 1: 0, auditPage: 0, 3*auditPage + 1: 0, 5000: 4321, 5001: 5000, 300: 1000} {
		p := &pages{size: size}
		server := httptest.NewServer(p)
		dir := t.TempDir()
		if err := writeContexts(dir, server.URL, server.URL); err != nil {
			t.Fatal(err)
		}
		all, err := readContexts(filepath.Join(dir, "contexts.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		next := since
		err = must(newSite(all.Contexts[0])).eachAudited(context.Background(), firstEntry.Add(time.Duration(since)*time.Minute), func(e auditEntry) {
			if e.Seq != uint64(next) {
				t.Fatalf("entry %d, want %d", e.Seq, next)
			}
			next++
		})
		if err != nil || next != max(size, since) || p.calls > 41+1+max(0, size-since)/auditPage {
			t.Errorf("%d entries since %d: %d calls, ended before %d: %v", size, since, p.calls, next, err)
		}
		server.Close()
	}
}

func TestShadowIsSignedForThisPartyAndNetwork(t *testing.T) {
	r, sites := openSites(t)
	for _, document := range []string{"version: 1\nagents: {a: {preset: balanced}}\n", ""} {
		if err := sites[0].shadowPolicy(context.Background(), []byte(document)); err != nil {
			t.Fatal(err)
		}
		s := decoded[guard.SignedShadow](t, r, "/v1/policies:shadow")
		d := policy.ShadowDigest(sites[0].network, "user", s.Revision, []byte(document))
		if string(s.Document) != document || s.Revision != 7 || s.Admin != [32]byte(publicOf("admin")) || !ed25519.Verify(publicOf("admin"), d[:], s.Signature) {
			t.Errorf("shadow %+v", s)
		}
	}
}
