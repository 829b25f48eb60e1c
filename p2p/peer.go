package p2p

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// peer is another party, whether a link to it is up or not.
type peer struct {
	host   *host
	name   string
	key    ed25519.PublicKey
	addrs  []string
	opens  bool      // we open the link and they accept it; the other way round at their end
	offers chan link // links they opened, for run to take

	running   chan struct{} // holds one for each running handler, across links
	answering chan struct{} // and one for each answer that waits for the queue

	mu    sync.Mutex // guards the fields below
	mux   *mux       // nil when down
	state Status
}

func newPeer(h *host, p Peer) *peer {
	return &peer{
		host: h, name: p.Party, key: p.PublicKey, addrs: p.Addrs,
		// Either end may have dialled; that one opens the link is settled by the keys, so that two never cross.
		opens:   bytes.Compare(h.public(), p.PublicKey) < 0,
		offers:  make(chan link),
		running: make(chan struct{}, handlersPerPeer), answering: make(chan struct{}, handlersPerPeer),
		state: Status{Party: p.Party},
	}
}

// run keeps a link to the peer until ctx ends.
func (p *peer) run(ctx context.Context) {
	wait := newBackoff(p.host.public(), p.key)
	var log grumble
	for ctx.Err() == nil {
		up, err := p.attempt(ctx)
		if ctx.Err() != nil {
			return
		}
		if up == 0 {
			log.warn(p.host.log, "no link to peer", p.name, err)
		}
		if up > backoffMax {
			wait.reset()
		}
		wait.sleep(ctx)
	}
}

// attempt brings one link up and serves it until it ends, which it always does with an error. It returns how long the
// link was up.
func (p *peer) attempt(ctx context.Context) (time.Duration, error) {
	l, err := p.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer l.close()
	first, err := p.greet(ctx, l)
	if err != nil {
		return 0, err
	}
	return p.serve(ctx, l, first)
}

func (p *peer) connect(ctx context.Context) (link, error) {
	if p.opens {
		return p.host.net.open(ctx, p)
	}
	select {
	case l := <-p.offers:
		return l, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// offer hands over a link that the peer opened. While another is up it is refused: a second holder of the peer's key, or
// a restored copy of its machine, can't take over what is under way. While the last one is being wound up, it waits.
func (p *peer) offer(ctx context.Context, l link) error {
	if p.opens {
		return errors.New("it is ours to open the link")
	}
	if p.live() != nil {
		return errors.New("a link is up already")
	}
	timeout := time.NewTimer(helloTimeout)
	defer timeout.Stop()
	select {
	case p.offers <- l:
		return nil
	case <-timeout.C:
		return errors.New("another link is being opened")
	case <-p.host.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// greet exchanges hellos: the opener's, the acceptor's, and the opener's first heartbeat, which says that it accepted. That
// heartbeat is returned to the acceptor; to the opener, nil.
func (p *peer) greet(ctx context.Context, l link) (*frame, error) {
	ctx, cancel := context.WithTimeout(ctx, helloTimeout)
	defer cancel()
	stop := context.AfterFunc(ctx, l.close)
	defer stop()
	if p.opens {
		if err := p.sayHello(l); err != nil {
			return nil, err
		}
		return nil, p.hearHello(l)
	}
	if err := p.hearHello(l); err != nil {
		return nil, err
	}
	if err := p.sayHello(l); err != nil {
		return nil, err
	}
	return expect(l, formBeat)
}

func (p *peer) sayHello(l link) error {
	return say(l, &frame{form: formHello, body: p.host.cfg.Hello})
}

// hearHello reads the peer's hello and, if it is refused, says why.
func (p *peer) hearHello(l link) error {
	f, err := expect(l, formHello)
	if err != nil {
		return err
	}
	err = p.host.cfg.CheckHello(p.name, f.body)
	if err == nil {
		return nil
	}
	if say(l, &frame{form: formRefuse, body: reason(err)}) == nil {
		untilClosed(l) // closing first could lose the reason on its way
	}
	return fmt.Errorf("refuse hello: %w", err)
}

// untilClosed waits for the peer to close the link, or for greet's deadline to do it.
func untilClosed(l link) {
	for {
		if _, err := l.recv(); err != nil {
			return
		}
	}
}

func say(l link, f *frame) error {
	if err := l.send(f); err != nil {
		return fmt.Errorf("greet: %w", err)
	}
	if err := l.flush(); err != nil {
		return fmt.Errorf("greet: %w", err)
	}
	return nil
}

// expect reads the next frame of a greeting.
func expect(l link, want form) (*frame, error) {
	f, err := l.recv()
	switch {
	case err != nil:
		return nil, fmt.Errorf("greet: %w", err)
	case f.form == formRefuse:
		return nil, fmt.Errorf("our hello was refused: %q", f.body)
	case f.form != want:
		return nil, fmt.Errorf("greet: %w: form %d, want %d", errProtocol, f.form, want)
	}
	return &f, nil
}

// reason cuts the text of an error to what a frame may carry of it.
func reason(err error) []byte {
	text := err.Error()
	return []byte(strings.ToValidUTF8(text[:min(len(text), reasonCap)], ""))
}

// live returns the link that is up, or nil.
func (p *peer) live() *mux {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mux
}

// set records that m is the link that is up, or with nil that none is.
func (p *peer) set(m *mux) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mux, p.state.Up, p.state.Since = m, m != nil, time.Now()
}

func (p *peer) status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}
