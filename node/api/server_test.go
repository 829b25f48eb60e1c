package api

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tonaiagent/mpcnode/node"
)

var discard = slog.New(slog.DiscardHandler)

// pipes is a listener whose connections are pipes, so that deadlines run in fake time.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return nil
}

func (pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (p pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours
}

// bubble serves the gate over pipes; there is no node behind it, so only what comes before one can be asked for.
func bubble(t *testing.T, f func(t *testing.T, p pipes)) {
	synctest.Test(t, func(t *testing.T) {
		a, err := newServer(nil, "http://node.example", discard)
		must(t, err)
		ctx, stop := context.WithCancel(t.Context())
		s := &Server{api: a, stop: stop}
		p := pipes{make(chan net.Conn), make(chan struct{})}
		s.serve(ctx, p, http.HandlerFunc(a.gate))
		done := make(chan error)
		go func() { done <- s.Serve() }()
		f(t, p)
		must(t, s.Close())
		must(t, <-done)
	})
}

// hungUpAfter returns how long the server waited until it closed the connection, and what it said before.
func hungUpAfter(t *testing.T, c net.Conn, send string) (time.Duration, string) {
	t.Helper()
	start := time.Now()
	_, err := io.WriteString(c, send)
	must(t, err)
	said, _ := io.ReadAll(c)
	return time.Since(start), string(said)
}

func TestSlowHeaderIsCutOff(t *testing.T) {
	bubble(t, func(t *testing.T, p pipes) {
		if after, _ := hungUpAfter(t, p.dial(), "GET /healthz HTTP/1.1\r\nHost: node"); after != headerTimeout {
			t.Errorf("hung up after %s, want %s", after, headerTimeout)
		}
	})
}

func TestSlowBodyIsCutOff(t *testing.T) {
	bubble(t, func(t *testing.T, p pipes) {
		after, said := hungUpAfter(t, p.dial(), "POST /v1/requests HTTP/1.1\r\nHost: node.example\r\n"+
			"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
		if after < bodyTimeout || after > bodyTimeout+time.Second || !strings.Contains(said, `"too_slow"`) {
			t.Errorf("hung up after %s saying %q, want too_slow after %s", after, said, bodyTimeout)
		}
	})
}

// TestBodyThatNobodyReadsIsCutOff is about calls that are answered without a look at their body, which anyone can make: net/http reads
// the rest of it before it takes the next call.
func TestBodyThatNobodyReadsIsCutOff(t *testing.T) {
	for _, call := range []string{"POST /nothing", "GET /healthz", "DELETE /v1/requests"} {
		bubble(t, func(t *testing.T, p pipes) {
			after, _ := hungUpAfter(t, p.dial(), call+" HTTP/1.1\r\nHost: node.example\r\nContent-Length: 100\r\n\r\n{")
			if after > bodyTimeout+time.Second {
				t.Errorf("%s: hung up after %s, want %s", call, after, bodyTimeout)
			}
		})
	}
}

func TestIdleConnectionIsClosed(t *testing.T) {
	bubble(t, func(t *testing.T, p pipes) {
		after, said := hungUpAfter(t, p.dial(), "GET /healthz HTTP/1.1\r\nHost: node.example\r\n\r\n")
		if after != idleTimeout || !strings.HasPrefix(said, "HTTP/1.1 200") {
			t.Errorf("hung up after %s saying %q, want 200 and %s", after, said, idleTimeout)
		}
	})
}

func TestHeaderOverTheCapIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T, p pipes) {
		c := p.dial()
		go io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: node.example\r\nX: "+strings.Repeat("x", maxHeader+8<<10)+"\r\n\r\n")
		line, err := bufio.NewReader(c).ReadString('\n')
		if err != nil || !strings.Contains(line, "431") {
			t.Errorf("got %q, %v, want 431", line, err)
		}
		c.Close()
	})
}

func TestConnectionsOverTheCapWait(t *testing.T) {
	bubble(t, func(t *testing.T, p pipes) {
		var open []net.Conn
		for range maxConnections {
			open = append(open, p.dial())
		}
		accepted := make(chan net.Conn)
		go func() { accepted <- p.dial() }()
		synctest.Wait()
		select {
		case <-accepted:
			t.Fatalf("connection %d was accepted", maxConnections+1)
		default:
		}
		open[0].Close()
		(<-accepted).Close()
		for _, c := range open {
			c.Close()
		}
	})
}

func TestDrainSaysSoAndTakesNothingNew(t *testing.T) {
	s := world.servers["user"]
	defer s.api.draining.Store(false)
	s.Drain()
	operator := as(t, "user", "operator")
	operator.signed("POST", "/v1/requests", []byte("{}")).wants(t, 503, "shutting_down")
	operator.signed("GET", "/v1/health", nil).wants(t, 200, "")
	if missing := readyAt(t, s.URL(), 503); !slices.Equal(missing, []string{"stopping"}) {
		t.Errorf("/readyz says %v, want stopping", missing)
	}
}

// readyAt asks /readyz and returns what is missing.
func readyAt(t *testing.T, url string, status int) []string {
	t.Helper()
	a := exchange(t, "GET", url+"/readyz", http.Header{}, nil)
	var said struct {
		Ready   bool
		Missing []string
	}
	must(t, json.Unmarshal(a.body, &said))
	if a.status != status || said.Ready != (status == 200) {
		t.Errorf("/readyz answers %d %s, want %d", a.status, a.body, status)
	}
	return said.Missing
}

func TestReadyOnceNothingIsMissing(t *testing.T) {
	enrol(t)
	s := world.servers["platform"]
	eventually(t, "ready", func() bool {
		return exchange(t, "GET", s.URL()+"/readyz", http.Header{}, nil).status == 200
	})
	if missing := readyAt(t, s.URL(), 200); len(missing) != 0 {
		t.Errorf("ready, but %v is missing", missing)
	}
}

func TestReadyzNamesWhatIsMissing(t *testing.T) {
	cfg := world.configs["user"]
	cfg.API.Listen, cfg.Metrics.Listen = "127.0.0.1:0", ""
	s, err := Listen(world.nodes["user"], cfg, nil)
	must(t, err)
	defer s.Close()
	s.api.ready.asked, s.api.ready.missing = time.Now().Add(time.Hour), []string{"policy: none is applied"}
	w := newRecorder()
	r, _ := http.NewRequest("GET", s.URL()+"/readyz", nil)
	s.api.gate(w, r)
	if w.Code != 503 || !strings.Contains(w.Body.String(), "policy: none is applied") {
		t.Errorf("got %d %s, want 503 that names the policy", w.Code, w.Body)
	}
}

func TestMonitoringHasAnAddressOfItsOwn(t *testing.T) {
	base := "http://" + world.servers["platform"].MonitoringAddr()
	metrics := exchange(t, "GET", base+"/metrics", http.Header{}, nil)
	if metrics.status != 200 || !strings.Contains(string(metrics.body), "mpcnode_audit_entries") {
		t.Errorf("/metrics answers %d without mpcnode_audit_entries", metrics.status)
	}
	if a := exchange(t, "GET", base+"/healthz", http.Header{}, nil); a.status != 200 {
		t.Errorf("/healthz answers %d", a.status)
	}
	if a := exchange(t, "GET", base+"/v1/wallets", http.Header{}, nil); a.status != 404 {
		t.Errorf("the API answers %d on the monitoring address", a.status)
	}
}

func TestOpenAPIListsEveryRoute(t *testing.T) {
	a := exchange(t, "GET", world.servers["platform"].URL()+"/openapi.json", http.Header{}, nil)
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			RequestBody *struct{ Content map[string]any }
			Responses   map[string]any
			Tags        []string
		}
	}
	must(t, json.Unmarshal(a.body, &doc))
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("openapi is %q, want 3.1", doc.OpenAPI)
	}
	found := 0
	for line := range strings.Lines(strings.TrimSpace(mayCall)) {
		w := strings.Fields(line)
		op, ok := doc.Paths[w[1]][strings.ToLower(w[0])]
		takes := w[0] == "POST" && w[1] != "/v1/requests/{id}/approval"
		if !ok || len(op.Tags) != len(w)-2 || len(op.Responses) < 2 || (op.RequestBody != nil) != takes {
			t.Errorf("%s %s is not described: %+v", w[0], w[1], op)
		}
		found++
	}
	described := 0
	for _, methods := range doc.Paths {
		described += len(methods)
	}
	if _, ok := doc.Paths["/v1/requests"]["post"].Responses["202"]; !ok {
		t.Error("202 of a request that is under way is not described")
	}
	if described != found || found != len(routes) {
		t.Errorf("%d calls are described, %d are served, %d are known here", described, len(routes), found)
	}
}

func TestPreferredWait(t *testing.T) {
	for prefer, want := range map[string]time.Duration{
		"": defaultWait, "wait=3": 3 * time.Second, "respond-async, wait=60": time.Minute, "wait=9999": maxWait,
		"wait=0": minWait, "wait=-1": defaultWait, "wait=x": defaultWait, "wait=99999999999999999999": defaultWait,
	} {
		if got := preferredWait(prefer); got != want {
			t.Errorf("Prefer: %q waits %s, want %s", prefer, got, want)
		}
	}
}

func TestTLSIsServedUnderItsURL(t *testing.T) {
	dir := t.TempDir()
	pool := certificate(t, dir)
	cfg := world.configs["user"]
	cfg.Metrics.Listen = ""
	cfg.API = node.API{Listen: "127.0.0.1:0", URL: "http://127.0.0.1:0",
		TLS: &node.TLS{Certificate: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}}
	s, err := Listen(world.nodes["user"], cfg, nil)
	must(t, err)
	done := make(chan error)
	go func() { done <- s.Serve() }()
	c := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	resp, err := c.Get(s.URL() + "/healthz")
	must(t, err)
	if resp.StatusCode != 200 || resp.TLS.Version != tls.VersionTLS13 {
		t.Errorf("got %d over TLS %x", resp.StatusCode, resp.TLS.Version)
	}
	resp.Body.Close()
	c.CloseIdleConnections()
	old := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS12}}}
	if resp, err := old.Get(s.URL() + "/healthz"); err == nil {
		resp.Body.Close()
		t.Error("TLS 1.2 is taken")
	}
	must(t, s.Close())
	must(t, <-done)
	cfg.API.TLS.Key = filepath.Join(dir, "none.pem")
	if _, err := Listen(world.nodes["user"], cfg, nil); err == nil {
		t.Error("serves without a key")
	}
}

// certificate writes a self-signed certificate for 127.0.0.1.
func certificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	must(t, os.WriteFile(filepath.Join(dir, "cert.pem"), cert, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return pool
}

func TestTakenAddressIsAnError(t *testing.T) {
	cfg := world.configs["user"]
	cfg.API.Listen = strings.TrimPrefix(world.servers["user"].URL(), "http://")
	if s, err := Listen(world.nodes["user"], cfg, nil); err == nil {
		s.Close()
		t.Error("two servers on one address")
	}
}
