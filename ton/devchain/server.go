package devchain

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/xssnick/tonutils-go/liteclient"
	"github.com/xssnick/tonutils-go/tl"
)

// Server is the chain behind a TCP port, as an ADNL liteserver.
type Server struct {
	Addr      string            // host:port that it listens on
	PublicKey ed25519.PublicKey // which its clients must know; the same for all servers of a chain

	chain  *Chain
	lite   *liteclient.Server
	failed chan error     // of the listener, once
	served sync.WaitGroup // connections, and queries that are being answered
	slots  chan struct{}  // one for each query that is being answered
	close  func() error   // end, once

	mu      sync.Mutex // guards clients
	clients map[*liteclient.ServerClient]struct{}
}

var errTooMany = errors.New("too many connections")

// Serve starts a liteserver on addr, host:port. Port 0 takes a free one. Listen where only trusted programs connect: the
// library parses what clients send on its own goroutines, and there are bytes that panic it.
func (c *Chain) Serve(addr string) (*Server, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("serve %s: %w", addr, err)
	}
	for range portTries {
		if port == "0" {
			if addr, err = freePort(host); err != nil {
				return nil, fmt.Errorf("serve on %s: %w", host, err)
			}
		}
		var s *Server
		if s, err = c.listen(addr); err == nil {
			return s, nil
		}
		if port != "0" {
			break
		}
	}
	return nil, fmt.Errorf("serve %s: %w", addr, err)
}

// freePort finds a port that is free now. The library opens its listener itself and doesn't tell the port.
func freePort(host string) (string, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func (c *Chain) listen(addr string) (*Server, error) {
	s := &Server{
		Addr: addr, PublicKey: c.key.Public().(ed25519.PublicKey), chain: c,
		lite:   liteclient.NewServer([]ed25519.PrivateKey{c.key}),
		failed: make(chan error, 1), slots: make(chan struct{}, maxQueries),
		clients: map[*liteclient.ServerClient]struct{}{},
	}
	s.close = sync.OnceValue(s.end)
	ready := make(chan struct{})
	greet := sync.OnceFunc(func() { close(ready) })
	s.lite.SetConnectionHook(func(sc *liteclient.ServerClient) error {
		greet()
		return s.connected(sc)
	})
	s.lite.SetDisconnectHook(s.disconnected)
	s.lite.SetQueryHandler(s.handle)
	go func() { s.failed <- s.lite.Listen(addr) }()
	if err := s.started(ready); err != nil {
		return nil, err
	}
	return s, nil
}

// started dials until the listener takes a connection: the library doesn't tell when it listens.
func (s *Server) started(ready <-chan struct{}) error {
	deadline := time.NewTimer(startTimeout)
	defer deadline.Stop()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for {
		if conn, err := net.DialTimeout("tcp", s.Addr, startTimeout); err == nil {
			defer conn.Close()
		}
		select {
		case <-ready:
			return nil
		case err := <-s.failed:
			return err
		case <-deadline.C:
			return errors.Join(errors.New("listener did not start"), s.lite.Close())
		case <-again.C:
		}
	}
}

func (s *Server) connected(sc *liteclient.ServerClient) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.clients) >= maxClients {
		return errTooMany
	}
	s.clients[sc] = struct{}{}
	s.served.Add(1)
	return nil
}

func (s *Server) disconnected(sc *liteclient.ServerClient) {
	s.mu.Lock()
	delete(s.clients, sc)
	s.mu.Unlock()
	s.served.Done()
}

// handle answers on a goroutine of its own, since the library calls it from the loop that reads the connection.
func (s *Server) handle(ctx context.Context, sc *liteclient.ServerClient, id []byte, query tl.Serializable) {
	select {
	case s.slots <- struct{}{}:
	default:
		sc.Answer(id, liteclient.ServerBusy{Code: codeNotReady, Text: "too many queries"})
		return
	}
	s.served.Go(func() {
		defer func() { <-s.slots }()
		if !sc.Answer(id, s.chain.answer(ctx, query)) {
			s.chain.cfg.Logger.Debug("answer not sent", "client", sc.IP())
		}
	})
}

// Close stops listening, drops every connection and waits for what was being answered.
func (s *Server) Close() error { return s.close() }

func (s *Server) end() error {
	err := s.lite.Close()
	err = errors.Join(err, <-s.failed) // from here on nobody connects
	s.mu.Lock()
	for sc := range s.clients {
		sc.Close()
	}
	s.mu.Unlock()
	s.served.Wait()
	return err
}
