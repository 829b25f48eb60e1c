package p2p

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// calls are those waiting for an answer on one link.
type calls struct {
	mu      sync.Mutex // guards the fields below
	waiting map[uint64]*call
	last    uint64
}

type call struct {
	kind   Kind
	answer chan frame // holds one: settle never waits
}

func (c *calls) add(k Kind) (uint64, *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	one := &call{kind: k, answer: make(chan frame, 1)}
	c.waiting[c.last] = one
	return c.last, one
}

// take removes a call: for its answer, or because nobody waits any more.
func (c *calls) take(id uint64) *call {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.waiting[id]
	delete(c.waiting, id)
	return one
}

func (h *host) Call(ctx context.Context, to string, k Kind, body []byte) ([]byte, error) {
	if err := h.outgoing(formRequest, k, len(body)); err != nil {
		return nil, fmt.Errorf("call %s: %w", to, err)
	}
	m, err := h.mux(to)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", to, err)
	}
	ctx, cancel := context.WithTimeout(ctx, callMax)
	defer cancel()
	reply, err := m.call(ctx, k, body)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", to, err)
	}
	return reply, nil
}

func (m *mux) call(ctx context.Context, k Kind, body []byte) ([]byte, error) {
	id, waiting := m.calls.add(k)
	defer m.calls.take(id)
	deadline, _ := ctx.Deadline()
	if err := m.enqueue(ctx, frame{form: formRequest, kind: k, id: id, left: millis(time.Until(deadline)), body: body}); err != nil {
		return nil, err
	}
	select {
	case f := <-waiting.answer:
		return m.answer(f)
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-m.down:
	}
	select {
	case f := <-waiting.answer: // it came just before the end
		return m.answer(f)
	default:
		return nil, m.gone()
	}
}

func millis(d time.Duration) uint32 {
	return uint32(min(max(d.Milliseconds(), 0), math.MaxUint32))
}

func (m *mux) answer(f frame) ([]byte, error) {
	switch f.form {
	case formReply:
		return f.body, nil
	case formBusy:
		return nil, ErrBusy
	}
	return nil, &RemoteError{Party: m.peer.name, Text: strings.ToValidUTF8(string(f.body), "")}
}

// settle hands an answer to its caller. One for a call that nobody waits for came too late; one of another kind came
// under another cap than the caller's.
func (m *mux) settle(f frame) error {
	waiting := m.calls.take(f.id)
	if waiting == nil {
		return nil
	}
	if f.kind != waiting.kind {
		return fmt.Errorf("%w: reply of kind %d to a call of kind %d", errProtocol, f.kind, waiting.kind)
	}
	waiting.answer <- f
	return nil
}

// serveCall starts the handler of a request, unless as many are running as a peer may have.
func (m *mux) serveCall(ctx context.Context, f frame) {
	select {
	case m.peer.running <- struct{}{}:
		m.peer.host.wg.Go(func() { m.runCall(ctx, f) })
	default:
		m.offer(frame{form: formBusy, kind: f.kind, id: f.id})
	}
}

// runCall runs the handler and sends its answer. Its place among the running is free before the answer can be seen, or a
// caller that asks again at once would find it taken; a place among the answers, of which there are as many, bounds
// those that a slow peer leaves waiting.
func (m *mux) runCall(ctx context.Context, f frame) {
	ctx, cancel := context.WithTimeout(ctx, min(time.Duration(f.left)*time.Millisecond, callMax))
	defer cancel()
	answer := m.handled(ctx, f)
	m.peer.answering <- struct{}{}
	defer func() { <-m.peer.answering }()
	<-m.peer.running
	select {
	case m.out <- answer:
	case <-m.down:
	}
}

// handled runs the handler and makes its answer.
func (m *mux) handled(ctx context.Context, f frame) frame {
	reply, err := m.peer.host.handle(ctx, m.peer.name, f)
	if err != nil {
		return frame{form: formFailure, kind: f.kind, id: f.id, body: reason(err)}
	}
	return frame{form: formReply, kind: f.kind, id: f.id, body: reply}
}

var errInternal = errors.New("internal error")

// handle calls Config.Handle. A panic there is a bug, but not one that a peer may stop the node with.
func (h *host) handle(ctx context.Context, from string, f frame) (reply []byte, err error) {
	defer func() {
		if bug := recover(); bug != nil {
			h.log.Error("handler panicked", "peer", from, "kind", f.kind, "panic", bug, "stack", string(debug.Stack()))
			reply, err = nil, errInternal
		}
	}()
	if h.cfg.Handle == nil {
		return nil, errors.New("no calls are taken")
	}
	reply, err = h.cfg.Handle(ctx, from, f.kind, f.body)
	if err == nil && h.outgoing(formReply, f.kind, len(reply)) != nil {
		h.log.Error("reply over its cap", "peer", from, "kind", f.kind, "bytes", len(reply))
		return nil, errInternal
	}
	return reply, err
}
