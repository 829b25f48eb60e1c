package chain

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tonaiagent/mpcnode/ton"
)

// A toncenter takes messages to the network, and its word is held against what was proven: nothing is ever decided by it.
// The client is our own, for three calls: the library's (tonutils-go v1.18.0, toncenter) reads answers of up to 150 MB and
// parses every account's code and data, which nobody here asks for.

// Toncenter is an HTTP API as toncenter.com serves it.
type Toncenter struct {
	URL     string // scheme and authority: https, or http on loopback
	Version string // v2, v3
	Key     APIKey // sent as X-API-Key; empty: none
}

// APIKey is a secret that no log, error or JSON shows.
type APIKey string

func (APIKey) String() string               { return "[API key]" }
func (APIKey) GoString() string             { return "[API key]" }
func (APIKey) LogValue() slog.Value         { return slog.StringValue("[API key]") }
func (APIKey) MarshalText() ([]byte, error) { return []byte("[API key]"), nil }

// Source names it in logs and metrics.
func (t Toncenter) Source() string {
	u, err := url.Parse(t.URL)
	if err != nil {
		return t.Version
	}
	return u.Host + " " + t.Version
}

// Check refuses what can't work, or would show the key to whoever is on the way.
func (t Toncenter) Check() error {
	u, err := url.Parse(t.URL)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return errors.New("its URL is not scheme and authority alone, such as https://toncenter.com")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return errors.New("its URL is not https, which only loopback may do without")
	}
	if t.Version != "v2" && t.Version != "v3" {
		return fmt.Errorf("version %q: want v2 or v3", t.Version)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// newHTTP is one client for all toncenters. A redirect would take the key elsewhere, so none is followed.
func newHTTP() *http.Client {
	return &http.Client{
		Timeout:       callTimeout,
		Transport:     http.DefaultTransport.(*http.Transport).Clone(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// toncenterError is what an API answered instead. Its text is the server's, cut.
type toncenterError struct {
	status int
	text   string
}

func (e *toncenterError) Error() string { return fmt.Sprintf("status %d: %q", e.status, e.text) }

// call makes one call and decodes its answer into v. A body makes it a POST.
func (t Toncenter) call(ctx context.Context, h *http.Client, path string, body, v any) error {
	req, err := t.request(ctx, path, body)
	if err != nil {
		return err
	}
	resp, err := h.Do(req)
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxToncenter+1))
	if err != nil {
		return err
	}
	if len(raw) > maxToncenter {
		return fmt.Errorf("answer has more than %d bytes", maxToncenter)
	}
	if resp.StatusCode != http.StatusOK {
		return &toncenterError{resp.StatusCode, clip(string(raw))}
	}
	return json.Unmarshal(raw, v)
}

func (t Toncenter) request(ctx context.Context, path string, body any) (*http.Request, error) {
	method, content := http.MethodGet, []byte(nil)
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return nil, err
		}
		method = http.MethodPost
	}
	target := strings.TrimRight(t.URL, "/") + "/api/" + t.Version + path
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if t.Key != "" {
		req.Header.Set("X-API-Key", string(t.Key))
	}
	return req, nil
}

// send hands in a message. Both versions say in words why an account doesn't accept it.
func (t Toncenter) send(ctx context.Context, h *http.Client, boc []byte) error {
	path := map[string]string{"v2": "/sendBoc", "v3": "/message"}[t.Version]
	err := t.call(ctx, h, path, map[string][]byte{"boc": boc}, &struct{}{})
	if e, ok := errors.AsType[*toncenterError](err); ok && strings.Contains(e.text, "external message") {
		return fmt.Errorf("%w: %w", ErrRejected, e)
	}
	return err
}

// head returns the seqno of the newest masterchain block.
func (t Toncenter) head(ctx context.Context, h *http.Client) (uint32, error) {
	type info struct {
		Last struct {
			Seqno uint32 `json:"seqno"`
		} `json:"last"`
	}
	var v2 struct {
		Result info `json:"result"`
	}
	if t.Version == "v2" {
		err := t.call(ctx, h, "/getMasterchainInfo", nil, &v2)
		return v2.Result.Last.Seqno, err
	}
	err := t.call(ctx, h, "/masterchainInfo", nil, &v2.Result)
	return v2.Result.Last.Seqno, err
}

// last returns the position of the account's last transaction; zero when it has none.
func (t Toncenter) last(ctx context.Context, h *http.Client, a ton.Address) (position, error) {
	query := "?address=" + url.QueryEscape(a.String())
	if t.Version == "v2" {
		var v struct {
			Result struct {
				Last struct{ LT, Hash string } `json:"last_transaction_id"`
			} `json:"result"`
		}
		err := t.call(ctx, h, "/getAddressInformation"+query, nil, &v)
		return readPosition(err, v.Result.Last.LT, v.Result.Last.Hash)
	}
	var v struct {
		Accounts []struct {
			LT   string `json:"last_transaction_lt"`
			Hash string `json:"last_transaction_hash"`
		} `json:"accounts"`
	}
	if err := t.call(ctx, h, "/accountStates"+query, nil, &v); err != nil || len(v.Accounts) == 0 {
		return position{}, err // it lists no account that nothing happened to
	}
	return readPosition(nil, v.Accounts[0].LT, v.Accounts[0].Hash)
}

func readPosition(err error, lt, hash string) (p position, _ error) {
	if err != nil {
		return p, err
	}
	if lt == "" || lt == "0" {
		return p, nil
	}
	if p.lt, err = strconv.ParseUint(lt, 10, 64); err != nil {
		return p, fmt.Errorf("last transaction: %w", err)
	}
	b, err := base64.StdEncoding.DecodeString(hash)
	if err != nil || len(b) != 32 {
		return p, errors.New("last transaction: its hash is not 32 bytes in base64")
	}
	p.hash = [32]byte(b)
	return p, nil
}

// Sighting is what one toncenter shows. Nothing of it is proven.
type Sighting struct {
	Source string
	Head   uint32   // seqno of its newest masterchain block
	LT     uint64   // of the account's last transaction; 0: none
	Hash   [32]byte // the transaction's
	Err    error    // it shows nothing
}

// Sightings asks every toncenter, side by side, for its newest block and an account's last transaction.
func (c *Client) Sightings(ctx context.Context, a ton.Address) []Sighting {
	all := make([]Sighting, len(c.cfg.Toncenters))
	done := make(chan struct{}, len(all))
	for i, t := range c.cfg.Toncenters {
		go func() {
			all[i] = t.sight(ctx, c.http, a)
			done <- struct{}{}
		}()
	}
	for range all {
		<-done
	}
	return all
}

func (t Toncenter) sight(ctx context.Context, h *http.Client, a ton.Address) Sighting {
	s := Sighting{Source: t.Source()}
	last, err := t.last(ctx, h, a)
	if err == nil {
		s.Head, err = t.head(ctx, h)
	}
	s.LT, s.Hash, s.Err = last.lt, last.hash, err
	return s
}
