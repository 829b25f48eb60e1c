package api

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/reqsig"
)

// mayCall says, independently of the routes, who may call what: a, o, p, u, t for agent, operator, policy admin, auditor
// and tripper. A change here is a change of who holds which power.
const mayCall = `
POST /v1/requests                a
POST /v1/requests:simulate       a o u
GET  /v1/requests                o u
GET  /v1/requests/{id}           a o u
POST /v1/requests/{id}/signature a o
POST /v1/requests/{id}/approval a o
POST /v1/messages o
GET  /v1/wallets                 a o p u
GET  /v1/wallets/{id}            a o p u
POST /v1/wallets                 o
GET  /v1/agents                  o p u
POST /v1/agents                  o
GET  /v1/policies                o p u
POST /v1/policies                o p
POST /v1/policies:cancel         o p
POST /v1/policies:shadow         o p
GET  /v1/keys                    o p u
GET  /v1/keygens                 o p u
POST /v1/keygens                 o
POST /v1/keygens/{id}/approve    o
GET  /v1/kill                    o p u t
POST /v1/kill                    o p u t
POST /v1/kill/lift               o
GET  /v1/audit                   o u
GET  /v1/health                  o p u
GET  /v1/blacklist               o p u
GET  /v1/blacklist/{address}     o p u
POST /v1/blacklist               o p
POST /v1/blacklist/import        o p
GET  /v1/feeds                   o p u
POST /v1/feeds                   a o p u
`

// callersByRole returns one caller of each role at platform's node.
func callersByRole(t *testing.T) map[string]caller {
	return map[string]caller{
		"a": asAgent(t, "agent-1"),
		"o": {t, "platform", person("second operator platform"), key("second operator platform")},
		"p": as(t, "platform", "policy_admin"),
		"u": as(t, "platform", "auditor"),
		"t": as(t, "platform", "tripper"),
	}
}

// forEachRoute calls f with method, path with its parameters filled in, and the roles that may call.
func forEachRoute(f func(method, path, roles string)) {
	for line := range strings.Lines(strings.TrimSpace(mayCall)) {
		w := strings.Fields(line)
		f(w[0], strings.NewReplacer("{id}", "nothing", "{address}", "nothing").Replace(w[1]), strings.Join(w[2:], " "))
	}
}

func TestEveryRouteIsForItsRolesOnly(t *testing.T) {
	enrol(t)
	refusals := []string{"forbidden", "not_an_agent", "bad_signature", "unknown_key", "unknown_route", "method_not_allowed"}
	forEachRoute(func(method, path, roles string) {
		for role, c := range callersByRole(t) {
			a := c.signed(method, path, body(method))
			passed := !slices.Contains(refusals, a.problem.Code)
			if may := strings.Contains(roles, role); passed != may {
				t.Errorf("%s %s as %s: got %d %s, may call: %v", method, path, role, a.status, a.problem.Code, may)
			}
			if !passed && a.status != http.StatusForbidden {
				t.Errorf("%s %s as %s: refused with %d %s, want 403", method, path, role, a.status, a.problem.Code)
			}
		}
	})
}

func body(method string) []byte {
	if method == http.MethodGet {
		return nil
	}
	return []byte("{}")
}

func TestStrangersMayCallNothing(t *testing.T) {
	enrol(t)
	url := world.servers["platform"].URL()
	agentsKey := func(id string) caller { return caller{t, "platform", id, key("nobody")} }
	forEachRoute(func(method, path, _ string) {
		unsigned := exchange(t, method, url+path, http.Header{"Content-Type": {"application/json"}}, body(method))
		unsigned.wants(t, 401, "bad_signature")
		for id, code := range map[string]string{
			person("nobody"):               "unknown_key",
			"agent:nobody":                 "unknown_key",
			"agent:agent-1":                "bad_signature", // in the name of one that is enrolled
			person("operator platform"):    "bad_signature",
			"operator":                     "bad_signature",
			person("node platform") + "00": "bad_signature",
		} {
			a := agentsKey(id).signed(method, path, body(method))
			if a.status != 401 && a.problem.Code != "not_an_agent" || a.status == 401 && a.problem.Code != code {
				t.Errorf("%s %s as %s: got %d %s, want 401 %s", method, path, id, a.status, a.problem.Code, code)
			}
		}
	})
}

func TestOtherPartysPeopleMayOnlyStop(t *testing.T) {
	for _, role := range []string{"operator", "tripper"} {
		c := caller{t, "platform", person(role + " user"), key(role + " user")}
		c.signed("GET", "/v1/kill", nil).wants(t, 200, "")
		c.signed("POST", "/v1/kill", []byte(`{"record":"/w=="}`)).wants(t, 400, "bad_record")
		c.signed("GET", "/v1/health", nil).wants(t, 403, "forbidden")
		c.signed("POST", "/v1/kill/lift", []byte("{}")).wants(t, 403, "forbidden")
	}
	auditor := caller{t, "platform", person("auditor user"), key("auditor user")}
	auditor.signed("GET", "/v1/kill", nil).wants(t, 401, "unknown_key")
}

func TestRolesOfTheTableAreTheOnesThatAreDescribed(t *testing.T) {
	for _, r := range routes {
		if len(r.roles) == 0 || r.admits(node.RoleNone) || r.admits("admin") {
			t.Errorf("%s is for nobody, or for a role that there isn't", r.pattern())
		}
	}
}

func TestSignatureHoldsForItsOwnCallOnly(t *testing.T) {
	url := world.servers["platform"].URL()
	sign := func(method, target string, body []byte, at time.Time) http.Header {
		h := reqsig.New(method, target, "k", body, person("operator platform"), key("operator platform"), at).Header()
		h.Set("Content-Type", "application/json")
		return h
	}
	now := time.Now()
	exchange(t, "GET", url+"/v1/health", sign("GET", url+"/v1/health", nil, now), nil).wants(t, 200, "")
	for name, h := range map[string]http.Header{
		"another path":   sign("GET", url+"/v1/kill", nil, now),
		"another query":  sign("GET", url+"/v1/health?x=1", nil, now),
		"another method": sign("POST", url+"/v1/health", nil, now),
		"another node":   sign("GET", world.servers["user"].URL()+"/v1/health", nil, now),
	} {
		if a := exchange(t, "GET", url+"/v1/health", h, nil); a.status != 401 || a.problem.Code != "bad_signature" {
			t.Errorf("a signature for %s: got %d %s, want 401 bad_signature", name, a.status, a.problem.Code)
		}
	}
	for _, off := range []time.Duration{-2 * time.Minute, 2 * time.Minute} {
		exchange(t, "GET", url+"/v1/health", sign("GET", url+"/v1/health", nil, now.Add(off)), nil).wants(t, 401, "signature_stale")
	}
	exchange(t, "POST", url+"/v1/kill", sign("POST", url+"/v1/kill", []byte("{}"), now), []byte("[]")).wants(t, 401, "bad_signature")
	exchange(t, "GET", url+"/v1/health", sign("GET", url+"/v1/health", nil, now), []byte("body")).wants(t, 401, "bad_signature")
}

func TestCallUnderAnotherNameIsRefused(t *testing.T) {
	req := httptest.NewRequest("GET", "http://elsewhere.example/v1/health", nil)
	req.Header = reqsig.New("GET", "http://elsewhere.example/v1/health", "", nil, person("operator platform"),
		key("operator platform"), time.Now()).Header()
	w := newRecorder()
	world.servers["platform"].api.gate(w, req)
	if w.Code != 401 || !strings.Contains(w.Body.String(), "elsewhere.example") {
		t.Errorf("got %d %s, want 401 that names the host", w.Code, w.Body)
	}
}

// recorder is a ResponseWriter with the deadlines of a connection.
type recorder struct{ *httptest.ResponseRecorder }

func newRecorder() recorder                      { return recorder{httptest.NewRecorder()} }
func (recorder) SetReadDeadline(time.Time) error { return nil }

func TestUnknownRoutesAndMethodsAreProblems(t *testing.T) {
	url := world.servers["platform"].URL()
	for path, want := range map[string]struct {
		method string
		status int
		code   string
	}{
		"/":                       {"GET", 404, "unknown_route"},
		"/metrics":                {"GET", 404, "unknown_route"},
		"/docs":                   {"GET", 404, "unknown_route"},
		"/openapi.yaml":           {"GET", 404, "unknown_route"},
		"/v1/requests/a/b":        {"GET", 404, "unknown_route"},
		"/v1/wallets/":            {"GET", 404, "unknown_route"},
		"/v1//wallets":            {"GET", 404, "unknown_route"},
		"/v1/audit":               {"POST", 405, "method_not_allowed"},
		"/v1/health":              {"PUT", 405, "method_not_allowed"},
		"/v1/requests":            {"DELETE", 405, "method_not_allowed"},
		"/readyz":                 {"POST", 405, "method_not_allowed"},
		"/v1/requests:simulate":   {"GET", 405, "method_not_allowed"},
		"/v1/keygens/x/approve":   {"OPTIONS", 405, "method_not_allowed"},
		"/v1/keygens/x/disregard": {"POST", 404, "unknown_route"},
	} {
		a := exchange(t, want.method, url+path, http.Header{}, nil)
		a.wants(t, want.status, want.code)
		p := a.problem
		if a.header.Get("Content-Type") != "application/problem+json" || p.Type != "urn:mpcnode:problem:"+want.code ||
			p.Title != http.StatusText(want.status) || p.HTTPStatus != want.status || p.Detail == "" {
			t.Errorf("%s %s: not a whole problem: %s", want.method, path, a.body)
		}
	}
}

func TestHeadIsNotTakenForGet(t *testing.T) {
	w := newRecorder()
	s := world.servers["platform"].api
	s.gate(w, httptest.NewRequest("HEAD", s.url+"/v1/health", nil))
	if w.Code != 405 {
		t.Errorf("got %d %s, want 405", w.Code, w.Body)
	}
}

func TestBodiesAreReadStrictly(t *testing.T) {
	enrol(t)
	good, _ := json.Marshal(order("1"))
	swap := func(old, new string) []byte {
		if !bytes.Contains(good, []byte(old)) {
			t.Fatalf("%s is not in %s", old, good)
		}
		return bytes.Replace(good, []byte(old), []byte(new), 1)
	}
	for name, c := range map[string]struct {
		body []byte
		says string
	}{
		"unknown key":     {swap(`"asset"`, `"userApproved":true,"asset"`), "userApproved"},
		"duplicate key":   {swap(`"asset"`, `"amount":"1","asset"`), "amount"},
		"number":          {swap(`"amount":"1"`, `"amount":1`), "amount"},
		"exponent":        {swap(`"amount":"1"`, `"amount":"1e3"`), "amount"},
		"negative":        {swap(`"amount":"1"`, `"amount":"-1"`), "amount"},
		"trailing data":   {append(bytes.Clone(good), " {}"...), "JSON"},
		"not UTF-8":       {swap(`"native"`, "\"native\xff\""), "JSON"},
		"other case":      {swap(`"amount"`, `"Amount"`), "Amount"},
		"address":         {swap(destination, destination[:65]), "destination"},
		"workchain":       {swap(`"0:11`, `"7:11`), "destination"},
		"other network":   {swap(`"network":"`, `"network":"00`), "network"},
		"no expiry":       {swap(`"expires"`, `"memo":"","expire"`), "expire"},
		"null":            {[]byte("null"), "request"},
		"list":            {[]byte("[]"), "JSON"},
		"empty":           {nil, "JSON"},
		"payload":         {swap(`"asset"`, `"payload":"%%%","asset"`), "payload"},
		"wrong node":      {swap(`"platform"`, `"user"`), "coordinator"},
		"nested too deep": {[]byte(strings.Repeat(`{"context":`, 8000)), "context"},
	} {
		a := asAgent(t, "agent-1").signed("POST", "/v1/requests", c.body)
		if a.status != 400 || !strings.Contains(a.problem.Detail, c.says) {
			t.Errorf("%s: got %d %s (%s), want 400 that names %s", name, a.status, a.problem.Code, a.problem.Detail, c.says)
		}
	}
}

func TestBodyOverTheCapIsNotRead(t *testing.T) {
	enrol(t)
	asAgent(t, "agent-1").signed("POST", "/v1/requests", bytes.Repeat([]byte("x"), maxBody)).wants(t, 400, "bad_request")
	asAgent(t, "agent-1").signed("POST", "/v1/requests", bytes.Repeat([]byte("x"), maxBody+1)).wants(t, 413, "too_large")
	asAgent(t, "nobody").signed("POST", "/v1/kill", bytes.Repeat([]byte("x"), maxBody+1)).wants(t, 413, "too_large")
	admin := as(t, "platform", "policy_admin")
	admin.signed("POST", "/v1/policies", bytes.Repeat([]byte("x"), maxPolicyBody)).wants(t, 400, "bad_request")
	admin.signed("POST", "/v1/policies", bytes.Repeat([]byte("x"), maxPolicyBody+1)).wants(t, 413, "too_large")
}

func TestFewPoliciesAreReadAtOnce(t *testing.T) {
	s := world.servers["platform"].api
	for range maxPolicies {
		s.policies <- struct{}{}
	}
	as(t, "platform", "policy_admin").signed("POST", "/v1/policies", []byte("{}")).wants(t, 503, "busy")
	asAgent(t, "nobody").signed("POST", "/v1/requests", []byte("{}")).wants(t, 401, "unknown_key")
	for range maxPolicies {
		<-s.policies
	}
}

func TestEveryCallThatChangesTakesAToken(t *testing.T) {
	auditor := as(t, "user", "auditor")
	for range 70 {
		a := auditor.signed("POST", "/v1/agents", []byte("{}"))
		if a.status == http.StatusForbidden {
			continue
		}
		a.wants(t, 429, "too_many_calls")
		if a.header.Get("Retry-After") != "1" {
			t.Errorf("Retry-After is %q, want 1 (second)", a.header.Get("Retry-After"))
		}
		auditor.signed("GET", "/v1/health", nil).wants(t, 200, "")
		return
	}
	t.Error("70 refused calls took no token")
}

func TestReadsAreBoundedToo(t *testing.T) {
	auditor := as(t, "user", "auditor")
	for range 2000 { // more than come back while it runs
		a := auditor.signed("GET", "/v1/kill", nil)
		if a.status == http.StatusOK {
			continue
		}
		a.wants(t, 429, "too_many_calls")
		if a.header.Get("Retry-After") != "1" {
			t.Errorf("Retry-After is %q, want 1 (second)", a.header.Get("Retry-After"))
		}
		as(t, "user", "operator").signed("GET", "/v1/kill", nil).wants(t, 200, "")
		return
	}
	t.Error("2,000 reads were answered")
}

func TestCallsUnderWayAreBoundedForEachCaller(t *testing.T) {
	var f flights
	one, other := node.Caller{Role: node.RoleAgent, Agent: "agent-1"}, node.Caller{Role: node.RoleAgent, Agent: "agent-2"}
	for i := range maxFlights {
		if err := f.enter(one); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
	var p *Problem
	if err := f.enter(one); !errors.As(err, &p) || p.HTTPStatus != 429 || p.Code != "too_many_waits" || p.retryAfter == 0 {
		t.Errorf("one more: %v", err)
	}
	if f.enter(other) != nil || f.enter(node.Caller{}) != nil {
		t.Error("another caller is refused")
	}
	f.leave(one)
	if err := f.enter(one); err != nil {
		t.Errorf("after one has ended: %v", err)
	}
	f.leave(node.Caller{})
	for range maxFlights {
		f.leave(one)
	}
	f.leave(other)
	if len(f.of) > 0 {
		t.Errorf("callers without calls are kept: %v", f.of)
	}
}

// TestCallsThatWaitAreCountedAtTheGate holds as many calls in a handler as one caller may have.
func TestCallsThatWaitAreCountedAtTheGate(t *testing.T) {
	s := world.servers["user"].api
	tripper := as(t, "user", "tripper")
	who := node.Caller{Role: node.RoleTripper, Key: public("tripper user")}
	for range maxFlights {
		must(t, s.flights.enter(who))
	}
	tripper.signed("GET", "/v1/kill", nil).wants(t, 429, "too_many_waits")
	for range maxFlights {
		s.flights.leave(who)
	}
	tripper.signed("GET", "/v1/kill", nil).wants(t, 200, "")
	s.flights.mu.Lock()
	defer s.flights.mu.Unlock()
	if n := s.flights.of[who]; n != 0 {
		t.Errorf("%d calls are still counted", n)
	}
}

func TestPanicInACallIsAProblem(t *testing.T) {
	s, err := newServer(nil, "http://node.example", discard)
	must(t, err)
	s.open("GET /bug", func(http.ResponseWriter, *http.Request) { panic("bug") })
	w := newRecorder()
	s.gate(w, httptest.NewRequest("GET", "http://node.example/bug", nil))
	if w.Code != 500 || !strings.Contains(w.Body.String(), `"internal"`) || strings.Contains(w.Body.String(), "bug") {
		t.Errorf("got %d %s, want 500 internal without the reason", w.Code, w.Body)
	}
}

func TestErrorsOfTheNodeAreNotShown(t *testing.T) {
	s := &server{log: discard}
	p := s.problem("send", fmt.Errorf("read record q/1: %w", errSecret))
	if p.HTTPStatus != 500 || p.Code != "internal" || strings.Contains(p.Detail, "secret") {
		t.Errorf("got %+v, want internal without the cause", p)
	}
}

var errSecret = fmt.Errorf("secret of the disk")

func FuzzUnsignedCallIsRefused(f *testing.F) {
	f.Add("POST", "/v1/requests", "sig1=()", "sig1=:AA==:", []byte("{}"))
	f.Add("GET", "/v1/wallets/%2e%2e", "", "", []byte(nil))
	valid := reqsig.New("GET", "http://node.example/v1/health", "", nil, "agent:a", ed25519.NewKeyFromSeed(make([]byte, 32)), time.Now())
	f.Add("GET", "/v1/health", valid.SignatureInput, valid.Signature, []byte(nil))
	s := world.servers["platform"].api
	f.Fuzz(func(t *testing.T, method, path, input, signature string, body []byte) {
		if !validMethod(method) {
			return
		}
		r, err := http.NewRequest(method, s.url+path, bytes.NewReader(body))
		if err != nil {
			return
		}
		r.Header = http.Header{"Content-Type": {"application/json"}, "Signature-Input": {input}, "Signature": {signature},
			"Idempotency-Key": {"k"}}
		w := newRecorder()
		s.gate(w, r)
		var p client.Problem
		if open := s.unsigned["GET "+r.URL.Path]; !open && (json.Unmarshal(w.Body.Bytes(), &p) != nil || p.Code == "" || w.Code < 400 || w.Code >= 500) {
			t.Errorf("%s %q: got %d %s", method, path, w.Code, w.Body)
		}
	})
}

// validMethod keeps to tokens (RFC 9110 section 9.1), which net/http has checked before the gate.
func validMethod(m string) bool {
	return m != "" && strings.Trim(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
