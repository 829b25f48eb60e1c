package chain

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/xssnick/tonutils-go/liteclient"
	"github.com/xssnick/tonutils-go/tl"
)

var errLost = errors.New("connection to a liteserver was lost")

// check refuses what can't work, so that a typing error isn't taken for a liteserver that is down.
func (c Config) check() error {
	if c.Network != Dev && c.Trusted.IsZero() {
		return fmt.Errorf("network %q: %w", c.Network, errTrusted)
	}
	if len(c.Liteservers) < 1 || len(c.Liteservers) > maxLiteservers {
		return fmt.Errorf("%d liteservers are configured, want 1 to %d", len(c.Liteservers), maxLiteservers)
	}
	for _, l := range c.Liteservers {
		if _, _, err := net.SplitHostPort(l.Addr); err != nil {
			return fmt.Errorf("liteserver address %q: %w", l.Addr, err)
		}
		if key, err := base64.StdEncoding.DecodeString(l.Key); err != nil || len(key) != 32 {
			return fmt.Errorf("liteserver %s: its key is not 32 bytes in base64", l.Addr)
		}
	}
	return nil
}

// pool keeps a connection to each liteserver. The library's own reconnecting never ends, and leaves queries to their
// deadline when a connection is lost.
type pool struct {
	*liteclient.ConnectionPool
	servers []Liteserver
	log     *slog.Logger

	ctx     context.Context // ends with stop
	cancel  context.CancelCauseFunc
	keepers sync.WaitGroup
	lost    map[Liteserver]chan struct{} // one signal for each connection that ended

	mu     sync.Mutex // guards period
	period *period
}

// period is the time between two losses of a connection; queries end with it.
type period struct {
	context.Context
	end context.CancelCauseFunc
}

func newPool(cfg Config) *pool {
	p := &pool{
		ConnectionPool: liteclient.NewConnectionPool(), servers: cfg.Liteservers, log: cfg.Logger,
		lost: map[Liteserver]chan struct{}{},
	}
	p.ctx, p.cancel = context.WithCancelCause(context.Background())
	p.renew()
	for _, l := range p.servers {
		p.lost[l] = make(chan struct{}, 1)
	}
	p.SetOnDisconnect(func(addr, key string) {
		p.renew()
		select {
		case p.lost[Liteserver{addr, key}] <- struct{}{}:
		default:
		}
	})
	return p
}

// start connects to every liteserver at once and returns when each was tried, or ctx ends.
func (p *pool) start(ctx context.Context) {
	var tried sync.WaitGroup
	for l := range p.lost {
		tried.Add(1)
		p.keepers.Go(func() { p.keep(l, sync.OnceFunc(tried.Done)) })
	}
	all := make(chan struct{})
	p.keepers.Go(func() { tried.Wait(); close(all) })
	select {
	case <-all:
	case <-ctx.Done():
	}
}

// keep connects to one liteserver, and again whenever the connection ends, until the pool stops.
func (p *pool) keep(l Liteserver, tried func()) {
	for p.connect(l, tried) {
		select {
		case <-p.lost[l]:
			p.log.Warn("liteserver went away", "liteserver", l.Addr)
		case <-p.ctx.Done():
			return
		}
	}
}

// connect tries until it succeeds; false when the pool stops.
func (p *pool) connect(l Liteserver, tried func()) bool {
	for pause := minBackoff; ; pause = min(2*pause, maxBackoff) {
		ctx, cancel := context.WithTimeout(p.ctx, dialTimeout)
		err := p.AddConnection(ctx, l.Addr, l.Key)
		cancel()
		tried()
		if err == nil {
			p.log.Info("liteserver connected", "liteserver", l.Addr)
			return true
		}
		level := slog.LevelWarn
		if pause > minBackoff {
			level = slog.LevelDebug // said already
		}
		p.log.Log(p.ctx, level, "liteserver does not answer", "liteserver", l.Addr, "error", err, "again_in", pause.String())
		select {
		case <-time.After(pause):
		case <-p.ctx.Done():
			return false
		}
	}
}

// renew ends the queries under way and starts a period for new ones.
func (p *pool) renew() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.period != nil {
		p.period.end(errLost)
	}
	ctx, end := context.WithCancelCause(p.ctx)
	p.period = &period{ctx, end}
}

// QueryLiteserver asks whichever liteserver is connected and quickest.
func (p *pool) QueryLiteserver(ctx context.Context, query, result tl.Serializable) error {
	p.mu.Lock()
	now := p.period
	p.mu.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(now, func() { cancel(context.Cause(now)) })()
	err := p.ConnectionPool.QueryLiteserver(ctx, query, result)
	if err != nil && now.Err() != nil {
		return context.Cause(now)
	}
	return err
}

func (p *pool) stop() {
	p.cancel(liteclient.ErrStopped)
	p.keepers.Wait()
	p.Stop()
}
