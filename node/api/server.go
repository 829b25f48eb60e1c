package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"

	"golang.org/x/net/netutil"

	"github.com/tonaiagent/mpcnode/node"
)

// Server serves one node's API, and its monitoring on an address of its own if the configuration names one.
type Server struct {
	api    *server
	stop   context.CancelFunc // ends the waits of calls under way
	served []served
}

// served is one address with what answers there.
type served struct {
	listener net.Listener
	http     *http.Server
}

// Listen opens the addresses that the configuration names. A port of 0 is one that is free; then the API's URL, unless
// it is set, follows from the port that was found. A nil logger drops what the server has to say.
func Listen(n *node.Node, cfg node.Config, log *slog.Logger) (*Server, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	listener, err := listen(cfg.API)
	if err != nil {
		return nil, fmt.Errorf("listen for the API: %w", err)
	}
	a, err := newServer(n, ownURL(cfg.API, listener.Addr()), log)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{api: a, stop: stop}
	s.serve(ctx, listener, http.HandlerFunc(a.gate))
	if cfg.Metrics.Listen == "" {
		return s, nil
	}
	if listener, err = net.Listen("tcp", cfg.Metrics.Listen); err != nil {
		return nil, errors.Join(fmt.Errorf("listen for monitoring: %w", err), s.Close())
	}
	s.serve(ctx, listener, a.monitoring())
	return s, nil
}

func listen(cfg node.API) (net.Listener, error) {
	if cfg.TLS == nil {
		return net.Listen("tcp", cfg.Listen)
	}
	pair, err := tls.LoadX509KeyPair(cfg.TLS.Certificate, cfg.TLS.Key)
	if err != nil {
		return nil, err
	}
	return tls.Listen("tcp", cfg.Listen, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13})
}

// ownURL is what signatures must name: the configured URL, or the default with the scheme and port that are really served.
func ownURL(cfg node.API, addr net.Addr) string {
	if cfg.URL != "" && !strings.HasSuffix(cfg.URL, "://"+cfg.Listen) {
		return cfg.URL
	}
	_, port, _ := net.SplitHostPort(addr.String())
	host, _, _ := net.SplitHostPort(cfg.Listen)
	scheme := "http"
	if cfg.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

func (s *Server) serve(ctx context.Context, l net.Listener, h http.Handler) {
	server := &http.Server{
		Handler: timed(h), BaseContext: func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: headerTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(s.api.log.Handler(), slog.LevelDebug), // strangers' broken handshakes
	}
	s.served = append(s.served, served{netutil.LimitListener(l, maxConnections), server})
}

// URL is the scheme and authority under which the API is served, which signatures must name.
func (s *Server) URL() string { return s.api.url }

// MonitoringAddr is the address of /metrics, "" for none.
func (s *Server) MonitoringAddr() string {
	if len(s.served) < 2 {
		return ""
	}
	return s.served[1].listener.Addr().String()
}

// Serve answers calls until Close, or until an address fails.
func (s *Server) Serve() error {
	ended := make(chan error, len(s.served))
	var running sync.WaitGroup
	for _, a := range s.served {
		running.Go(func() { ended <- a.http.Serve(a.listener) })
	}
	err := <-ended
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	} else {
		err = errors.Join(err, s.Close())
	}
	running.Wait()
	return err
}

// Drain makes /readyz say no and refuses calls that would begin something. Calls under way go on.
func (s *Server) Drain() { s.api.draining.Store(true) }

// Close ends what still waits, lets answers be written, and closes all connections. The node is closed before.
func (s *Server) Close() error {
	s.stop()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	var errs []error
	for _, a := range s.served {
		if err := a.http.Shutdown(ctx); err != nil {
			errs = append(errs, a.http.Close())
		}
		a.listener.Close() // Shutdown knows a listener only once it is served
	}
	return errors.Join(errs...)
}
