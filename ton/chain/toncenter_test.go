package chain

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
	lite "github.com/xssnick/tonutils-go/ton"
)

// center is a toncenter that answers as the documentation of both versions says.
type center struct {
	*httptest.Server
	took   atomic.Int32 // messages
	key    atomic.Value // of the last call
	broken func(w http.ResponseWriter, r *http.Request) bool
}

var newest = position{7, [32]byte{1, 2, 3}}

func newCenter(t testing.TB) *center {
	t.Helper()
	c, hash := &center{}, base64.StdEncoding.EncodeToString(newest.hash[:])
	mux := http.NewServeMux()
	take := func(answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var body struct{ Boc []byte }
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil || string(body.Boc) != "message" {
				t.Errorf("body %q, %v", body.Boc, err)
			}
			c.took.Add(1)
			io.WriteString(w, answer)
		}
	}
	say := func(answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, answer) }
	}
	mux.HandleFunc("POST /api/v2/sendBoc", take(`{"ok":true,"result":{"@type":"ok"}}`))
	mux.HandleFunc("POST /api/v3/message", take(`{"message_hash":"x","message_hash_norm":"x"}`))
	mux.HandleFunc("GET /api/v2/getMasterchainInfo", say(`{"ok":true,"result":{"@type":"blocks.masterchainInfo","last":{"workchain":-1,"shard":"-9223372036854775808","seqno":42}}}`))
	mux.HandleFunc("GET /api/v3/masterchainInfo", say(`{"last":{"workchain":-1,"seqno":42},"first":{"seqno":1}}`))
	mux.HandleFunc("GET /api/v2/getAddressInformation", say(fmt.Sprintf(`{"ok":true,"result":{"balance":"1","last_transaction_id":{"@type":"internal.transactionId","lt":"7","hash":%q}}}`, hash)))
	mux.HandleFunc("GET /api/v3/accountStates", say(fmt.Sprintf(`{"accounts":[{"balance":"1","last_transaction_lt":"7","last_transaction_hash":%q}]}`, hash)))
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.key.Store(r.Header.Get("X-API-Key"))
		if c.broken == nil || !c.broken(w, r) {
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(c.Server.Close)
	return c
}

func (c *center) as(version string) Toncenter {
	return Toncenter{URL: c.URL, Version: version, Key: "secret"}
}

// asking is a client of toncenters alone: its liteserver says nothing.
func asking(t testing.TB, centers ...Toncenter) *Client {
	t.Helper()
	cfg := config
	cfg.Toncenters = centers
	c := New(scripted{answer: lite.LSError{Code: codeTimeout, Text: "away"}}, cfg)
	t.Cleanup(func() { c.Close() })
	return c
}

func TestToncentersOfBothVersionsTakeMessagesAndAreSeen(t *testing.T) {
	for _, version := range []string{"v2", "v3"} {
		center := newCenter(t)
		c := asking(t, center.as(version))
		if err := c.Send(t.Context(), []byte("message")); err != nil || center.took.Load() != 1 {
			t.Errorf("%s: %v", version, err)
		}
		s := c.Sightings(t.Context(), newSigner(t, 1).Address)[0]
		if s.Err != nil || s.Head != 42 || (position{s.LT, s.Hash}) != newest || !strings.HasSuffix(s.Source, version) {
			t.Errorf("%s: %+v", version, s)
		}
		if key := center.key.Load(); key != "secret" {
			t.Errorf("%s: key %q was sent", version, key)
		}
	}
}

// The dev chain's own, which npm's client is happy with, shows what is proven by its liteserver.
func TestDevchainsToncenterShowsTheProvenChain(t *testing.T) {
	chain, w := newChain(t), newSigner(t, 1)
	fund(t, chain, w.Address, "1")
	server := httptest.NewServer(chain.Toncenter())
	defer server.Close()
	cfg := provenBy(chain)
	cfg.Toncenters = []Toncenter{{URL: server.URL, Version: "v2"}, {URL: server.URL, Version: "v3"}}
	c := New(chain.LiteClient(), cfg)
	defer c.Close()
	pay := ton.Transfer{To: ton.Address{Hash: [32]byte{8}}, Value: nano(t, "0.1")}
	for i, way := range c.ways()[1:] { // each toncenter alone
		if err := way.send(t.Context(), w.message(t, uint32(i), pay)); err != nil {
			t.Fatalf("%s: %v", way.to, err)
		}
		if err := way.send(t.Context(), w.message(t, uint32(i), pay)); !errors.Is(err, ErrRejected) {
			t.Errorf("%s, again: %v", way.to, err)
		}
	}
	acc := account(t, c, w.Address)
	h, err := c.Head(t.Context())
	if err != nil || acc.Seqno != 2 {
		t.Fatalf("%+v, %v", acc, err)
	}
	for _, s := range c.Sightings(t.Context(), w.Address) {
		if s.Err != nil || s.Head != h.Seqno || s.LT != acc.LastLT || s.Hash != acc.LastHash {
			t.Errorf("%+v", s)
		}
	}
	for _, s := range c.Sightings(t.Context(), ton.Address{Hash: [32]byte{9}}) {
		if s.Err != nil || s.LT != 0 || s.Hash != [32]byte{} {
			t.Errorf("of an account that isn't there: %+v", s)
		}
	}
}

func TestWhatAToncenterCantMeanIsRefused(t *testing.T) {
	elsewhere := newCenter(t)
	say := func(status int, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(status)
			io.WriteString(w, body)
			return true
		}
	}
	for name, broken := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"no JSON":      say(200, "<html>"),
		"an error":     say(500, `{"ok":false,"error":"LITE_SERVER_NETWORK","code":500}`),
		"too much":     say(200, `{"result":"`+strings.Repeat("x", maxToncenter)+`"}`),
		"a rate limit": say(429, `{"ok":false,"result":"Ratelimit exceed","code":429}`),
		"a redirect": func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
			return true
		},
	} {
		for _, version := range []string{"v2", "v3"} {
			center := newCenter(t)
			center.broken = broken
			c := asking(t, center.as(version))
			if err := c.Send(t.Context(), []byte("message")); !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrRejected) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s of %s: %v", name, version, err)
			}
			if s := c.Sightings(t.Context(), newSigner(t, 1).Address)[0]; s.Err == nil {
				t.Errorf("%s of %s: %+v", name, version, s)
			}
		}
	}
	if elsewhere.key.Load() != nil {
		t.Error("the key was taken elsewhere")
	}
}

func TestPositionsThatAreNoneAreRefused(t *testing.T) {
	hash := base64.StdEncoding.EncodeToString(newest.hash[:])
	for _, c := range []struct {
		lt, hash string
		ok       bool
	}{{"7", hash, true}, {"0", hash, true}, {"", "", true}, {"7", "", false}, {"7", hash[:20], false}, {"-7", hash, false}, {"x", hash, false}} {
		if p, err := readPosition(nil, c.lt, c.hash); (err == nil) != c.ok || err != nil && p.lt == 7 && p.hash == newest.hash {
			t.Errorf("%q %q: %v, %v", c.lt, c.hash, p, err)
		}
	}
}

func TestRejectionByToncenterIsOne(t *testing.T) {
	center := newCenter(t)
	center.broken = func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(500)
		io.WriteString(w, `{"ok":false,"error":"LITE_SERVER_UNKNOWN: cannot apply external message to current state : exitcode=33","code":500}`)
		return true
	}
	c := asking(t, center.as("v2"))
	if err := c.Send(t.Context(), []byte("message")); !errors.Is(err, ErrRejected) {
		t.Error(err)
	}
}

// The dev chain's HTTP API, written apart from this client, takes its messages and shows what is proven.
func TestDevChainsToncenter(t *testing.T) {
	for _, version := range []string{"v2", "v3"} {
		w := newWorld(t)
		served, err := w.ServeToncenter("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { served.Close() })
		c := asking(t, Toncenter{URL: served.URL, Version: version})
		to := ton.Address{Hash: [32]byte{8}}
		if err := c.Send(t.Context(), w.wallet.message(t, 1, ton.Transfer{To: to, Value: nano(t, "1")})); err != nil {
			t.Fatalf("%s: %v", version, err)
		}
		proven := account(t, New(w.LiteClient(), provenBy(w.Chain)), w.wallet.Address)
		seen := c.Sightings(t.Context(), w.wallet.Address)
		if proven.Seqno != 2 || len(seen) != 1 || seen[0].Err != nil || seen[0].LT != proven.LastLT || seen[0].Hash != proven.LastHash || seen[0].Head != proven.MCSeqno {
			t.Errorf("%s: %+v, proven is %+v", version, seen, proven)
		}
		if none := c.Sightings(t.Context(), ton.Address{Hash: [32]byte{0xee}}); none[0].Err != nil || none[0].LT != 0 {
			t.Errorf("%s: of nothing: %+v", version, none)
		}
		if err := c.Send(t.Context(), w.wallet.message(t, 1, ton.Transfer{To: to, Value: nano(t, "1")})); !errors.Is(err, ErrRejected) {
			t.Errorf("%s: a seqno that is used up: %v", version, err)
		}
	}
}

func TestToncenterThatHangsHoldsNothingUp(t *testing.T) {
	center, quick := newCenter(t), newCenter(t)
	release := make(chan struct{})
	center.broken = func(http.ResponseWriter, *http.Request) bool { <-release; return false }
	c := asking(t, center.as("v2"), quick.as("v2"))
	start := time.Now()
	if err := c.Send(t.Context(), []byte("message")); err != nil || time.Since(start) > callTimeout/2 {
		t.Errorf("%v after %s", err, time.Since(start))
	}
	close(release)
	c.sending.Wait()
	want := []Sent{{To: "liteserver", Failed: 1}, {To: center.as("v2").Source(), Taken: 1}, {To: quick.as("v2").Source(), Taken: 1}}
	slices.SortFunc(want, func(a, b Sent) int { return strings.Compare(a.To, b.To) })
	if got := c.Sent(); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestToncentersThatWouldShowTheKeyAreRefused(t *testing.T) {
	for url, ok := range map[string]bool{
		"https://toncenter.com": true, "https://toncenter.com/": true, "http://127.0.0.1:8081": true, "http://localhost:1": true, "http://[::1]:1": true,
		"http://toncenter.com": false, "http://192.0.2.1": false, "ftp://toncenter.com": false, "toncenter.com": false, "": false,
		"https://toncenter.com/api/v2": false, "https://toncenter.com?api_key=1": false, "https://me:secret@toncenter.com": false,
	} {
		if err := (Toncenter{URL: url, Version: "v2"}).Check(); (err == nil) != ok {
			t.Errorf("%q: %v", url, err)
		}
	}
	if (Toncenter{URL: "https://toncenter.com", Version: "v4"}).Check() == nil {
		t.Error("there is no v4")
	}
	cfg := Config{Network: Dev, Liteservers: []Liteserver{{"127.0.0.1:1", base64.StdEncoding.EncodeToString(make([]byte, 32))}}}
	cfg.Toncenters = []Toncenter{{URL: "http://192.0.2.1", Version: "v2"}}
	if _, err := Dial(t.Context(), cfg); err == nil {
		t.Error("Dial takes one")
	}
	cfg.Toncenters = make([]Toncenter, maxToncenters+1)
	if _, err := Dial(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("too many: %v", err)
	}
}

func TestAPIKeyIsNotShown(t *testing.T) {
	center := Toncenter{URL: "https://toncenter.com", Version: "v2", Key: "secret"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", center.Key, "toncenter", center)
	asJSON, err := json.Marshal(center)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{log.String(), string(asJSON), fmt.Sprintf("%v %+v %#v %s", center, center, center, center.Key)} {
		if strings.Contains(s, "secret") {
			t.Error(s)
		}
	}
}

// A liteserver may take a message and drop it: it isn't the only one that gets it.
func TestMessageIsGivenToSeveralLiteservers(t *testing.T) {
	now := time.Now()
	var servers []*devchain.Server
	w := newSigner(t, 1)
	for i := range 2 {
		chain, err := devchain.New(devchain.Config{GlobalID: globalID, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { chain.Close() })
		fund(t, chain, w.Address, "1")
		servers = append(servers, serve(t, chain, "127.0.0.1:0"))
		t.Cleanup(func() {
			if n := chain.Executed(w.Address); n != 2 {
				t.Errorf("the chain behind liteserver %d has %d transactions of the wallet, want 2", i, n)
			}
		})
	}
	c := dial(t, config, servers...)
	if err := c.Send(t.Context(), w.message(t, 0, ton.Transfer{To: ton.Address{Hash: [32]byte{8}}, Value: nano(t, "0.1")})); err != nil {
		t.Fatal(err)
	}
	c.sending.Wait()
	if got := c.Sent(); len(got) != 2 || got[0].Taken != 1 || got[1].Taken != 1 {
		t.Errorf("%+v", got)
	}
}
