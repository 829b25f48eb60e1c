package e2e

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/reqsig"
	"github.com/tonaiagent/mpcnode/node/validate"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// critic is a validator of intents that does what a story says, and remembers who asked it.
type critic struct {
	t      *testing.T
	mu     sync.Mutex
	answer string         // guarded by mu; "": it hangs
	asked  map[string]int // guarded by mu; by party
}

func (c *critic) says(answer string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer, c.asked = answer, map[string]int{}
}

// askedBy returns who asked since it was told what to say.
func (c *critic) askedBy() (parties []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range names {
		if c.asked[name] > 0 {
			parties = append(parties, name)
		}
	}
	return parties
}

func (c *critic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var q validate.Request
	if err := json.Unmarshal(body, &q); err != nil {
		c.t.Error(err)
	}
	e, err := reqsig.FromRequest(r, "http://"+r.Host, body)
	if key := public("node " + q.Party); err != nil || e.Verify(ed25519.PublicKey(key[:])) != nil {
		c.t.Errorf("%s asked without its signature, %v", q.Party, err)
	}
	c.mu.Lock()
	c.asked[q.Party]++
	answer := c.answer
	c.mu.Unlock()
	if answer == "" {
		<-r.Context().Done()
		return
	}
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, answer)
}

// advised puts the critic into every party's policy.
func (w *network) advised(url string) {
	w.t.Helper()
	first := policyOf(1, "agent-1", "", "100", "100")
	second := policyOf(2, "agent-1", fmt.Sprintf("%x", policy.Hash([]byte(first))), "100", "100")
	second = strings.Replace(second, "agents:", fmt.Sprintf("validators: [{id: critic, layer: intent, url: %q, timeout: 400ms}]\nagents:", url), 1)
	for _, name := range names {
		w.must(w.node(name).ApplyPolicy(w.t.Context(), wire.SignPolicy(w.id(), name, seed("admin "+name), []byte(second))))
	}
}

// The validators speak over real connections, so this story is told in real time.
func TestValidatorIsHeardByEveryParty(t *testing.T) {
	w := ready(t)
	c := &critic{t: t}
	server := httptest.NewServer(c)
	defer server.Close()
	w.advised(server.URL)

	o := order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: "platform", deliver: node.DeliverConfirmed}
	for _, story := range []struct{ answer, state, verdict, note string }{
		{`{"valid": false, "confidence": 0.9, "reasoning": "nobody owes this"}`, "DENIED", "deny intent_validator", "not valid, confidence 0.900: nobody owes this"},
		{"", "DENIED", "deny intent_validator", "no opinion: no answer in time"},
		{`{"valid": true, "confidence": 1, "sure": true}`, "DENIED", "deny intent_validator", "no opinion: the answer is not JSON"},
		{`{"valid": true, "confidence": 1, "escalate": true}`, "DENIED", "deny intent_validator", "for people to decide"},
		{`{"valid": true, "confidence": 0.95, "reasoning": "as agreed"}`, "CONFIRMED", "allow", "valid, confidence 0.950: as agreed"},
	} {
		c.says(story.answer)
		tried := o
		tried.key = fmt.Sprintf("tried-%x", sha256.Sum256([]byte(story.answer)))
		if s, err := w.node("platform").Simulate(t.Context(), w.envelopeTo(tried, "/v1/requests:simulate"), ""); err != nil || s.Effect.String() != strings.Fields(story.verdict)[0] {
			t.Errorf("%s: tried: %s %s, %v", story.answer, s.Effect, s.Reason.Code, err)
		}
		r, err := w.send(o)
		if err != nil || string(r.State) != story.state || story.state == "DENIED" && r.Reason.Code != "intent_validator" && r.Reason.Code != "approval_unavailable" {
			t.Errorf("%s: %s %+v, %v", story.answer, r.State, r.Reason, err)
		}
		w.eventually("every party has decided", func() bool {
			return w.verdict("user", r.ID) != "silent" && w.verdict("backup", r.ID) != "silent"
		})
		for _, name := range names {
			if got := w.verdict(name, r.ID); got != story.verdict {
				t.Errorf("%s: %s says %q, want %q", story.answer, name, got, story.verdict)
			}
			if got := w.noted(name, r.ID); !strings.Contains(got, story.note) {
				t.Errorf("%s: %s noted %q, want %q", story.answer, name, got, story.note)
			}
		}
		if got := c.askedBy(); len(got) != len(names) {
			t.Errorf("asked by %v", got)
		}
	}

	c.says(`{"valid": true, "confidence": 1}`)
	if _, err := w.trip("user", "network", time.Hour); err != nil {
		t.Fatal(err)
	}
	if r, err := w.send(o); err != nil || r.Reason.Code != "paused" {
		t.Errorf("while paused: %s %+v, %v", r.State, r.Reason, err)
	}
	if got := c.askedBy(); len(got) > 0 {
		t.Errorf("asked by %v while everything is paused", got)
	}
}

// noted is what a node's audit log says of the validators of a request.
func (w *network) noted(name, requestID string) (notes string) {
	w.t.Helper()
	entries, err := w.node(name).Audit(w.t.Context(), node.AuditQuery{Request: requestID})
	w.must(err)
	for _, e := range entries {
		for _, d := range e.Details {
			if strings.HasPrefix(d.K, "validator ") {
				notes += d.V + "\n"
			}
		}
	}
	return notes
}

// A policy with a validator at a host that the operator doesn't know of isn't taken in.
func TestPolicyNamesNoValidatorBeyondTheOperatorsHosts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		document := policyOf(2, "agent-1", fmt.Sprintf("%x", policy.Hash([]byte(policyOf(1, "agent-1", "", "100", "100")))), "100", "100")
		document = strings.Replace(document, "agents:", "validators: [{id: critic, layer: intent, url: \"https://validator.example/\"}]\nagents:", 1)
		err := w.node("user").ApplyPolicy(t.Context(), wire.SignPolicy(w.id(), "user", seed("admin user"), []byte(document)))
		if err == nil || !strings.Contains(err.Error(), "validator critic: validator.example is not among the hosts that this node may ask") {
			t.Errorf("err = %v", err)
		}
		if p, err := w.node("user").Policy(t.Context()); err != nil || p.Version != 1 {
			t.Errorf("version %d, %v", p.Version, err)
		}
		w.down("user")
		w.parties["user"].cfg.ValidatorHosts = []string{"validator.example"}
		w.up("user")
		w.must(w.node("user").ApplyPolicy(t.Context(), wire.SignPolicy(w.id(), "user", seed("admin user"), []byte(document))))
	})
}
