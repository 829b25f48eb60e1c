package chain

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/xssnick/tonutils-go/tl"
)

var (
	errLost    = errors.New("connection to a liteserver was lost")
	errNone    = errors.New("no liteserver is connected")
	errStopped = errors.New("client is closed")
)

// check refuses what can't work, so that a typing error isn't taken for a liteserver that is down.
func (c Config) check() error {
	if c.Network != Dev && c.Trusted.IsZero() {
		return fmt.Errorf("network %q: %w", c.Network, errTrusted)
	}
	if len(c.Liteservers) < 1 || len(c.Liteservers) > maxLiteservers {
		return fmt.Errorf("%d liteservers are configured, want 1 to %d", len(c.Liteservers), maxLiteservers)
	}
	if len(c.Toncenters) > maxToncenters {
		return fmt.Errorf("%d toncenters are configured, at most %d are used", len(c.Toncenters), maxToncenters)
	}
	for _, t := range c.Toncenters {
		if err := t.Check(); err != nil {
			return fmt.Errorf("toncenter %q: %w", t.URL, err)
		}
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

// pool keeps a connection to each liteserver, and asks one for as long as it answers well.
type pool struct {
	servers []Liteserver
	log     *slog.Logger

	ctx     context.Context // ends with stop
	cancel  context.CancelCauseFunc
	keepers sync.WaitGroup

	mu     sync.Mutex // guards the fields below
	alive  []*conn
	blamed map[Liteserver]time.Time
}

// answeredBy is the context's key of a *Liteserver. One that names a server has that one asked; an empty one is set to
// whoever was.
type answeredBy struct{}

func newPool(cfg Config) *pool {
	p := &pool{servers: cfg.Liteservers, log: cfg.Logger, blamed: map[Liteserver]time.Time{}}
	p.ctx, p.cancel = context.WithCancelCause(context.Background())
	return p
}

// start connects to every liteserver at once and returns when each was tried, or ctx ends.
func (p *pool) start(ctx context.Context) {
	var tried sync.WaitGroup
	for _, l := range p.servers {
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
	for {
		c := p.connect(l, tried)
		if c == nil {
			return
		}
		select {
		case <-c.done:
			p.log.Warn("liteserver went away", "liteserver", l.Addr, "error", c.failure())
		case <-p.ctx.Done():
		}
		p.remove(c)
		c.close()
	}
}

// connect tries until it succeeds; nil when the pool stops.
func (p *pool) connect(l Liteserver, tried func()) *conn {
	defer tried()
	for pause := minBackoff; p.ctx.Err() == nil; pause = min(2*pause, maxBackoff) {
		ctx, cancel := context.WithTimeout(p.ctx, dialTimeout)
		c, err := open(ctx, l)
		cancel()
		if err == nil {
			p.add(c)
			p.log.Info("liteserver connected", "liteserver", l.Addr)
			return c
		}
		tried()
		level := slog.LevelWarn
		if pause > minBackoff {
			level = slog.LevelDebug // said already
		}
		p.log.Log(p.ctx, level, "liteserver does not answer", "liteserver", l.Addr, "error", err, "again_in", pause.String())
		select {
		case <-time.After(pause):
		case <-p.ctx.Done():
		}
	}
	return nil
}

func (p *pool) add(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alive = append(p.alive, c)
}

func (p *pool) remove(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alive = slices.DeleteFunc(p.alive, func(a *conn) bool { return a == c })
}

// next returns the first connection that isn't passed over, or the one that was blamed first when all are. So queries
// that belong together go to one liteserver, which has the block that it named.
func (p *pool) next() (*conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.alive) == 0 {
		return nil, errNone
	}
	return slices.MinFunc(p.alive, p.byBlame), nil
}

// best returns up to n connected liteservers, in the order in which they would be asked.
func (p *pool) best(n int) (servers []Liteserver) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range slices.SortedStableFunc(slices.Values(p.alive), p.byBlame) {
		servers = append(servers, c.server)
	}
	return servers[:min(n, len(servers))]
}

// byBlame is the order in which connections are asked. The caller holds mu.
func (p *pool) byBlame(a, b *conn) int { return p.lastBlame(a).Compare(p.lastBlame(b)) }

// to returns the connection to one liteserver, or to whoever is next when that is empty.
func (p *pool) to(l Liteserver) (*conn, error) {
	if l == (Liteserver{}) {
		return p.next()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.alive {
		if c.server == l {
			return c, nil
		}
	}
	return nil, errLost
}

// several reports whether there is a choice.
func (p *pool) several() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.alive) > 1
}

// instead reports whether another is asked next than the one that was asked last.
func (p *pool) instead(of Liteserver) bool {
	c, err := p.next()
	return err == nil && c.server != of
}

// lastBlame is zero when it no longer counts. The caller holds mu.
func (p *pool) lastBlame(c *conn) time.Time {
	if at := p.blamed[c.server]; time.Since(at) < blameFor {
		return at
	}
	return time.Time{}
}

// blame passes over a liteserver for some time: it didn't answer in time, or what it answered can't be true.
func (p *pool) blame(l Liteserver) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blamed[l] = time.Now()
}

// QueryLiteserver asks one liteserver. It stores the answer in result, a *tl.Serializable, and reads it here, on the
// goroutine of ask, which catches what the library panics at.
func (p *pool) QueryLiteserver(ctx context.Context, query, result tl.Serializable) error {
	to, ok := result.(*tl.Serializable)
	if !ok {
		return fmt.Errorf("result is a %T, want a pointer to tl.Serializable", result)
	}
	who, ok := ctx.Value(answeredBy{}).(*Liteserver)
	if !ok {
		who = &Liteserver{}
	}
	c, err := p.to(*who)
	if err != nil {
		return err
	}
	*who = c.server
	answer, err := c.ask(ctx, query)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errLost) {
			p.blame(c.server)
		}
		return err
	}
	_, err = tl.Parse(to, answer, true)
	return err
}

// stop ends queries and connections, and waits for them.
func (p *pool) stop() {
	p.cancel(errStopped)
	p.keepers.Wait()
}

// A query may go to any liteserver, so nothing sticks to one.

func (p *pool) StickyContext(ctx context.Context) context.Context { return ctx }

func (p *pool) StickyContextNextNode(ctx context.Context) (context.Context, error) {
	return ctx, errNone
}

func (p *pool) StickyContextNextNodeBalanced(ctx context.Context) (context.Context, error) {
	return ctx, errNone
}

func (p *pool) StickyNodeID(context.Context) uint32 { return 0 }
