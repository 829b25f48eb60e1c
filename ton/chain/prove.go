package chain

import (
	"context"
	"fmt"

	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// proves reports whether answers are checked from a trusted block on.
func (c *Client) proves() bool { return !c.cfg.Trusted.IsZero() }

// Trusted returns the newest key block that is proven: what to start from next time, in Config.Trusted. Before any is
// proven it is the one configured.
func (c *Client) Trusted() Block {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trusted
}

// prove returns h with what is proven of it: that the validators signed it, starting from the trusted block, its time
// and its network.
func (c *Client) prove(ctx context.Context, h header) (header, error) {
	if seen := c.seen(); seen.id != nil && seen.id.Equals(h.id) {
		return seen, nil
	}
	for from := c.Trusted().id(); ; {
		if from.SeqNo == h.seqno() {
			return c.readHeader(ctx, h, from)
		}
		p, err := c.step(ctx, from, h)
		if err != nil {
			return header{}, err
		}
		if p.end.id.Equals(h.id) {
			return p.end, nil
		}
		from = p.end.id
	}
}

// path is a list of links that were checked.
type path struct {
	end header
	key *lite.BlockIDExt // the newest key block on it that was signed
}

// step asks for the way to h, which a liteserver may send in parts, and checks one part.
func (c *Client) step(ctx context.Context, from *lite.BlockIDExt, h header) (path, error) {
	query := lite.GetBlockProof{Mode: 1, KnownBlock: from, TargetBlock: h.id}
	p, err := ask(ctx, c, wait{}, query, func(answer lite.PartialBlockProof) (path, error) {
		return c.readPath(from, h, answer)
	})
	if err != nil {
		return path{}, fmt.Errorf("prove block %d: %w", h.seqno(), err)
	}
	if p.key != nil {
		c.trust(blockOf(p.key))
	}
	return p, nil
}

// readPath checks every link. A part that doesn't come nearer to h could go on for ever.
func (c *Client) readPath(from *lite.BlockIDExt, h header, answer lite.PartialBlockProof) (p path, err error) {
	if len(answer.Steps) > maxLinks {
		return path{}, fmt.Errorf("proof has %d links, at most %d are read", len(answer.Steps), maxLinks)
	}
	p.end.id = from
	for _, link := range answer.Steps {
		switch l := link.(type) {
		case lite.BlockLinkForward:
			if p.end, err = c.readForward(p.end.id, l); err == nil && p.end.key == p.end.seqno() {
				p.key = p.end.id
			}
		case lite.BlockLinkBackward:
			p.end, err = c.readBackward(p.end.id, l)
		default:
			err = fmt.Errorf("link is a %T", link)
		}
		if err != nil {
			return path{}, err
		}
	}
	if p.end.seqno() <= from.SeqNo || p.end.seqno() > h.seqno() {
		return path{}, fmt.Errorf("proof from block %d to %d ends at %d", from.SeqNo, h.seqno(), p.end.seqno())
	}
	if p.end.seqno() == h.seqno() && !p.end.id.Equals(h.id) {
		return path{}, fmt.Errorf("another block %d is proven", h.seqno())
	}
	return p, nil
}

// readHeader is the proof of the trusted block itself, which needs no links.
func (c *Client) readHeader(ctx context.Context, h header, trusted *lite.BlockIDExt) (header, error) {
	if !h.id.Equals(trusted) {
		return header{}, fmt.Errorf("%w: block %d is not the trusted one", ErrUnavailable, h.seqno())
	}
	return ask(ctx, c, wait{}, lite.GetBlockHeader{ID: h.id}, func(answer lite.BlockHeader) (header, error) {
		proof, err := cell.FromBOC(answer.HeaderProof)
		if err != nil {
			return header{}, fmt.Errorf("read header: %w", err)
		}
		return c.proven(h.id, proof)
	})
}

// trust keeps the newest key block to start from, and tells the owner.
func (c *Client) trust(key Block) {
	c.mu.Lock()
	newer := key != c.trusted
	c.trusted = key
	c.mu.Unlock()
	if newer && c.cfg.OnTrusted != nil {
		c.cfg.OnTrusted(key)
	}
}

// fresh refuses a block that the clock says can't be the newest: a liteserver may withhold what came after, and every
// proof of an old block stays true.
func (c *Client) fresh(h header) error {
	if lag := c.cfg.Now().Sub(h.at()).Abs(); lag > maxLag {
		return fmt.Errorf("newest block is %s away from the clock, at most %s are allowed", lag.Round(1e9), maxLag)
	}
	return nil
}
