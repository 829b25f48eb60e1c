package validate_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/node/reqsig"
	"github.com/tonaiagent/mpcnode/node/validate"
)

func TestMain(m *testing.M) {
	os.Setenv("HTTPS_PROXY", "http://127.0.0.1:1") // is read once, by whoever is first
	goleak.VerifyTestMain(m)
}

var (
	identity  = ed25519.NewKeyFromSeed([]byte(strings.Repeat("i", 32)))
	validator = ed25519.NewKeyFromSeed([]byte(strings.Repeat("v", 32)))
	question  = validate.Request{V: 1, ID: "r-0123", Agent: "agent-1", Amount: "1.5", Context: validate.Context{Intent: "pay bob"}}
)

const good = `{"valid": true, "confidence": 0.95, "reasoning": "aligned", "warnings": ["bob is new"]}`

// ask asks what the handler serves, and sees to it that nothing of it goes on afterwards.
func ask(t *testing.T, v policy.Validator, timeout time.Duration, h http.HandlerFunc) (guard.Opinion, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, _ := io.ReadAll(r.Body) // what isn't read keeps the server from seeing that the client has gone
		r.Body = io.NopCloser(bytes.NewReader(asked))
		h(w, r)
	}))
	defer server.Close()
	if v.URL == "" {
		v.URL = server.URL + "/validate?model=2"
	}
	return askAt(t, validate.Config{}, v, timeout)
}

func askAt(t *testing.T, cfg validate.Config, v policy.Validator, timeout time.Duration) (guard.Opinion, error) {
	t.Helper()
	cfg.Party, cfg.Key, cfg.Now = "user", identity, time.Now
	c := validate.New(cfg)
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	return c.Of(v).Validate(ctx, question)
}

// says answers with a body.
func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		io.WriteString(w, body)
	}
}

func TestQuestionIsSignedForTheURLThatIsAsked(t *testing.T) {
	for _, path := range []string{"", "/", "?a=b", "/a%20b/c?d=%2f"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			e, err := reqsig.FromRequest(r, "http://"+r.Host, body)
			if err == nil {
				err = e.Verify(identity.Public().(ed25519.PublicKey))
			}
			if err != nil {
				t.Errorf("%q: %v", path, err)
			}
			says(good)(w, r)
		}))
		if _, err := askAt(t, validate.Config{}, policy.Validator{URL: server.URL + path}, 5*time.Second); err != nil {
			t.Errorf("%q: %v", path, err)
		}
		server.Close()
	}
}

func TestOpinionIsAskedForAndRead(t *testing.T) {
	o, err := ask(t, policy.Validator{}, 5*time.Second, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		e, err := reqsig.FromRequest(r, "http://"+r.Host, body)
		if err == nil {
			err = e.Verify(identity.Public().(ed25519.PublicKey))
		}
		if id, _ := e.KeyID(); err != nil || e.Fresh(time.Now()) != nil || id != "party:user" || e.IdempotencyKey != question.ID {
			t.Errorf("signed by %q about %q: %v", id, e.IdempotencyKey, err)
		}
		var q validate.Request
		if err := json.Unmarshal(body, &q); err != nil || q.Amount != "1.5" || q.Context.Intent != "pay bob" || r.Method != "POST" || r.URL.RawQuery != "model=2" {
			t.Errorf("%s %s asked %+v, %v", r.Method, r.URL, q, err)
		}
		says(good)(w, r)
	})
	if err != nil || !o.Valid || o.Escalate || o.Confidence != 950 || o.Reasoning != "aligned" || len(o.Warnings) != 1 || o.Err != "" {
		t.Errorf("%+v, %v", o, err)
	}
	o, err = ask(t, policy.Validator{}, 5*time.Second, says(`{"valid":false,"confidence":1,"escalate":true}`))
	if err != nil || o.Valid || !o.Escalate || o.Confidence != 1000 {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestEveryOtherAnswerIsAnError(t *testing.T) {
	elsewhere := httptest.NewServer(says(good))
	defer elsewhere.Close()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"silence":       {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "no answer in time"},
		"a slow drip":   {drip, "no answer in time"},
		"a broken line": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
		"half a body": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "900")
			says(good)(w, r)
		}, "unexpected EOF"},
		"an error":        {func(w http.ResponseWriter, r *http.Request) { http.Error(w, good, 500) }, "answered 500, want 200"},
		"another success": {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(201); says(good)(w, r) }, "answered 201, want 200"},
		"nothing":         {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }, "answered 204, want 200"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}, "answered 307, want 200"},
		"a page": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, good)
		}, `content type "text/html"`},
		"a huge body": {says(good + strings.Repeat(" ", 64<<10)), "larger than 65536 bytes"},
		"a huge header": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 64<<10))
			says(good)(w, r)
		}, "exceeded"},
		"a packed body": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			says("\x1f\x8b\b\x00")(w, r)
		}, "not JSON"},
		"nonsense":         {says("yes"), "not JSON"},
		"null":             {says("null"), "no field valid"},
		"a list":           {says("[" + good + "]"), "not JSON"},
		"two answers":      {says(good + good), "not JSON"},
		"a field twice":    {says(`{"valid":false,"valid":true,"confidence":1}`), "not JSON"},
		"an unknown field": {says(`{"valid":true,"confidence":1,"approved":true}`), "not JSON"},
		"another case":     {says(`{"Valid":true,"confidence":1}`), "not JSON"},
		"no valid":         {says(`{"confidence":1}`), "no field valid"},
		"text for valid":   {says(`{"valid":"true","confidence":1}`), "not JSON"},
		"no confidence":    {says(`{"valid":true}`), "confidence"},
		"null confidence":  {says(`{"valid":true,"confidence":null}`), "confidence"},
		"too confident":    {says(`{"valid":true,"confidence":1.1}`), "confidence"},
		"a text":           {says(`{"valid":true,"confidence":"1"}`), "confidence"},
		"too fine":         {says(`{"valid":true,"confidence":0.9999}`), "confidence"},
	} {
		t.Run(name, func(t *testing.T) {
			timeout := 10 * time.Second
			if c.says == "no answer in time" {
				timeout = 300 * time.Millisecond
			}
			o, err := ask(t, policy.Validator{}, timeout, c.answer)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "model=2") {
				t.Errorf("%v, want %q without the URL", err, c.says)
			}
			if o.Valid {
				t.Error("with an opinion")
			}
		})
	}
}

// drip answers a byte at a time, and never to the end.
func drip(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	for i := 0; r.Context().Err() == nil; i++ {
		fmt.Fprintf(w, "%c", (`{"valid":true,"confidence":1,"reasoning":"` + strings.Repeat("x", i))[i])
		w.(http.Flusher).Flush()
		time.Sleep(10 * time.Millisecond)
	}
}

func TestNobodyAnswersForTheValidator(t *testing.T) {
	v := policy.Validator{PublicKey: validator.Public().(ed25519.PublicKey)}
	signed := func(key ed25519.PrivateKey, change func(question, answer []byte) []byte, headers ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			asked, _ := io.ReadAll(r.Body)
			for range max(len(headers), 1) {
				w.Header().Add(validate.SignatureHeader, base64.StdEncoding.EncodeToString(ed25519.Sign(key, change(asked, []byte(good)))))
			}
			says(good)(w, r)
		}
	}
	if o, err := ask(t, v, 5*time.Second, signed(validator, validate.AnswerText)); err != nil || !o.Valid {
		t.Fatalf("%+v, %v", o, err)
	}
	for name, answer := range map[string]http.HandlerFunc{
		"by another key": signed(identity, validate.AnswerText),
		"over another answer": signed(validator, func(q, _ []byte) []byte {
			return validate.AnswerText(q, []byte(strings.Replace(good, "true", "false", 1)))
		}),
		"over another question": signed(validator, func(q, a []byte) []byte { return validate.AnswerText(append(q, ' '), a) }),
		"over the answer alone": signed(validator, func(_, a []byte) []byte { return a }),
		"twice":                 signed(validator, validate.AnswerText, "", ""),
		"unsigned":              says(good),
		"in hex": func(w http.ResponseWriter, r *http.Request) {
			asked, _ := io.ReadAll(r.Body)
			w.Header().Set(validate.SignatureHeader, fmt.Sprintf("%x", ed25519.Sign(validator, validate.AnswerText(asked, []byte(good)))))
			says(good)(w, r)
		},
	} {
		if o, err := ask(t, v, 5*time.Second, answer); err == nil || o.Valid || !strings.Contains(err.Error(), "the answer") {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
	}
}

func TestTLSIsVerified(t *testing.T) {
	server := httptest.NewTLSServer(says(good))
	defer server.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	for name, c := range map[string]struct {
		roots *x509.CertPool
		host  string
		says  string // "": answered
	}{
		"trusted":           {trusted, "127.0.0.1", ""},
		"by nobody trusted": {x509.NewCertPool(), "127.0.0.1", "certificate signed by unknown authority"},
		"for another name":  {trusted, "localhost", "certificate is valid for"},
	} {
		o, err := askAt(t, validate.Config{Roots: c.roots, Hosts: []string{"localhost"}}, policy.Validator{URL: "https://" + c.host + ":" + port}, 5*time.Second)
		if c.says == "" && (err != nil || !o.Valid) || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
	}
}

// No more than so many questions are under way; who waits for longer than its own deadline is not answered.
func TestQuestionsUnderWayAreBounded(t *testing.T) {
	const most = 32
	var now, peak atomic.Int32
	full, release := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := now.Add(1); n == most {
			close(full)
		}
		peak.Store(max(peak.Load(), now.Load()))
		<-release
		now.Add(-1)
		says(good)(w, r)
	}))
	defer server.Close()
	c := validate.New(validate.Config{Party: "user", Key: identity, Now: time.Now})
	defer c.Close()
	remote := c.Of(policy.Validator{URL: server.URL})
	answers := make(chan error, most)
	for range most {
		go func() {
			_, err := remote.Validate(t.Context(), question)
			answers <- err
		}()
	}
	<-full
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := remote.Validate(ctx, question); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("one more: %v", err)
	}
	close(release)
	for range most {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if _, err := remote.Validate(t.Context(), question); err != nil || peak.Load() != most {
		t.Errorf("afterwards: %v; at most %d at a time", err, peak.Load())
	}
}

func TestProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	_, err := askAt(t, validate.Config{Hosts: []string{"validator.invalid"}}, policy.Validator{URL: "https://validator.invalid"}, time.Second)
	if err == nil || strings.Contains(err.Error(), "proxy") {
		t.Errorf("%v", err)
	}
}

// A policy alone sends the node nowhere but to its own machine.
func TestHostsAreTheOperatorsChoice(t *testing.T) {
	hosts := []string{"validator.example", "other.example:8443"}
	for at, may := range map[string]bool{
		"https://validator.example/intent": true, "https://VALIDATOR.example:444/": true, "https://other.example:8443/": true,
		"http://127.0.0.1:8080/": true, "https://[::1]:1/": true,
		"https://other.example/": false, "https://other.example:1/": false, "https://localhost/": false, "https://169.254.169.254/": false,
		"https://validator.example.evil.example/": false, "https://evil.example/validator.example": false, "": false,
	} {
		if err := validate.CheckHost(at, hosts); (err == nil) != may {
			t.Errorf("%s: %v", at, err)
		}
	}
	_, err := askAt(t, validate.Config{}, policy.Validator{URL: "https://validator.example/"}, time.Second)
	if err == nil || !strings.Contains(err.Error(), "validator.example is not among the hosts that this node may ask") {
		t.Errorf("asked all the same: %v", err)
	}
}
