package chain

import (
	"context"
	"fmt"

	"github.com/tonaiagent/mpcnode/ton"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// RunGetter runs a get method of an account in this process, on its state in the newest block, and returns the stack it
// leaves, the top first. A liteserver only supplies the state and the libraries that it needs, both checked by hash.
// Arguments and results are those of ton.Emulator.RunGetter.
func (c *Client) RunGetter(ctx context.Context, a ton.Address, method string, args ...any) ([]any, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	l, err := c.look(ctx)
	if err != nil {
		return nil, fmt.Errorf("run getter %s of %s: %w", method, a, err)
	}
	return l.run(ctx, a, method, args...)
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

// libraries fetches library cells, which prove themselves by their hash. That one isn't there can be the liteserver's
// fault or the contract's, so nobody is blamed.
func (c *Client) libraries(ctx context.Context, hashes [][32]byte) ([]*cell.Cell, error) {
	if len(hashes) == 0 {
		return nil, nil
	}
	query := lite.GetLibraries{}
	for _, h := range hashes {
		query.LibraryList = append(query.LibraryList, h[:])
	}
	found, err := ask(ctx, c, wait{}, query, readLibraries)
	if err != nil {
		return nil, err
	}
	out := make([]*cell.Cell, len(hashes))
	for i, h := range hashes {
		if out[i] = found[h]; out[i] == nil {
			return nil, fmt.Errorf("library %x is missing", h)
		}
	}
	return out, nil
}

// readLibraries returns the cells of an answer by their hashes. Some liteservers wrap a library in an empty cell.
func readLibraries(answer lite.LibraryResult) (map[[32]byte]*cell.Cell, error) {
	found := make(map[[32]byte]*cell.Cell)
	for _, entry := range answer.Result {
		root, err := cell.FromBOC(entry.Data)
		if err != nil {
			return nil, fmt.Errorf("read library: %w", err)
		}
		if root.BitsSize() == 0 && root.RefsNum() == 1 {
			root = root.MustPeekRef(0)
		}
		found[root.HashKey()] = root
	}
	return found, nil
}
