// Package client is the Go client of a node's HTTP API: JSON types and calls. It imports nothing of the node, so that
// an agent platform can use it cheaply.
//
//	c := client.New("http://127.0.0.1:7800", "agent:agent-1", key)
//	status, err := c.Send(ctx, client.Request{…}, "payment-42")
//
// Send with the same key and the same request again returns the same answer: nothing is signed twice.
package client

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tonaiagent/mpcnode/node/reqsig"
)

// maxResponse bounds what is read of an answer; the largest is a page of the audit log.
const maxResponse = 8 << 20

// Client calls one node as one caller. Its methods may be called from several goroutines.
type Client struct {
	URL   string // scheme and authority of the node's API
	KeyID string // agent:<id>, or key:<64 hex> for an enrolled person
	key   ed25519.PrivateKey
	http  *http.Client
	now   func() time.Time
}

// New returns a client. Calls end with their context; a call without a deadline ends after two minutes.
func New(baseURL, keyID string, key ed25519.PrivateKey) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	return &Client{
		URL: strings.TrimRight(baseURL, "/"), KeyID: keyID, key: key, now: time.Now,
		http: &http.Client{Timeout: 2 * time.Minute, Transport: transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// KeyID returns the key id of an enrolled person's public key.
func KeyID(pub ed25519.PublicKey) string { return fmt.Sprintf("key:%x", []byte(pub)) }

// How far the node takes a request.
const (
	DeliverSigned    = "signed"    // the default: the caller broadcasts
	DeliverSent      = "sent"      // the node hands the message to the chain
	DeliverConfirmed = "confirmed" // and waits until it has executed
)

// Send asks for a signature and waits until the request settles, at most as long as the node waits by default (10 s): a
// state that is not final means that it is still under way, and Status waits on. A refusal is a Status; the error is a
// *Problem when the request was not admitted.
func (c *Client) Send(ctx context.Context, r Request, deliver, idempotencyKey string) (Status, error) {
	return c.post(ctx, "/v1/requests?deliver="+url.QueryEscape(deliver), r, idempotencyKey)
}

func (c *Client) post(ctx context.Context, path string, r Request, idempotencyKey string) (s Status, err error) {
	body, err := json.Marshal(r)
	if err != nil {
		return s, fmt.Errorf("encode request: %w", err)
	}
	return s, c.Do(ctx, http.MethodPost, path, idempotencyKey, body, &s)
}

// BringSignature hands in the signature of the wallet's owner, and waits up to wait for the request to settle.
func (c *Client) BringSignature(ctx context.Context, id string, signature []byte, wait time.Duration) (s Status, err error) {
	body, err := json.Marshal(OwnerSignature{signature})
	if err != nil {
		return s, fmt.Errorf("encode signature: %w", err)
	}
	path := fmt.Sprintf("/v1/requests/%s/signature?wait=%d", url.PathEscape(id), int(wait/time.Second))
	return s, c.Do(ctx, http.MethodPost, path, rand.Text(), body, &s)
}

// Status returns a request, waiting up to wait for it to settle.
func (c *Client) Status(ctx context.Context, id string, wait time.Duration) (s Status, err error) {
	path := fmt.Sprintf("/v1/requests/%s?wait=%d", url.PathEscape(id), int(wait/time.Second))
	return s, c.Do(ctx, http.MethodGet, path, "", nil, &s)
}

// Get reads path into v.
func (c *Client) Get(ctx context.Context, path string, v any) error {
	return c.Do(ctx, http.MethodGet, path, "", nil, v)
}

// Do makes one signed call: body is sent as it is, the answer is decoded into v. The error is a *Problem when the node
// answered with one.
func (c *Client) Do(ctx context.Context, method, path, idempotencyKey string, body []byte, v any) error {
	target := c.URL + path
	signed := reqsig.New(method, target, idempotencyKey, body, c.KeyID, c.key, c.now())
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("call %s: %w", path, err)
	}
	req.Header = signed.Header()
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return fmt.Errorf("call %s: %w", target, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse))
	if err != nil {
		return fmt.Errorf("read answer of %s: %w", target, err)
	}
	if resp.StatusCode >= 400 {
		return problem(resp, raw)
	}
	if v == nil || len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("decode answer of %s: %w", target, err)
	}
	return nil
}

func problem(resp *http.Response, raw []byte) error {
	p := &Problem{}
	if json.Unmarshal(raw, p) != nil || p.Code == "" {
		p.Code, p.Detail = "http_"+fmt.Sprint(resp.StatusCode), strings.TrimSpace(string(raw[:min(len(raw), 200)]))
	}
	p.HTTPStatus = resp.StatusCode
	return p
}
