package contracts

import (
	"errors"
	"fmt"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// checkTree refuses exotic cells and more than limit distinct ones below root. It counts cells once each: a tree of a
// hundred cells can have more paths than could be walked.
func checkTree(root *cell.Cell, limit int) error {
	if root == nil {
		return errors.New("cell is missing")
	}
	if root.Depth() > maxStateDepth {
		return fmt.Errorf("%d cells deep, at most %d are read", root.Depth(), maxStateDepth)
	}
	return ton.CheckCells(root, limit)
}

// contain turns a panic of the cell library into an error: what is read comes from outside.
func contain(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("cell library: %v", p)
	}
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

func (r *reader) bits256() (h [32]byte) {
	if r.err == nil {
		r.err = r.s.LoadSliceInto(h[:], 256)
	}
	return h
}

// coins reads a VarUInteger 16, also one with leading zero bytes: encoding it again tells.
func (r *reader) coins() (n ton.Nano) {
	if r.err != nil {
		return n
	}
	b, err := r.s.LoadBigCoins()
	if err != nil {
		r.err = err
		return n
	}
	n, r.err = ton.NanoFromBig(b)
	return n
}

func (r *reader) ref() (c *cell.Cell) {
	if r.err == nil {
		c, r.err = r.s.LoadRefCell()
	}
	return c
}

// maybeRef reads a Maybe ^Cell, which is also how a dictionary is kept.
func (r *reader) maybeRef() *cell.Cell {
	if r.uint(1) == 0 {
		return nil
	}
	return r.ref()
}

var errAddress = errors.New("not a standard address")

// address reads addr_std without anycast.
func (r *reader) address() (a ton.Address) {
	if kind := r.uint(3); r.err == nil && kind != 0b100 {
		r.err = errAddress
	}
	a.Workchain = int8(r.uint(8))
	a.Hash = r.bits256()
	return a
}

// maybeAddress reads addr_none as the zero value.
func (r *reader) maybeAddress() ton.Address {
	if r.err != nil {
		return ton.Address{}
	}
	if kind, err := r.s.PreloadUInt(2); err == nil && kind == 0 {
		r.uint(2)
		return ton.Address{}
	}
	return r.address()
}

// end makes anything left over an error.
func (r *reader) end() error {
	if r.err == nil && (r.s.BitsLeft() != 0 || r.s.RefsNum() != 0) {
		r.err = errors.New("surplus bits or references")
	}
	return r.err
}

func storeAddress(b *cell.Builder, a ton.Address) *cell.Builder {
	return b.MustStoreUInt(0b100, 3).MustStoreInt(int64(a.Workchain), 8).MustStoreSlice(a.Hash[:], 256)
}

func storeMaybeAddress(b *cell.Builder, a ton.Address) *cell.Builder {
	if a.IsZero() {
		return b.MustStoreUInt(0, 2)
	}
	return storeAddress(b, a)
}

func storeCoins(b *cell.Builder, n ton.Nano) *cell.Builder { return b.MustStoreBigCoins(n.Big()) }
