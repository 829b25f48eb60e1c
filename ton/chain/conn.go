package chain

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/xssnick/tonutils-go/adnl"
	"github.com/xssnick/tonutils-go/liteclient"
	"github.com/xssnick/tonutils-go/tl"
)

var answerID = tl.CRC("adnl.message.answer query_id:int256 answer:bytes = adnl.Message")

// conn is an open connection to a liteserver. Answers are handed over as bytes: nothing of what a liteserver sends is
// parsed on the connection's own goroutines beyond the packet it is in.
type conn struct {
	server Liteserver
	tcp    net.Conn
	loops  sync.WaitGroup
	done   chan struct{} // closed when the connection has ended

	sending sync.Mutex // held while a packet is written
	streams *streams   // out under sending; in is owned by read

	mu     sync.Mutex // guards the fields below
	asked  map[[32]byte]chan []byte
	failed error
}

func newConn(l Liteserver, tcp net.Conn, s *streams) *conn {
	c := &conn{server: l, tcp: tcp, streams: s, done: make(chan struct{}), asked: map[[32]byte]chan []byte{}}
	c.loops.Go(c.read)
	c.loops.Go(c.ping)
	return c
}

// read hands over answers until the connection ends.
func (c *conn) read() {
	for {
		err := c.tcp.SetReadDeadline(time.Now().Add(maxSilence))
		var content []byte
		if err == nil {
			content, err = c.streams.receive(c.tcp)
		}
		if err != nil {
			c.end(err)
			return
		}
		c.deliver(content)
	}
}

// deliver gives an answer to whoever asked. What nobody asked for is dropped, as are the answers to pings.
func (c *conn) deliver(content []byte) {
	if len(content) < 4+32 || binary.LittleEndian.Uint32(content) != answerID {
		return
	}
	id := [32]byte(content[4:36])
	c.mu.Lock()
	to := c.asked[id]
	delete(c.asked, id)
	c.mu.Unlock()
	if to != nil {
		to <- content[36:] // it has room for the one answer
	}
}

// ping keeps the connection open.
func (c *conn) ping() {
	every := time.NewTicker(pingEvery)
	defer every.Stop()
	for {
		select {
		case now := <-every.C:
			content, err := tl.Serialize(liteclient.TCPPing{RandomID: now.UnixNano()}, true)
			if err == nil {
				err = c.send(content)
			}
			if err != nil {
				c.end(err)
				return
			}
		case <-c.done:
			return
		}
	}
}

func (c *conn) send(content []byte) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	return c.streams.send(c.tcp, content)
}

// ask sends a query and returns its answer as it came.
func (c *conn) ask(ctx context.Context, query tl.Serializable) ([]byte, error) {
	var id [32]byte
	if _, err := rand.Read(id[:]); err != nil {
		return nil, err
	}
	content, err := tl.Serialize(adnl.MessageQuery{ID: id[:], Data: liteclient.LiteServerQuery{Data: query}}, true)
	if err != nil {
		return nil, err
	}
	answer := make(chan []byte, 1)
	if err := c.expect(id, answer); err != nil {
		return nil, err
	}
	defer c.forget(id)
	if err := c.send(content); err != nil {
		c.end(err)
		return nil, errors.Join(errLost, err)
	}
	select {
	case b := <-answer:
		boxed, _, err := tl.FromBytes(b)
		return boxed, err
	case <-c.done:
		return nil, errLost
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *conn) expect(id [32]byte, answer chan []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.failed != nil:
		return errLost
	case len(c.asked) >= maxAsked:
		return errors.New("too many queries under way")
	}
	c.asked[id] = answer
	return nil
}

func (c *conn) forget(id [32]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.asked, id)
}

// end ends the connection, for the first reason given.
func (c *conn) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed != nil {
		return
	}
	c.failed = err
	c.tcp.Close()
	close(c.done)
}

func (c *conn) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}

// close ends the connection and waits for what runs on it.
func (c *conn) close() {
	c.end(errStopped)
	c.loops.Wait()
}
