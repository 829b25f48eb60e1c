// Package reqsig signs and verifies HTTP requests as values (RFC 9421, HTTP Message Signatures).
//
// An agent signs its request once; the node it asked passes the signed parts on byte for byte, and every node verifies
// them for itself. So the signed request is a value, Envelope, that travels between nodes, and not an *http.Request.
//
// One profile is in use: label "sig1", Ed25519, parameters created, keyid and alg, and the components @method,
// @target-uri, content-digest (RFC 9530, sha-256) and idempotency-key; a request without a body signs the first two.
// The signature gives freshness of transport only: what a request means and how long it holds is in its body.
package reqsig

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/yaronf/httpsign"
)

const (
	label = "sig1"

	// MaxAge is how old a signature may be at a node's first sight of it, and how far ahead of the node's clock.
	MaxAge = 60 * time.Second

	// maxHeader bounds each signed header; ours are below 300 bytes.
	maxHeader = 1024
)

// ErrSignature is wrapped by every error of Verify.
var ErrSignature = errors.New("request signature")

// Envelope is a signed HTTP request: the parts that the signature covers, as they were received.
type Envelope struct {
	Method         string `cbor:"1,keyasint"`
	TargetURI      string `cbor:"2,keyasint"` // absolute
	IdempotencyKey string `cbor:"3,keyasint"`
	ContentDigest  string `cbor:"4,keyasint"`
	SignatureInput string `cbor:"5,keyasint"`
	Signature      string `cbor:"6,keyasint"`
	Body           []byte `cbor:"7,keyasint"`
}

// FromRequest takes the signed parts of a received request. The target URI is built from base, the scheme and
// authority under which the node is known, never from the Host header alone: base must match it.
func FromRequest(r *http.Request, base string, body []byte) (Envelope, error) {
	u, err := url.Parse(base)
	if err != nil {
		return Envelope{}, fmt.Errorf("parse own URL: %w", err)
	}
	if !strings.EqualFold(u.Host, r.Host) {
		return Envelope{}, fmt.Errorf("%w: Host is %.80q, this node is %q", ErrSignature, r.Host, u.Host)
	}
	for _, name := range []string{"Signature-Input", "Signature", "Content-Digest", "Idempotency-Key"} {
		if len(r.Header.Values(name)) > 1 {
			return Envelope{}, fmt.Errorf("%w: header %s is there more than once", ErrSignature, name)
		}
	}
	return Envelope{
		Method:         r.Method,
		TargetURI:      u.Scheme + "://" + u.Host + r.URL.RequestURI(),
		IdempotencyKey: r.Header.Get("Idempotency-Key"),
		ContentDigest:  r.Header.Get("Content-Digest"),
		SignatureInput: r.Header.Get("Signature-Input"),
		Signature:      r.Header.Get("Signature"),
		Body:           body,
	}, nil
}

// New returns a signed envelope. keyID names the key to the node; it is a caller's id, without quotes or backslashes.
func New(method, targetURI, idempotencyKey string, body []byte, keyID string, key ed25519.PrivateKey, now time.Time) Envelope {
	e := Envelope{Method: method, TargetURI: targetURI, IdempotencyKey: idempotencyKey, Body: body}
	if e.hasBody() {
		e.ContentDigest = contentDigest(body)
	}
	params := fmt.Sprintf(`("%s");created=%d;keyid="%s";alg="ed25519"`, strings.Join(e.components(), `" "`), now.Unix(), keyID)
	e.SignatureInput = label + "=" + params
	sig := ed25519.Sign(key, []byte(e.base(params)))
	e.Signature = label + "=:" + base64.StdEncoding.EncodeToString(sig) + ":"
	return e
}

// Header returns the headers to send with the request.
func (e Envelope) Header() http.Header {
	h := http.Header{"Signature-Input": {e.SignatureInput}, "Signature": {e.Signature}}
	if e.hasBody() {
		h.Set("Content-Digest", e.ContentDigest)
		h.Set("Idempotency-Key", e.IdempotencyKey)
	}
	return h
}

// KeyID returns the key id that the signature names, before anything is verified.
func (e Envelope) KeyID() (string, error) {
	d, err := e.details()
	if err != nil {
		return "", err
	}
	return d.KeyID, nil
}

// Verify checks the signature by pub over exactly the required components, and the digest of the body. It does not
// look at the time: Fresh does, once, at a node's first sight of the request.
func (e Envelope) Verify(pub ed25519.PublicKey) (err error) {
	if err := errors.Join(e.checkForm(), e.checkInput()); err != nil {
		return err
	}
	defer refuseBug(&err)
	config := httpsign.NewVerifyConfig().SetVerifyCreated(false).SetRejectExpired(false).SetAllowedAlgs([]string{"ed25519"})
	verifier, err := httpsign.NewEd25519Verifier(pub, config, httpsign.Headers(e.components()...))
	if err != nil {
		return fmt.Errorf("%w: %v", ErrSignature, err)
	}
	target, err := url.Parse(e.TargetURI)
	if err != nil || target.String() != e.TargetURI {
		return fmt.Errorf("%w: target URI %.200q is not in canonical form", ErrSignature, e.TargetURI)
	}
	message, err := httpsign.NewMessage(httpsign.NewMessageConfig().
		WithMethod(e.Method).WithURL(target).WithHeaders(e.Header()).WithAuthority(target.Host).WithScheme(target.Scheme))
	if err != nil {
		return fmt.Errorf("%w: %v", ErrSignature, err)
	}
	if _, err := message.Verify(label, *verifier); err != nil {
		return fmt.Errorf("%w: %v", ErrSignature, err)
	}
	return nil
}

// Fresh checks that the signature was made within MaxAge of now.
func (e Envelope) Fresh(now time.Time) error {
	d, err := e.details()
	if err != nil {
		return err
	}
	if d.Created == nil {
		return fmt.Errorf("%w: parameter created is missing", ErrSignature)
	}
	if age := now.Sub(*d.Created); age > MaxAge || age < -MaxAge {
		return fmt.Errorf("%w: made %s before this node's time, at most %s either way is allowed: check both clocks",
			ErrSignature, age.Round(time.Second), MaxAge)
	}
	return nil
}

func (e Envelope) details() (d *httpsign.MessageDetails, err error) {
	if err := e.checkInput(); err != nil {
		return nil, err
	}
	defer refuseBug(&err)
	r := &http.Request{Method: e.Method, Header: e.Header(), Body: http.NoBody}
	if d, err = httpsign.RequestDetails(label, r); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrSignature, err)
	}
	return d, nil
}

// checkInput wants exactly the profile's components, without parameters, and plain parameters behind them. The library
// panics on component parameters of a wrong type.
func (e Envelope) checkInput() error {
	want := label + `=("` + strings.Join(e.components(), `" "`) + `");`
	params, ok := strings.CutPrefix(e.SignatureInput, want)
	if !ok || strings.ContainsAny(params, "()") {
		return fmt.Errorf("%w: Signature-Input must be %s… (RFC 9421)", ErrSignature, want)
	}
	return nil
}

// refuseBug turns a panic of the library into a refusal: what it reads comes from strangers.
func refuseBug(err *error) {
	if bug := recover(); bug != nil {
		*err = fmt.Errorf("%w: can't be read: %v", ErrSignature, bug)
	}
}

func (e Envelope) checkForm() error {
	for name, v := range map[string]string{"Signature-Input": e.SignatureInput, "Signature": e.Signature,
		"Content-Digest": e.ContentDigest, "Idempotency-Key": e.IdempotencyKey, "target URI": e.TargetURI} {
		if len(v) > maxHeader {
			return fmt.Errorf("%w: %s is longer than %d bytes", ErrSignature, name, maxHeader)
		}
	}
	if !e.hasBody() {
		if len(e.Body) > 0 {
			return fmt.Errorf("%w: %s carries a body", ErrSignature, e.Method)
		}
		return nil
	}
	if e.IdempotencyKey == "" {
		return fmt.Errorf("%w: header Idempotency-Key is missing", ErrSignature)
	}
	if e.ContentDigest != contentDigest(e.Body) {
		return fmt.Errorf("%w: Content-Digest is not the sha-256 of the body (RFC 9530)", ErrSignature)
	}
	return nil
}

func (e Envelope) hasBody() bool { return e.Method != http.MethodGet && e.Method != http.MethodHead }

func (e Envelope) components() []string {
	if e.hasBody() {
		return []string{"@method", "@target-uri", "content-digest", "idempotency-key"}
	}
	return []string{"@method", "@target-uri"}
}

// base is the signature base of RFC 9421 section 2.5 for this profile.
func (e Envelope) base(params string) string {
	lines := fmt.Sprintf("\"@method\": %s\n\"@target-uri\": %s\n", e.Method, e.TargetURI)
	if e.hasBody() {
		lines += fmt.Sprintf("\"content-digest\": %s\n\"idempotency-key\": %s\n", e.ContentDigest, e.IdempotencyKey)
	}
	return lines + `"@signature-params": ` + params
}

func contentDigest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}
