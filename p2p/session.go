package p2p

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// session is one joined id. The link to each party is fixed by Join: what comes over a later one isn't part of it.
type session struct {
	rooms   *rooms
	id      [32]byte
	kind    Kind
	members []*member
	box     chan envelope // its room is shared by the members, so putting never waits

	done chan struct{} // closed by Close
	lost chan struct{} // closed when the first member goes down, after who is set
	who  string
}

// member is a party of a session.
type member struct {
	mux     *mux
	waiting atomic.Int32 // of its frames in the box
	share   int32        // of the box
	dropped bool         // owned by the link's reader: the drop was logged
}

type envelope struct {
	from *member
	body []byte
}

func newSession(r *rooms, id [32]byte, k Kind, links []*mux) *session {
	s := &session{
		rooms: r, id: id, kind: k,
		box:  make(chan envelope, mailboxFrames),
		done: make(chan struct{}), lost: make(chan struct{}),
	}
	for _, m := range links {
		s.members = append(s.members, &member{mux: m, share: int32(mailboxFrames / len(links))})
	}
	return s
}

func (s *session) member(of func(*member) bool) *member {
	for _, m := range s.members {
		if of(m) {
			return m
		}
	}
	return nil
}

// put leaves a frame that came over link. A member that has filled its share loses the frame, and nobody else does.
func (s *session) put(link *mux, f frame) {
	m := s.member(func(m *member) bool { return m.mux == link })
	if m == nil || f.kind != s.kind {
		link.peer.host.log.Debug("frame of no session dropped", "peer", link.peer.name, "kind", f.kind)
		return
	}
	if m.waiting.Add(1) > m.share {
		m.waiting.Add(-1)
		s.warnFull(m)
		return
	}
	s.box <- envelope{m, f.body}
}

// warnFull logs once a member and session.
func (s *session) warnFull(m *member) {
	if !m.dropped {
		m.dropped = true
		m.mux.peer.host.log.Warn("session mailbox full, frames dropped", "peer", m.mux.peer.name, "session", fmt.Sprintf("%x", s.id[:8]))
	}
}

func (s *session) Send(ctx context.Context, to string, b []byte) error {
	m := s.member(func(m *member) bool { return m.mux.peer.name == to })
	if m == nil {
		return fmt.Errorf("send: no party %q in the session", to)
	}
	if err := m.mux.peer.host.outgoing(formSession, s.kind, len(b)); err != nil {
		return fmt.Errorf("send to %s: %w", to, err)
	}
	select {
	case <-s.done:
		return fmt.Errorf("send to %s: %w", to, ErrClosed)
	case <-m.mux.down:
		return fmt.Errorf("send to %s: %w", to, m.mux.gone())
	case <-ctx.Done():
		return fmt.Errorf("send to %s: %w", to, ctx.Err())
	default:
	}
	if !m.mux.offer(frame{form: formSession, kind: s.kind, session: s.id, body: b}) {
		return fmt.Errorf("send to %s: %w", to, ErrQueueFull)
	}
	return nil
}

func (s *session) Recv(ctx context.Context) (string, []byte, error) {
	select {
	case e := <-s.box:
		return e.open()
	default:
	}
	select {
	case e := <-s.box:
		return e.open()
	case <-s.done:
		return "", nil, fmt.Errorf("receive: %w", ErrClosed)
	case <-ctx.Done():
		return "", nil, fmt.Errorf("receive: %w", ctx.Err())
	case <-s.lost:
	}
	select {
	case e := <-s.box: // it came before the link was lost, and select didn't see it first
		return e.open()
	default:
		return s.who, nil, fmt.Errorf("receive: %w", ErrPeerDown{s.who})
	}
}

func (e envelope) open() (string, []byte, error) {
	e.from.waiting.Add(-1)
	return e.from.mux.peer.name, e.body, nil
}

func (s *session) Close() { s.rooms.leave(s) }

func (h *host) Join(id [32]byte, with []string, k Kind) (Session, error) {
	if err := h.outgoing(formSession, k, 0); err != nil {
		return nil, fmt.Errorf("join session: %w", err)
	}
	links, err := h.links(with)
	if err != nil {
		return nil, fmt.Errorf("join session: %w", err)
	}
	s := newSession(&h.rooms, id, k, links)
	if err := h.rooms.enter(s); err != nil {
		return nil, fmt.Errorf("join session: %w", err)
	}
	return s, nil
}

// links returns the live link to each party, ours left out.
func (h *host) links(with []string) ([]*mux, error) {
	var links []*mux
	for i, party := range with {
		if party == h.cfg.Self {
			continue
		}
		m, err := h.mux(party)
		if err != nil {
			return nil, err
		}
		for _, earlier := range with[:i] {
			if earlier == party {
				return nil, fmt.Errorf("party %s twice", party)
			}
		}
		links = append(links, m)
	}
	if len(links) == 0 {
		return nil, errors.New("no other party")
	}
	return links, nil
}
