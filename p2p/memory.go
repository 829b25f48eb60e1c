package p2p

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// Memory is a network in the process, with the contract of TCP and with faults to order. It waits on channels and
// timers only, so that under testing/synctest it runs in fake time and repeats. Parties are named by their Config.Self.
type Memory struct {
	mu        sync.Mutex       // guards the fields below; never held while waiting
	hosts     map[string]*host // by public key
	cuts      map[[2]string]chan struct{}
	delays    map[[2]string]time.Duration
	intercept Intercept
}

// Intercept sees a frame that carries user's bytes on its way and returns the bodies to deliver in its place: itself,
// another, several, none. The session is zero for calls. It may be called from several goroutines at once.
type Intercept func(from, to string, k Kind, session [32]byte, b []byte) [][]byte

// NewMemory returns a network without hosts or faults.
func NewMemory() *Memory {
	return &Memory{
		hosts: make(map[string]*host), cuts: make(map[[2]string]chan struct{}), delays: make(map[[2]string]time.Duration),
	}
}

// Open adds a host. A second one with the same identity is refused until the first is closed.
func (n *Memory) Open(cfg Config) (Host, error) {
	h, err := open(cfg)
	if err != nil {
		return nil, fmt.Errorf("open memory host: %w", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.hosts[string(h.public())] != nil {
		return nil, errors.New("open memory host: identity in use")
	}
	n.hosts[string(h.public())] = h
	h.start(&memoryTransport{n, h})
	return h, nil
}

// Cut holds up all that two parties send each other, as a broken cable does: nobody is told, so each finds out by the
// heartbeats it misses.
func (n *Memory) Cut(a, b string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cuts[pair(a, b)] == nil {
		n.cuts[pair(a, b)] = make(chan struct{})
	}
}

// Heal undoes Cut. What was held up arrives, unless the link was given up meanwhile.
func (n *Memory) Heal(a, b string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if healed := n.cuts[pair(a, b)]; healed != nil {
		close(healed)
		delete(n.cuts, pair(a, b))
	}
}

// Delay makes every frame between two parties take d, each way, from now on. Order is kept.
func (n *Memory) Delay(a, b string, d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.delays[pair(a, b)] = d
}

// Intercept sets what sees every call and session frame, or with nil nobody.
func (n *Memory) Intercept(f Intercept) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.intercept = f
}

func pair(a, b string) [2]string { return [2]string{min(a, b), max(a, b)} }

// cut returns nil, or a channel that is closed by Heal.
func (n *Memory) cut(a, b string) <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cuts[pair(a, b)]
}

func (n *Memory) delay(a, b string) time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.delays[pair(a, b)]
}

// pass returns the frames to deliver for f.
func (n *Memory) pass(from, to string, f frame) []frame {
	n.mu.Lock()
	intercept := n.intercept
	n.mu.Unlock()
	if intercept == nil || f.form != formSession && f.form != formRequest && f.form != formReply {
		return []frame{f}
	}
	var list []frame
	for _, body := range intercept(from, to, f.kind, f.session, f.body) {
		g := f
		g.body = slices.Clone(body)
		list = append(list, g)
	}
	return list
}

// memoryTransport is one host's place on a Memory.
type memoryTransport struct {
	net  *Memory
	host *host
}

// open connects two hosts that have pinned each other.
func (t *memoryTransport) open(ctx context.Context, p *peer) (link, error) {
	t.net.mu.Lock()
	far := t.net.hosts[string(p.key)]
	t.net.mu.Unlock()
	if far == nil || t.net.cut(t.host.cfg.Self, far.cfg.Self) != nil {
		return nil, errors.New("unreachable")
	}
	back := far.peerByKey(t.host.public())
	if back == nil {
		return nil, errors.New("not pinned by the peer")
	}
	ours, theirs := pipe(t.net, t.host, far)
	if err := back.offer(ctx, theirs); err != nil {
		return nil, fmt.Errorf("offer link: %w", err)
	}
	return ours, nil
}

func (t *memoryTransport) addrs() []string { return []string{"/memory/" + t.host.cfg.Self} }

func (t *memoryTransport) close() error {
	t.net.mu.Lock()
	defer t.net.mu.Unlock()
	delete(t.net.hosts, string(t.host.public()))
	return nil
}

// end is one end of a link in memory. Faults act where frames are received, so no goroutine is needed between the ends.
type end struct {
	net      *Memory
	kinds    kinds
	self     string
	peer     string
	in       <-chan packet
	out      chan<- packet
	done     chan struct{}   // closed when this end is
	far      <-chan struct{} // closed when the other end is
	once     sync.Once
	received []frame // passed by the interceptor; owned by recv
}

type packet struct {
	frame
	sent time.Time
}

func pipe(n *Memory, a, b *host) (link, link) {
	ab, ba := make(chan packet, queueFrames), make(chan packet, queueFrames)
	doneA, doneB := make(chan struct{}), make(chan struct{})
	return &end{net: n, kinds: a.kinds, self: a.cfg.Self, peer: b.cfg.Self, in: ba, out: ab, done: doneA, far: doneB},
		&end{net: n, kinds: b.kinds, self: b.cfg.Self, peer: a.cfg.Self, in: ab, out: ba, done: doneB, far: doneA}
}

func (e *end) close() { e.once.Do(func() { close(e.done) }) }

func (e *end) flush() error { return nil }

func (e *end) send(f *frame) error {
	p := packet{*f, time.Now()}
	p.body = slices.Clone(f.body) // the two ends share nothing, as over a wire
	select {
	case e.out <- p:
		return nil
	default:
	}
	timeout := time.NewTimer(writeTimeout)
	defer timeout.Stop()
	select {
	case e.out <- p:
		return nil
	case <-e.done:
		return io.ErrClosedPipe
	case <-timeout.C:
		return errors.New("write timed out")
	}
}

func (e *end) recv() (frame, error) {
	for len(e.received) == 0 {
		p, err := e.arrive()
		if err != nil {
			return frame{}, err
		}
		e.received = e.net.pass(e.peer, e.self, p.frame)
	}
	f := e.received[0]
	e.received = e.received[1:]
	return f, e.kinds.check(f.form, f.kind, uint64(len(f.body)))
}

// arrive returns the next packet once it has come through. The end of the link comes after all that was sent before it,
// and like that only over a whole cable.
func (e *end) arrive() (packet, error) {
	select {
	case <-e.done:
		return packet{}, io.ErrClosedPipe
	default:
	}
	select {
	case p := <-e.in:
		return p, e.travel(p.sent)
	default:
	}
	select {
	case p := <-e.in:
		return p, e.travel(p.sent)
	case <-e.done:
		return packet{}, io.ErrClosedPipe
	case <-e.far:
	}
	select {
	case p := <-e.in:
		return p, e.travel(p.sent)
	default:
	}
	if err := e.travel(time.Now()); err != nil {
		return packet{}, err
	}
	return packet{}, io.EOF
}

// travel waits until what was sent then has come through delay and cuts.
func (e *end) travel(sent time.Time) error {
	if wait := time.Until(sent.Add(e.net.delay(e.self, e.peer))); wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-t.C:
		case <-e.done:
			return io.ErrClosedPipe
		}
	}
	for healed := e.net.cut(e.self, e.peer); healed != nil; healed = e.net.cut(e.self, e.peer) {
		select {
		case <-healed:
		case <-e.done:
			return io.ErrClosedPipe
		}
	}
	return nil
}
