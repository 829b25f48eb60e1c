package chain

import (
	"context"
	"errors"
	"fmt"
	"time"

	lite "github.com/xssnick/tonutils-go/ton"
)

// Head is a masterchain block.
type Head struct {
	Seqno uint32
	Time  time.Time // its gen_utime, whole seconds, UTC
}

// header is a masterchain block with its full name; the zero value is none.
type header struct {
	id   *lite.BlockIDExt
	time uint32
	key  uint32 // seqno of the newest key block up to it, which set the configuration; 0 when nothing is proven
}

func (h header) seqno() uint32 {
	if h.id == nil {
		return 0
	}
	return h.id.SeqNo
}

func (h header) at() time.Time { return time.Unix(int64(h.time), 0).UTC() }

// Head returns the newest masterchain block. Later calls never return an older one.
func (c *Client) Head(ctx context.Context) (Head, error) {
	h, err := c.header(ctx, 0, catchUp)
	if err != nil {
		return Head{}, fmt.Errorf("read newest block: %w", err)
	}
	return Head{h.seqno(), h.at()}, nil
}

// WaitHead returns a block that is newer than after, however long that takes; ctx ends the wait. It asks nobody when one
// was seen lately.
func (c *Client) WaitHead(ctx context.Context, after uint32) (Head, error) {
	if h, ok := c.seenSince(after); ok {
		return Head{h.seqno(), h.at()}, nil
	}
	for {
		h, err := c.header(ctx, max(after, after+1), waitTimeout) // the last number has no next
		if err == nil {
			return Head{h.seqno(), h.at()}, nil
		}
		if !said(err, codeTimeout) {
			return Head{}, fmt.Errorf("wait for a block after %d: %w", after, err)
		}
		select { // no new block in that time; a server that says so too soon must not make this spin
		case <-time.After(waitPause):
		case <-ctx.Done():
			return Head{}, fmt.Errorf("wait for a block after %d: %w: %w", after, ErrUnavailable, ctx.Err())
		}
	}
}

// header reads the newest block once a liteserver has atLeast and what has been seen; it may take patience for that.
func (c *Client) header(ctx context.Context, atLeast uint32, patience time.Duration) (header, error) {
	who := new(Liteserver)
	h, err := c.named(context.WithValue(ctx, answeredBy{}, who), wait{max(atLeast, c.seen().seqno()), patience})
	if err != nil {
		return header{}, err
	}
	if !c.proves() {
		if h, err = c.advance(h); err != nil {
			return header{}, unavailable(err)
		}
		return h, nil
	}
	if h, err = c.provenHead(ctx, h); err != nil && ctx.Err() == nil {
		c.blame(*who)
	}
	return h, err
}

// named is the newest block as a liteserver names it, with the time that it says.
func (c *Client) named(ctx context.Context, w wait) (header, error) {
	return ask(ctx, c, w, lite.GetMasterchainInfoExt{}, func(info lite.MasterchainInfoExt) (header, error) {
		h := header{id: info.Last, time: info.LastUTime}
		if !isMasterchain(h.id) || h.seqno() == 0 || h.time == 0 {
			return header{}, errors.New("newest block is not a masterchain block")
		}
		if h.seqno() < w.seqno {
			return header{}, fmt.Errorf("newest block is %d, want %d at least", h.seqno(), w.seqno)
		}
		return h, nil
	})
}

// provenHead takes a block as the newest when it is proven and fresh. One call at a time works on that, the others find its
// result. What a call that took too long has proven of key blocks is kept for the next.
func (c *Client) provenHead(ctx context.Context, named header) (header, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	select {
	case c.proving <- struct{}{}:
		defer func() { <-c.proving }()
	case <-ctx.Done():
		return header{}, unavailable(ctx.Err())
	}
	h, err := c.prove(ctx, named)
	if err != nil {
		return header{}, unavailable(err)
	}
	if h, err = c.advance(h); err == nil {
		err = c.fresh(h)
	}
	if err != nil {
		return header{}, unavailable(err)
	}
	return h, nil
}

func (c *Client) seen() header {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newest
}

// seenSince returns the newest block seen, if it is newer than after, which must be a block, and was named within seenFor.
func (c *Client) seenSince(after uint32) (header, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newest, after > 0 && c.newest.seqno() > after && time.Since(c.newestAt) < seenFor
}

// advance takes h as the newest block if it is newer, and returns the newest: an answer to a call beside this one may
// have overtaken it.
func (c *Client) advance(h header) (header, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case h.seqno() > c.newest.seqno() && h.time < c.newest.time:
		return header{}, fmt.Errorf("block %d is older than block %d before it", h.seqno(), c.newest.seqno())
	case h.seqno() == c.newest.seqno() && !h.id.Equals(c.newest.id):
		return header{}, fmt.Errorf("there are two blocks %d", h.seqno())
	case h.seqno() > c.newest.seqno():
		c.newest = h
	}
	c.newestAt = time.Now()
	return c.newest, nil
}
