package chain

import (
	"context"
	"errors"
	"fmt"

	"github.com/tonaiagent/mpcnode/ton"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// RunGetter runs a get method of an account in this process, on its state in the newest block, and returns the stack it
// leaves, the top first. A liteserver only supplies the state and the libraries that it needs, both checked by hash.
// Arguments and results are those of ton.Emulator.RunGetter.
func (c *Client) RunGetter(ctx context.Context, a ton.Address, method string, args ...any) (out []any, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	acc, err := c.Account(ctx, a)
	if err != nil {
		return nil, err
	}
	e, err := c.emulator(ctx)
	if err != nil {
		return nil, err
	}
	// The code is anybody's, and the machine that runs it is large.
	defer func() {
		if r := recover(); r != nil {
			c.cfg.Logger.Error("getter panicked", "account", a.String(), "method", method, "panic", r)
			err = fmt.Errorf("run getter %s of %s: it can't be run", method, a)
		}
	}()
	hashes, err := acc.Libraries()
	if err != nil {
		return nil, fmt.Errorf("run getter %s of %s: %w", method, a, err)
	}
	libraries, err := c.libraries(ctx, hashes)
	if err != nil {
		return nil, fmt.Errorf("run getter %s of %s: %w", method, a, err)
	}
	if out, err = e.RunGetter(acc, c.cfg.GlobalID, libraries, method, args...); err != nil {
		return nil, fmt.Errorf("account %s: %w", a, err)
	}
	return out, nil
}

// configured is an emulator with the configuration that a key block has set.
type configured struct {
	key      uint32
	emulator *ton.Emulator
}

// emulator returns one for the configuration in force, which only a key block changes. Where nothing is proven it is
// that of the first call.
func (c *Client) emulator(ctx context.Context) (*ton.Emulator, error) {
	key := c.seen().key
	c.mu.Lock()
	have := c.configured
	c.mu.Unlock()
	if have.emulator != nil && have.key == key {
		return have.emulator, nil
	}
	boc, err := c.BlockchainConfig(ctx)
	if err != nil {
		return nil, err
	}
	e, err := ton.NewEmulator(boc)
	if err != nil {
		return nil, unavailable(err)
	}
	c.mu.Lock()
	c.configured = configured{key, e}
	c.mu.Unlock()
	return e, nil
}

// libraries fetches library cells, which prove themselves by their hash.
func (c *Client) libraries(ctx context.Context, hashes [][32]byte) ([]*cell.Cell, error) {
	if len(hashes) == 0 {
		return nil, nil
	}
	query := lite.GetLibraries{}
	for _, h := range hashes {
		query.LibraryList = append(query.LibraryList, h[:])
	}
	return ask(ctx, c, wait{}, query, func(answer lite.LibraryResult) ([]*cell.Cell, error) {
		var out []*cell.Cell
		for _, h := range hashes {
			l, err := findLibrary(answer, h)
			if err != nil {
				return nil, err
			}
			out = append(out, l)
		}
		return out, nil
	})
}

// findLibrary looks through an answer. Some liteservers wrap a library in an empty cell.
func findLibrary(answer lite.LibraryResult, hash [32]byte) (*cell.Cell, error) {
	for _, entry := range answer.Result {
		root, err := cell.FromBOC(entry.Data)
		if err != nil {
			return nil, fmt.Errorf("read library: %w", err)
		}
		if root.BitsSize() == 0 && root.RefsNum() == 1 {
			root = root.MustPeekRef(0)
		}
		if root.HashKey() == hash {
			return root, nil
		}
	}
	return nil, errors.New("a library is missing")
}
