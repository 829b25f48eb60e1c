package chain

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	lite "github.com/xssnick/tonutils-go/ton"
)

// Send gives a signed external message, as a BoC of at most 64 KiB, to several liteservers and every toncenter side by
// side, and returns as soon as one has taken it; the others go on. No error means that the account would accept it now,
// not that it is executed: its transaction says that. The same message may be sent again.
func (c *Client) Send(ctx context.Context, externalBoC []byte) error {
	if len(externalBoC) > maxExternal {
		return fmt.Errorf("send message: it has %d bytes, at most %d are allowed", len(externalBoC), maxExternal)
	}
	ways := c.ways()
	results := make(chan error, len(ways))
	for _, w := range ways {
		c.sending.Go(func() { results <- c.sendBy(context.WithoutCancel(ctx), w, externalBoC) })
	}
	errs := []error(nil)
	for range ways {
		select {
		case err := <-results:
			if err == nil {
				return nil
			}
			errs = append(errs, err)
		case <-ctx.Done():
			return fmt.Errorf("send message: %w: %w", ErrUnavailable, ctx.Err())
		}
	}
	return fmt.Errorf("send message: %w", errors.Join(errs...))
}

// way is one of those that a message is given to.
type way struct {
	to   string
	send func(ctx context.Context, boc []byte) error
}

// ways are the liteservers that answer best, and all toncenters.
func (c *Client) ways() (all []way) {
	if p, ok := c.lite.(*pool); ok {
		for _, l := range p.best(maxSendTo) {
			all = append(all, way{l.Addr, func(ctx context.Context, boc []byte) error {
				return c.sendLite(context.WithValue(ctx, answeredBy{}, &l), boc)
			}})
		}
	}
	if len(all) == 0 { // none is connected, which its error says, or there is only one
		all = append(all, way{"liteserver", c.sendLite})
	}
	for _, t := range c.cfg.Toncenters {
		all = append(all, way{t.Source(), func(ctx context.Context, boc []byte) error { return t.send(ctx, c.http, boc) }})
	}
	return all
}

func (c *Client) sendBy(ctx context.Context, w way, boc []byte) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := w.send(ctx, boc)
	c.sends.count(w.to, err)
	if err != nil {
		if !errors.Is(err, ErrRejected) {
			err = unavailable(err)
		}
		return fmt.Errorf("%s: %w", w.to, err)
	}
	return nil
}

func (c *Client) sendLite(ctx context.Context, boc []byte) error {
	_, err := ask(ctx, c, wait{}, lite.SendMessage{Body: boc}, func(s lite.SendMessageStatus) (struct{}, error) {
		if s.Status != 1 {
			return struct{}{}, fmt.Errorf("status of the message is %d, not 1", s.Status)
		}
		return struct{}{}, nil
	})
	if s, ok := errors.AsType[*serverError](err); ok && s.code == codeNone {
		return fmt.Errorf("%w: %w", ErrRejected, s)
	}
	return err
}

// Sent counts what became of messages that were given to one liteserver or toncenter.
type Sent struct {
	To       string
	Taken    uint64
	Rejected uint64 // by the account, as every message is once it has executed
	Failed   uint64
}

// sends counts. The zero value is ready.
type sends struct {
	mu sync.Mutex
	by map[string]Sent // guarded by mu
}

func (s *sends) count(to string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil {
		s.by = map[string]Sent{}
	}
	one := s.by[to]
	one.To = to
	switch {
	case err == nil:
		one.Taken++
	case errors.Is(err, ErrRejected):
		one.Rejected++
	default:
		one.Failed++
	}
	s.by[to] = one
}

// Sent returns the counts of everyone that a message was given to, by name.
func (c *Client) Sent() (all []Sent) {
	c.sends.mu.Lock()
	defer c.sends.mu.Unlock()
	for _, to := range slices.Sorted(maps.Keys(c.sends.by)) {
		all = append(all, c.sends.by[to])
	}
	return all
}
