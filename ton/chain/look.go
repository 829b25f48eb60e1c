package chain

import (
	"context"
	"fmt"
	"sync"

	"github.com/tonaiagent/mpcnode/ton"
)

// look is what one block shows: each account is read once, however many messages it matters to. A look is made for one
// question and forgotten with its answer.
type look struct {
	c        *Client
	block    header
	emulator *ton.Emulator

	accounts  memo[ton.Address, ton.Account]
	contracts memo[ton.Address, ton.Account] // with the libraries that they need to run
}

// look begins at the newest block.
func (c *Client) look(ctx context.Context) (*look, error) {
	h, err := c.header(ctx, 0, catchUp)
	if err != nil {
		return nil, err
	}
	e, err := c.emulator(ctx)
	if err != nil {
		return nil, err
	}
	return &look{c: c, block: h, emulator: e}, nil
}

func (l *look) account(ctx context.Context, a ton.Address) (ton.Account, error) {
	return l.accounts.get(a, func() (ton.Account, error) { return l.c.accountIn(ctx, a, l.block) })
}

// contract returns an account that is to be run.
func (l *look) contract(ctx context.Context, a ton.Address) (ton.Account, error) {
	return l.contracts.get(a, func() (ton.Account, error) {
		acc, err := l.account(ctx, a)
		if err != nil {
			return ton.Account{}, err
		}
		hashes, err := acc.Libraries()
		if err != nil {
			return ton.Account{}, err
		}
		libraries, err := l.c.libraries(ctx, hashes)
		if err != nil {
			return ton.Account{}, err
		}
		return acc.WithLibraries(libraries)
	})
}

// run runs a get method, and returns the stack that it leaves, the top first.
func (l *look) run(ctx context.Context, a ton.Address, method string, args ...any) (out []any, err error) {
	// The code is anybody's, and the machine that runs it is large.
	defer func() {
		if r := recover(); r != nil {
			l.c.cfg.Logger.Error("getter panicked", "account", a.String(), "method", method, "panic", r)
			err = fmt.Errorf("run getter %s of %s: it can't be run", method, a)
		}
	}()
	acc, err := l.contract(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("run getter %s of %s: %w", method, a, err)
	}
	if err := ctx.Err(); err != nil {
		return nil, unavailable(err)
	}
	if out, err = l.emulator.RunGetter(acc, l.c.cfg.GlobalID, method, args...); err != nil {
		return nil, fmt.Errorf("account %s: %w", a, err)
	}
	return out, nil
}

// memo finds each value once, also for callers side by side. The zero value is empty.
type memo[K comparable, V any] struct {
	mu    sync.Mutex
	found map[K]func() (V, error) // guarded by mu
}

func (m *memo[K, V]) get(k K, find func() (V, error)) (V, error) {
	m.mu.Lock()
	once, ok := m.found[k]
	if !ok {
		if m.found == nil {
			m.found = make(map[K]func() (V, error))
		}
		once = sync.OnceValues(find)
		m.found[k] = once
	}
	m.mu.Unlock()
	return once()
}
