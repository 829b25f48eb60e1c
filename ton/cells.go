package ton

import (
	"errors"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// readCells returns the root of a bag of cells that holds one tree of ordinary cells within the caps. In which form
// the bag was written doesn't matter: what is signed is a hash over cells.
func readCells(boc []byte) (*cell.Cell, error) {
	if len(boc) > maxPayloadBytes {
		return nil, refuse(CodeTooLarge, "payload has %d bytes, at most %d are read", len(boc), maxPayloadBytes)
	}
	root, err := cell.FromBOCWithOptions(boc, cell.BOCParseOptions{MaxCells: maxPayloadCells})
	if err != nil {
		return nil, refuse(CodeUndecodable, "payload is not a bag of cells with one root: %v", err)
	}
	if root.Depth() > maxPayloadDepth {
		return nil, refuse(CodeTooLarge, "payload is %d cells deep, at most %d are read", root.Depth(), maxPayloadDepth)
	}
	return root, CheckCells(root, maxPayloadCells)
}

// CheckCells refuses more than limit distinct cells below root, and exotic ones: a library or pruned cell stands for
// content that isn't there, and parses like an ordinary one.
func CheckCells(root *cell.Cell, limit int) error {
	seen := make(map[cell.Hash]struct{})
	for todo := []*cell.Cell{root}; len(todo) > 0; {
		c := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if _, ok := seen[c.HashKey()]; ok {
			continue
		}
		if seen[c.HashKey()] = struct{}{}; len(seen) > limit {
			return refuse(CodeTooLarge, "more than %d cells", limit)
		}
		if c.GetType() != cell.OrdinaryCellType {
			return refuse(CodeExoticCell, "a cell of the payload is exotic")
		}
		for i := range int(c.RefsNum()) {
			ref, err := c.PeekRef(i)
			if err != nil {
				return refuse(CodeUndecodable, "reference %d of a cell is missing: %v", i, err)
			}
			todo = append(todo, ref)
		}
	}
	return nil
}

// reader reads a cell field by field and keeps the first error, so that a layout reads like its TL-B.
type reader struct {
	s   *cell.Slice
	err error
}

func read(c *cell.Cell) *reader {
	if c == nil {
		return &reader{err: errors.New("cell is missing")}
	}
	s, err := c.BeginParse()
	return &reader{s: s, err: err}
}

func (r *reader) uint(bits uint) (v uint64) {
	if r.err == nil {
		v, r.err = r.s.LoadUInt(bits)
	}
	return v
}

func (r *reader) bit() bool { return r.uint(1) == 1 }

// refusal returns what stopped the reading of what is named: the refusal itself, or that it was cut.
func (r *reader) refusal(name string) *Refusal {
	if ref := (*Refusal)(nil); errors.As(r.err, &ref) {
		return ref
	}
	return refuse(CodeUndecodable, "%s is cut: %v", name, r.err)
}

// skip passes over bits that mean nothing here.
func (r *reader) skip(bits uint) {
	if r.err == nil {
		_, r.err = r.s.LoadSlice(bits)
	}
}

func (r *reader) bits256() (h [32]byte) {
	if r.err == nil {
		r.err = r.s.LoadSliceInto(h[:], 256)
	}
	return h
}

// coins reads a VarUInteger 16, also one with leading zero bytes: encoding it again tells.
func (r *reader) coins() (n Nano) {
	if r.err != nil {
		return Nano{}
	}
	b, err := r.s.LoadBigCoins()
	if err != nil {
		r.err = err
		return Nano{}
	}
	n, r.err = NanoFromBig(b)
	return n
}

func (r *reader) ref() (c *cell.Cell) {
	if r.err == nil {
		c, r.err = r.s.LoadRefCell()
	}
	return c
}

// rest returns what is left as a cell of its own.
func (r *reader) rest() (c *cell.Cell) {
	if r.err == nil {
		c, r.err = r.s.ToCell()
	}
	return c
}

// done reports whether all bits and references were read.
func (r *reader) done() bool { return r.err == nil && r.s.BitsLeft() == 0 && r.s.RefsNum() == 0 }
