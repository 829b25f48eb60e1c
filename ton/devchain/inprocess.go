package devchain

import (
	"context"
	"fmt"

	"github.com/xssnick/tonutils-go/liteclient"
	"github.com/xssnick/tonutils-go/tl"
	lite "github.com/xssnick/tonutils-go/ton"
)

// LiteClient returns a client of the chain without a socket. Queries and answers are serialised and parsed as they are
// on one, so it behaves the same; they run on the caller's goroutine, and wait on channels and timers alone, so it may
// be used inside a testing/synctest bubble in which the chain was made.
func (c *Chain) LiteClient() lite.LiteClient { return inProcess{c} }

type inProcess struct{ chain *Chain }

// QueryLiteserver stores the answer in result, a *tl.Serializable.
func (p inProcess) QueryLiteserver(ctx context.Context, query, result tl.Serializable) error {
	to, ok := result.(*tl.Serializable)
	if !ok {
		return fmt.Errorf("result is a %T, want a pointer to tl.Serializable", result)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	sent, err := overWire(liteclient.LiteServerQuery{Data: query})
	if err != nil {
		return fmt.Errorf("write query: %w", err)
	}
	answer := p.chain.answer(ctx, sent.(liteclient.LiteServerQuery).Data)
	if err := ctx.Err(); err != nil {
		return err // as a socket's client, which doesn't wait for the answer
	}
	*to, err = overWire(answer)
	return err
}

// overWire is what the other end of a connection reads when v is written.
func overWire(v tl.Serializable) (out tl.Serializable, err error) {
	b, err := tl.Serialize(v, true)
	if err != nil {
		return nil, err
	}
	_, err = tl.Parse(&out, b, true)
	return out, err
}

// There is one liteserver, so nothing sticks to another.

func (p inProcess) StickyContext(ctx context.Context) context.Context { return ctx }

func (p inProcess) StickyContextNextNode(ctx context.Context) (context.Context, error) {
	return ctx, liteclient.ErrNoNodesLeft
}

func (p inProcess) StickyContextNextNodeBalanced(ctx context.Context) (context.Context, error) {
	return ctx, liteclient.ErrNoNodesLeft
}

func (p inProcess) StickyNodeID(context.Context) uint32 { return 0 }
