package devchain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"golang.org/x/net/netutil"
)

// Toncenter is the chain behind an HTTP port, in the format of toncenter.com's API: of version 2 what wallets and npm's
// @ton/ton ask for, of version 3 what it takes to send messages and to look at accounts. Nothing in it is proven.
type Toncenter struct {
	URL string // http://host:port, to which /api/v2 and /api/v3 are added

	server *http.Server
	served chan error // what ended serving, once
	close  func() error
}

// ServeToncenter starts the HTTP API on addr, host:port. Port 0 takes a free one. Anybody who reaches it may send
// messages, as on the network.
func (c *Chain) ServeToncenter(addr string) (*Toncenter, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serve toncenter: %w", err)
	}
	t := &Toncenter{URL: "http://" + l.Addr().String(), served: make(chan error, 1), server: &http.Server{
		Handler: c.Toncenter(), ReadTimeout: httpTimeout, WriteTimeout: httpTimeout, IdleTimeout: 2 * httpTimeout,
		MaxHeaderBytes: 8 << 10, ErrorLog: slog.NewLogLogger(c.cfg.Logger.Handler(), slog.LevelWarn),
	}}
	t.close = sync.OnceValue(func() error {
		err := t.server.Close()
		if ended := <-t.served; !errors.Is(ended, http.ErrServerClosed) {
			err = errors.Join(err, ended)
		}
		return err
	})
	go func() { t.served <- t.server.Serve(netutil.LimitListener(l, maxClients)) }()
	return t, nil
}

// Close stops listening and drops every connection.
func (t *Toncenter) Close() error { return t.close() }

// Toncenter is the HTTP API as a handler.
func (c *Chain) Toncenter() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v2/jsonRPC", c.jsonRPC)
	mux.HandleFunc("/api/v2/{method}", c.version2)
	mux.HandleFunc("POST /api/v3/message", c.sendVersion3)
	mux.HandleFunc("GET /api/v3/accountStates", c.accountStates)
	mux.HandleFunc("GET /api/v3/masterchainInfo", c.masterchainVersion3)
	slots := make(chan struct{}, maxQueries)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		default:
			http.Error(w, "too many requests", http.StatusTooManyRequests)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxHTTPBody)
		mux.ServeHTTP(w, r)
	})
}

// parameters are what a call comes with, in its query or as a JSON object.
type parameters map[string]any

// jsonRPC answers a call of version 2 whose method is in its body.
func (c *Chain) jsonRPC(w http.ResponseWriter, r *http.Request) {
	var call struct {
		ID     any        `json:"id"`
		Method string     `json:"method"`
		Params parameters `json:"params"`
	}
	if err := readJSON(r, &call); err != nil {
		refuse2(w, nil, http.StatusUnprocessableEntity, err)
		return
	}
	c.answer2(r.Context(), w, call.ID, call.Method, call.Params)
}

// version2 answers a call of version 2 whose method is in its path.
func (c *Chain) version2(w http.ResponseWriter, r *http.Request) {
	p := parameters{}
	for name := range r.URL.Query() {
		p[name] = r.URL.Query().Get(name)
	}
	if r.Method == http.MethodPost {
		if err := readJSON(r, &p); err != nil {
			refuse2(w, nil, http.StatusUnprocessableEntity, err)
			return
		}
	}
	c.answer2(r.Context(), w, nil, r.PathValue("method"), p)
}

func (c *Chain) answer2(ctx context.Context, w http.ResponseWriter, id any, method string, p parameters) {
	call, ok := methods2[method]
	if !ok {
		refuse2(w, id, http.StatusNotFound, fmt.Errorf("method %q is not served", method))
		return
	}
	result, err := call(c, p)
	switch {
	case errors.Is(err, errNotTaken):
		refuse2(w, id, http.StatusInternalServerError, fmt.Errorf("LITE_SERVER_UNKNOWN: cannot apply external message to current state : %w", err))
	case err != nil:
		refuse2(w, id, http.StatusUnprocessableEntity, err)
	default:
		writeJSON(w, http.StatusOK, response2{OK: true, Result: result, ID: id, JSONRPC: rpcVersion(id)})
	}
}

// response2 is every answer of version 2. A JSON-RPC call's has its id too.
type response2 struct {
	OK      bool   `json:"ok"`
	Result  any    `json:"result,omitempty"`
	Error   string `json:"error,omitempty"`
	Code    int    `json:"code,omitempty"`
	ID      any    `json:"id,omitempty"`
	JSONRPC string `json:"jsonrpc,omitempty"`
}

func refuse2(w http.ResponseWriter, id any, code int, err error) {
	writeJSON(w, code, response2{Error: err.Error(), Code: code, ID: id, JSONRPC: rpcVersion(id)})
}

func rpcVersion(id any) string {
	if id == nil {
		return ""
	}
	return "2.0"
}

// errNotTaken marks a message that its account didn't accept: a fault of the message, not of the call.
var errNotTaken = errors.New("message not taken")

// readJSON reads one JSON value, numbers as they are written.
func readJSON(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("read body: something follows its JSON value")
	}
	return nil
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(v) // an error is the client's, which is gone
}
