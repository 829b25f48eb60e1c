package p2p

import (
	"context"
	"fmt"
	"time"
)

// heartbeat makes our next one.
func (m *mux) heartbeat() frame {
	f := frame{form: formBeat, id: m.peer.host.clock()}
	if body := m.peer.host.cfg.Heartbeat; body != nil {
		f.body = body()
	}
	m.stamp.Store(f.id)
	return f
}

// beat sends a heartbeat every second and fails the link when three of the peer's in a row are missed, or ctx ends. What
// counts is when the last one came: in fake time, that doesn't hang on the order of what happens at one instant.
func (m *mux) beat(ctx context.Context) {
	tick := time.NewTicker(heartbeatEvery)
	defer tick.Stop()
	for m.silence() <= heartbeatMissed*heartbeatEvery {
		select {
		case <-tick.C:
		case <-m.down:
			return
		case <-ctx.Done():
			m.fail(ErrClosed)
			return
		}
		m.sendBeat()
	}
	m.fail(fmt.Errorf("%d heartbeats missed", heartbeatMissed))
}

// silence is how long ago the peer's last heartbeat came.
func (m *mux) silence() time.Duration { return time.Duration(m.peer.host.clock() - m.heard.Load()) }

// sendBeat skips a heartbeat while some before it wait: then the writer is waiting for the peer, under its own deadline. One
// over the cap is a bug of Config.Heartbeat; not sending it brings the link down rather than part of the body across.
func (m *mux) sendBeat() {
	f := m.heartbeat()
	if len(f.body) > heartbeatCap {
		m.peer.host.log.Error("heartbeat over its cap", "bytes", len(f.body), "cap", heartbeatCap)
		return
	}
	offer(m.urgent, f)
}

func (m *mux) takeBeat(f frame) {
	m.heard.Store(m.peer.host.clock())
	m.peer.seen(time.Now())
	offer(m.urgent, frame{form: formEcho, id: f.id})
	select {
	case <-m.news: // older
	default:
	}
	m.news <- f.body // there is room: this is the only sender
}

// takeEcho measures the round trip. Only the newest heartbeat counts, so a peer can't make up old ones.
func (m *mux) takeEcho(f frame) {
	if f.id == m.stamp.Load() {
		m.peer.measured(time.Duration(m.peer.host.clock() - f.id))
	}
}

// tell runs OnPeer and OnHeartbeat, so that a slow one holds nobody up.
func (m *mux) tell() {
	cfg := &m.peer.host.cfg
	if cfg.OnPeer != nil {
		cfg.OnPeer(m.peer.name, true)
		defer cfg.OnPeer(m.peer.name, false)
	}
	for {
		select {
		case body := <-m.news:
			if cfg.OnHeartbeat != nil {
				cfg.OnHeartbeat(m.peer.name, body)
			}
		case <-m.down:
			return
		}
	}
}

func (p *peer) seen(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.LastSeen = now
}

func (p *peer) measured(rtt time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.RTT = rtt
}
