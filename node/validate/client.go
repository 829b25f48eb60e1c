// Package validate asks validators over HTTP what they think of a request.
//
//	c := validate.New(validate.Config{Party: "user", Key: identity, Now: time.Now})
//	opinion, err := c.Of(validator).Validate(ctx, request)
//
// The question is one POST of a Request in JSON, signed with the node's identity (package reqsig), so that a validator
// can know who asks. The answer is 200 with {"valid": true, "confidence": 0.95, "reasoning": "…", "warnings": []}, and
// "escalate": true if people shall decide. Everything else, and no answer in time, is an error, of which the caller makes
// a refusal. Redirects aren't followed and no proxy is used: who is asked is who the policy names.
package validate

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/node/reqsig"
)

// Config is who asks.
type Config struct {
	Party string
	Key   ed25519.PrivateKey // the node's identity; its key id is party:<name>
	Now   func() time.Time   // of the signature
	Hosts []string           // that may be asked, host or host:port, besides loopback
	Roots *x509.CertPool     // whom TLS trusts; nil: whom the system does
}

// Client asks validators. Its methods may be called from several goroutines.
type Client struct {
	cfg   Config
	http  *http.Client
	slots chan struct{} // one is held by every question under way
}

// New returns a client.
func New(cfg Config) *Client {
	return &Client{cfg: cfg, slots: make(chan struct{}, maxInFlight), http: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig:    &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: cfg.Roots},
			DisableCompression: true, MaxResponseHeaderBytes: maxHeader, MaxIdleConnsPerHost: maxIdle, IdleConnTimeout: 30 * time.Second,
		},
	}}
}

// Close closes the connections that are kept open. Questions under way end with their contexts.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Remote is one validator, asked over HTTP.
type Remote struct {
	client *Client
	v      policy.Validator
}

// Of returns the validator that the policy describes.
func (c *Client) Of(v policy.Validator) Remote { return Remote{c, v} }

// Validate asks for an opinion until ctx ends. An error says what was wrong with the answer, or that there was none.
func (r Remote) Validate(ctx context.Context, q Request) (guard.Opinion, error) {
	if err := CheckHost(r.v.URL, r.client.cfg.Hosts); err != nil {
		return guard.Opinion{}, err
	}
	select {
	case r.client.slots <- struct{}{}:
		defer func() { <-r.client.slots }()
	case <-ctx.Done():
		return guard.Opinion{}, errors.New("too many questions are under way")
	}
	question, err := json.Marshal(q)
	if err != nil {
		return guard.Opinion{}, err
	}
	body, header, err := r.client.post(ctx, r.v.URL, q.ID, question)
	if errors.Is(err, context.DeadlineExceeded) {
		return guard.Opinion{}, errors.New("no answer in time")
	}
	if err == nil {
		err = checkSignature(r.v.PublicKey, header, question, body)
	}
	if err != nil {
		return guard.Opinion{}, err
	}
	return readAnswer(body)
}

// post sends a signed question and returns the body of a good response.
func (c *Client) post(ctx context.Context, to, id string, question []byte) ([]byte, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(question))
	if err != nil {
		return nil, nil, err
	}
	if req.URL.Path == "" {
		req.URL.Path = "/" // as it is sent, RFC 9110 4.2.3
	}
	req.Header = reqsig.New(http.MethodPost, req.URL.String(), id, question, "party:"+c.cfg.Party, c.cfg.Key, c.cfg.Now()).Header()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	resp, err := c.http.Do(req)
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		return nil, nil, failed.Err // without the URL, which may hold a secret
	}
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("answered %d, want 200", resp.StatusCode)
	}
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, nil, fmt.Errorf("answered with content type %.80q, want application/json", resp.Header.Get("Content-Type"))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("the answer is larger than %d bytes", maxAnswer)
	}
	return body, resp.Header, err
}
