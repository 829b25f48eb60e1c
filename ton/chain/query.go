package chain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/xssnick/tonutils-go/tl"
	lite "github.com/xssnick/tonutils-go/ton"
)

// Error codes of a liteserver (ton/ton-types.h).
const (
	codeNone    = 0 // of an error without one, as for a message that isn't accepted
	codeTimeout = 652
)

// serverError is what a liteserver answered instead. Its text is the server's, cut and quoted.
type serverError struct {
	code int32
	text string
}

func (e *serverError) Error() string {
	return fmt.Sprintf("liteserver says %q (code %d)", e.text, e.code)
}

// wait makes a liteserver answer only when it has a block (waitMasterchainSeqno); the zero value waits for nothing.
type wait struct {
	seqno  uint32
	atMost time.Duration
}

// ask sends one query, after the wait, and reads its answer, which must be an A. What one liteserver leaves unanswered for
// patience, or answers badly, another is asked once more, if there is one. Its deadline is callTimeout, or a little more
// than the wait when that is longer. Errors wrap ErrUnavailable. read may be called twice.
func ask[A, R any](ctx context.Context, c *Client, w wait, query tl.Serializable, read func(A) (R, error)) (none R, err error) {
	if c.cfg.Network != Dev && !c.proves() {
		return none, fmt.Errorf("network %q: %w", c.cfg.Network, errTrusted)
	}
	ctx, cancel := context.WithTimeout(ctx, max(callTimeout, w.atMost+waitGrace))
	defer cancel()
	sent, err := w.before(query)
	if err != nil {
		return none, err
	}
	who, ok := ctx.Value(answeredBy{}).(*Liteserver)
	if !ok {
		who = new(Liteserver)
		ctx = context.WithValue(ctx, answeredBy{}, who)
	}
	if p, ok := c.lite.(*pool); ok && *who == (Liteserver{}) && p.several() {
		first, cancel := context.WithTimeout(ctx, w.atMost+patience)
		r, err := attempt(first, c, who, sent, read)
		cancel()
		if err == nil || ctx.Err() != nil || !p.instead(*who) {
			return r, err
		}
		*who = Liteserver{}
	}
	return attempt(ctx, c, who, sent, read)
}

// attempt is ask's query to one liteserver.
func attempt[A, R any](ctx context.Context, c *Client, who *Liteserver, sent tl.Serializable, read func(A) (R, error)) (none R, err error) {
	var answer tl.Serializable
	// The answer is the liteserver's, and the libraries that read it are large: a panic in one is a bad answer.
	defer func() {
		if r := recover(); r != nil {
			c.blame(*who)
			c.cfg.Logger.Error("answer of a liteserver cannot be read",
				"liteserver", who.Addr, "answer", fmt.Sprintf("%T", answer), "panic", r)
			err = fmt.Errorf("%w: answer cannot be read", ErrUnavailable)
		}
	}()
	if err := c.lite.QueryLiteserver(ctx, sent, &answer); err != nil {
		return none, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	r, err := take(answer, read)
	if err != nil {
		if !said(err, codeNone) && !said(err, codeTimeout) {
			c.blame(*who) // its answer is refused, or it hasn't what it should have; another may
		}
		return none, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return r, nil
}

// take reads an answer that must be an A.
func take[A, R any](answer any, read func(A) (R, error)) (none R, err error) {
	switch t := answer.(type) {
	case A:
		return read(t)
	case lite.LSError:
		return none, &serverError{t.Code, clip(t.Text)}
	}
	return none, fmt.Errorf("answer is a %T", answer)
}

// blame makes a pool ask others than the liteserver whose answer was refused.
func (c *Client) blame(l Liteserver) {
	if p, ok := c.lite.(*pool); ok {
		p.blame(l)
	}
}

// unavailable makes err say that nothing is known, once.
func unavailable(err error) error {
	if errors.Is(err, ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// before puts the wait in front of a query, as one message.
func (w wait) before(query tl.Serializable) (tl.Serializable, error) {
	if w.seqno == 0 {
		return query, nil
	}
	prefix, err := tl.Serialize(lite.WaitMasterchainSeqno{
		Seqno: int32(w.seqno), Timeout: int32(w.atMost.Milliseconds()),
	}, true)
	if err != nil {
		return nil, fmt.Errorf("write query: %w", err)
	}
	body, err := tl.Serialize(query, true)
	if err != nil {
		return nil, fmt.Errorf("write query: %w", err)
	}
	return tl.Raw(slices.Concat(prefix, body)), nil
}

// said reports whether err is a liteserver's answer with that code.
func said(err error, code int32) bool {
	s, ok := errors.AsType[*serverError](err)
	return ok && s.code == code
}

func clip(s string) string {
	if len(s) > maxErrorText {
		return s[:maxErrorText] + "…"
	}
	return s
}
