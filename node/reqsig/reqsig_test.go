package reqsig

import (
	"crypto/ed25519"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/yaronf/httpsign"
)

var (
	key = ed25519.NewKeyFromSeed([]byte("0123456789abcdef0123456789abcdef"))
	pub = key.Public().(ed25519.PublicKey)
	now = time.Unix(1_800_000_000, 0)
)

const target = "http://127.0.0.1:8080/v1/requests"

func signed() Envelope {
	return New("POST", target, "key-1", []byte(`{"a":1}`), "agent:agent-1", key, now)
}

func TestSignedRequestVerifies(t *testing.T) {
	e := signed()
	if err := e.Verify(pub); err != nil {
		t.Fatal(err)
	}
	if id, err := e.KeyID(); err != nil || id != "agent:agent-1" {
		t.Errorf("KeyID = %q, %v", id, err)
	}
	get := New("GET", target+"/r-1?wait=30", "", nil, "agent:agent-1", key, now)
	if err := get.Verify(pub); err != nil {
		t.Error(err)
	}
}

func TestAnyChangeIsRefused(t *testing.T) {
	other := ed25519.NewKeyFromSeed(make([]byte, 32))
	cases := map[string]func(*Envelope){
		"method":          func(e *Envelope) { e.Method = "PUT" },
		"path":            func(e *Envelope) { e.TargetURI += ":simulate" },
		"query":           func(e *Envelope) { e.TargetURI += "?x=1" },
		"host":            func(e *Envelope) { e.TargetURI = strings.Replace(target, "8080", "8081", 1) },
		"body":            func(e *Envelope) { e.Body = []byte(`{"a":2}`) },
		"body and digest": func(e *Envelope) { e.Body = []byte(`{"a":2}`); e.ContentDigest = contentDigest(e.Body) },
		"idempotency key": func(e *Envelope) { e.IdempotencyKey = "key-2" },
		"no key":          func(e *Envelope) { e.IdempotencyKey = "" },
		"created":         func(e *Envelope) { e.SignatureInput = strings.Replace(e.SignatureInput, "18", "19", 1) },
		"keyid":           func(e *Envelope) { e.SignatureInput = strings.Replace(e.SignatureInput, "agent-1", "agent-2", 1) },
		"no signature":    func(e *Envelope) { e.Signature = "" },
		"no input":        func(e *Envelope) { e.SignatureInput = "" },
		"other key":       func(e *Envelope) { *e = New("POST", target, "key-1", e.Body, "agent:agent-1", other, now) },
		"long header":     func(e *Envelope) { e.IdempotencyKey = strings.Repeat("k", maxHeader+1) },
		"other algorithm": func(e *Envelope) { e.SignatureInput = strings.Replace(e.SignatureInput, "ed25519", "hmac-sha256", 1) },
		"component with parameter": func(e *Envelope) {
			e.SignatureInput = strings.Replace(e.SignatureInput, `"content-digest"`, `"content-digest";bs=1`, 1)
		},
		"further component": func(e *Envelope) {
			e.SignatureInput = strings.Replace(e.SignatureInput, `"@method"`, `"@method" "content-digest";sf=1`, 1)
		},
		"fewer components": func(e *Envelope) {
			get := New("GET", target, "", nil, "agent:agent-1", key, now)
			e.SignatureInput, e.Signature = get.SignatureInput, get.Signature
		},
		"GET with body": func(e *Envelope) {
			*e = New("GET", target, "", nil, "agent:agent-1", key, now)
			e.Body = []byte("x")
		},
	}
	for name, change := range cases {
		e := signed()
		change(&e)
		if err := e.Verify(pub); err == nil {
			t.Errorf("%s: a changed request verifies", name)
		}
	}
}

func TestFreshnessIsBoundedBothWays(t *testing.T) {
	e := signed()
	for age, ok := range map[time.Duration]bool{
		0: true, MaxAge: true, -MaxAge: true, MaxAge + time.Second: false, -MaxAge - time.Second: false, 24 * time.Hour: false,
	} {
		if err := e.Fresh(now.Add(age)); (err == nil) != ok {
			t.Errorf("age %s: %v", age, err)
		}
	}
}

func TestLibrarySignatureIsAccepted(t *testing.T) {
	r, _ := http.NewRequest("POST", target, strings.NewReader(`{"a":1}`))
	r.Header.Set("Idempotency-Key", "key-1")
	r.Header.Set("Content-Digest", contentDigest([]byte(`{"a":1}`)))
	signer, err := httpsign.NewEd25519Signer(key, httpsign.NewSignConfig().SetKeyID("agent:agent-1"),
		httpsign.Headers("@method", "@target-uri", "content-digest", "idempotency-key"))
	if err != nil {
		t.Fatal(err)
	}
	input, signature, err := httpsign.SignRequest(label, *signer, r)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Signature-Input", input)
	r.Header.Set("Signature", signature)
	body, _ := io.ReadAll(r.Body)
	e, err := FromRequest(r, "http://127.0.0.1:8080", body)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Verify(pub); err != nil {
		t.Error(err)
	}
}

func TestHostAndDoubledHeadersAreRefused(t *testing.T) {
	r, _ := http.NewRequest("POST", target, nil)
	r.Header = signed().Header()
	if _, err := FromRequest(r, "http://127.0.0.1:9090", nil); err == nil {
		t.Error("a request for another node was taken")
	}
	r.Header.Add("Signature", "sig2=:AA==:")
	if _, err := FromRequest(r, "http://127.0.0.1:8080", nil); err == nil {
		t.Error("a doubled header was taken")
	}
}

func FuzzVerify(f *testing.F) {
	e := signed()
	f.Add(e.SignatureInput, e.Signature, e.TargetURI, e.IdempotencyKey, e.Body)
	f.Fuzz(func(t *testing.T, input, signature, uri, idem string, body []byte) {
		x := e
		x.SignatureInput, x.Signature, x.TargetURI, x.IdempotencyKey, x.Body = input, signature, uri, idem, body
		x.ContentDigest = contentDigest(body)
		covered := uri == e.TargetURI && idem == e.IdempotencyKey && string(body) == string(e.Body)
		if x.Verify(pub) == nil && !covered {
			t.Fatalf("verified with other covered parts: %+v", x)
		}
		x.KeyID()
		x.Fresh(now)
	})
}

func BenchmarkVerify(b *testing.B) {
	e := signed()
	for b.Loop() {
		if err := e.Verify(pub); err != nil {
			b.Fatal(err)
		}
	}
}
