package p2p

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// rooms holds a host's sessions and what came for those not yet joined. The zero value is ready.
type rooms struct {
	mu     sync.Mutex // guards the fields below; held for moments only, never while waiting
	shut   bool
	open   map[[32]byte]*session
	early  map[*mux]*early
	closed map[[32]byte]bool
	oldest [closedMax][32]byte // ring of the ids in closed
	next   int
}

// route brings a frame to its session, or keeps it for a while.
func (r *rooms) route(link *mux, f frame) {
	if s := r.find(link, f); s != nil {
		s.put(link, f)
	}
}

// find returns the open session of f. If there is none yet it keeps f; if there was one, f is late and dropped.
func (r *rooms) find(link *mux, f frame) *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.open[f.session]
	if s == nil && !r.shut && !r.closed[f.session] {
		r.keep(link, f)
	}
	return s
}

func (r *rooms) keep(link *mux, f frame) {
	if r.early[link] == nil {
		if r.early == nil {
			r.early = make(map[*mux]*early)
		}
		r.early[link] = &early{boxes: make(map[[32]byte]*earlyBox)}
	}
	r.early[link].keep(f, time.Now())
}

// enter opens a session and puts into it what came early, ahead of all that comes later.
func (r *rooms) enter(s *session) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.shut:
		return ErrClosed
	case r.open[s.id] != nil || r.closed[s.id]:
		return errors.New("the id was joined before")
	case len(r.open) >= sessionsMax:
		return errors.New("too many sessions are open")
	}
	if r.open == nil {
		r.open, r.closed = make(map[[32]byte]*session), make(map[[32]byte]bool)
	}
	for _, m := range s.members {
		select {
		case <-m.mux.down: // since Join looked: nobody will tell this session any more
			return ErrPeerDown{m.mux.peer.name}
		default:
		}
		for _, f := range r.early[m.mux].take(s.id, time.Now()) {
			s.put(m.mux, f)
		}
	}
	r.open[s.id] = s
	return nil
}

// leave closes a session and remembers its id for late frames.
func (r *rooms) leave(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open[s.id] != s {
		return
	}
	delete(r.open, s.id)
	close(s.done)
	delete(r.closed, r.oldest[r.next])
	r.oldest[r.next], r.closed[s.id] = s.id, true
	r.next = (r.next + 1) % closedMax
}

// lose tells the sessions of a link that it is gone, and forgets what came early over it.
func (r *rooms) lose(link *mux) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.early, link)
	for _, s := range r.open {
		if m := s.member(func(m *member) bool { return m.mux == link }); m != nil && s.who == "" {
			s.who = link.peer.name
			close(s.lost)
		}
	}
}

func (r *rooms) closeAll() {
	r.mu.Lock()
	r.shut = true
	open := slices.Collect(maps.Values(r.open))
	r.mu.Unlock()
	for _, s := range open {
		r.leave(s)
	}
}

// early holds frames of one link for sessions that are not joined yet. Its bounds are in limits.go; what exceeds them is
// dropped, never what is there already.
type early struct {
	boxes map[[32]byte]*earlyBox
	order [][32]byte // ids in boxes, oldest first; all live equally long
	bytes int
}

type earlyBox struct {
	frames []frame
	until  time.Time
}

func (e *early) keep(f frame, now time.Time) {
	e.expire(now)
	box := e.boxes[f.session]
	if e.bytes+len(f.body) > earlyBytes || box == nil && len(e.boxes) >= earlySessions {
		return
	}
	if box == nil {
		box = &earlyBox{until: now.Add(earlyLife)}
		e.boxes[f.session] = box
		e.order = append(e.order, f.session)
	}
	if len(box.frames) < earlyFrames {
		box.frames = append(box.frames, f)
		e.bytes += len(f.body)
	}
}

// take empties the box of a session.
func (e *early) take(id [32]byte, now time.Time) []frame {
	if e == nil {
		return nil
	}
	e.expire(now)
	box := e.boxes[id]
	if box == nil {
		return nil
	}
	e.drop(id)
	e.order = slices.DeleteFunc(e.order, func(x [32]byte) bool { return x == id })
	return box.frames
}

func (e *early) expire(now time.Time) {
	for len(e.order) > 0 && !now.Before(e.boxes[e.order[0]].until) {
		e.drop(e.order[0])
		e.order = e.order[1:]
	}
}

func (e *early) drop(id [32]byte) {
	for _, f := range e.boxes[id].frames {
		e.bytes -= len(f.body)
	}
	delete(e.boxes, id)
}
