package p2p

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// mux runs everything that shares one link, for as long as it lasts. serve reads; write is the only writer; beat keeps
// watch; tell runs the callbacks.
type mux struct {
	peer   *peer
	link   link
	out    chan frame
	urgent chan frame // heartbeats and their echoes, which pass all others

	down  chan struct{} // closed by fail, after cause is set
	once  sync.Once
	cause error

	heard atomic.Uint64 // clock of the peer's newest heartbeat
	stamp atomic.Uint64 // id of our newest heartbeat
	news  chan []byte   // the peer's newest heartbeat, for tell

	calls calls
}

// serve runs a link whose hellos were accepted until it fails, and returns after how long, and why.
func (p *peer) serve(ctx context.Context, l link, first *frame) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := &mux{
		peer: p, link: l,
		out: make(chan frame, queueFrames), urgent: make(chan frame, urgentFrames),
		down: make(chan struct{}), news: make(chan []byte, 1),
		calls: calls{waiting: make(map[uint64]*call)},
	}
	m.heard.Store(p.host.clock())
	m.sendBeat() // the first frame, before anyone else can send: it tells the acceptor that the link is up
	p.set(m)
	began := time.Now()
	p.host.log.Info("peer up", "peer", p.name)
	var wg sync.WaitGroup
	wg.Go(m.write)
	wg.Go(m.tell)
	wg.Go(func() { m.beat(ctx) })

	m.fail(m.read(ctx, first))
	cancel() // handlers of this link's calls
	p.set(nil)
	p.host.rooms.lose(m)
	wg.Wait()
	p.host.log.Warn("peer down", "peer", p.name, "reason", m.cause)
	return time.Since(began), m.cause
}

// fail ends the link. Who waits for the peer learns it before the link is closed, which may take a moment.
func (m *mux) fail(err error) {
	m.once.Do(func() {
		m.cause = err
		close(m.down)
	})
	m.link.close()
}

// gone says to who waits for the peer what a closed down means.
func (m *mux) gone() error {
	if errors.Is(m.cause, ErrClosed) {
		return ErrClosed
	}
	return ErrPeerDown{m.peer.name}
}

// read takes frames until the link fails or the peer breaks the protocol. It never waits for anyone but the peer.
func (m *mux) read(ctx context.Context, first *frame) error {
	if first != nil {
		if err := m.take(ctx, *first); err != nil {
			return err
		}
	}
	for {
		f, err := m.link.recv()
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		if err := m.take(ctx, f); err != nil {
			return err
		}
	}
}

// take handles one frame; its error is a protocol violation, which ends the link.
func (m *mux) take(ctx context.Context, f frame) error {
	switch f.form {
	case formSession:
		m.peer.host.rooms.route(m, f)
	case formRequest:
		m.serveCall(ctx, f)
	case formReply, formFailure, formBusy:
		return m.settle(f)
	case formBeat:
		m.takeBeat(f)
	case formEcho:
		m.takeEcho(f)
	default:
		return fmt.Errorf("%w: form %d after the hellos", errProtocol, f.form)
	}
	return nil
}

// write sends what is queued and flushes when the queue is empty, so that frames that come together leave together.
func (m *mux) write() {
	var f frame // one for all, as it escapes to the link
	for m.next(&f) || m.wait(&f) {
		if err := m.burst(&f); err != nil {
			m.fail(fmt.Errorf("send: %w", err))
			return
		}
	}
}

// next takes a frame that is queued, if there is one.
func (m *mux) next(f *frame) bool {
	select {
	case *f = <-m.urgent:
		return true
	default:
	}
	select {
	case *f = <-m.out:
		return true
	default:
		return false
	}
}

// wait waits for the next frame to be queued; it is false when the link is down.
func (m *mux) wait(f *frame) bool {
	select {
	case *f = <-m.urgent:
		return true
	case *f = <-m.out:
		return true
	case <-m.down:
		return false
	}
}

// burst sends f and all that is queued behind it.
func (m *mux) burst(f *frame) error {
	for more := true; more; more = m.next(f) {
		if err := m.link.send(f); err != nil {
			return err
		}
	}
	return m.link.flush()
}

// enqueue waits for room in the queue.
func (m *mux) enqueue(ctx context.Context, f frame) error {
	select {
	case m.out <- f:
		return nil
	case <-m.down:
		return m.gone()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// offer queues f if there is room and reports whether there was.
func (m *mux) offer(f frame) bool { return offer(m.out, f) }

func offer(queue chan<- frame, f frame) bool {
	select {
	case queue <- f:
		return true
	default:
		return false
	}
}

// clock is the time since the host was made, in nanoseconds: monotonic, and says nothing to a peer.
func (h *host) clock() uint64 { return uint64(time.Since(h.born)) }
