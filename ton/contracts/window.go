package contracts

import (
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// slotTime is the length of a slot. The window of five holds any 24 hours that end in the newest slot, whatever their
// beginning: the oldest counts in full.
const slotTime = 6 * time.Hour

// Slot is what was spent in six hours.
type Slot struct {
	Amount uint64 // smallest units
	Count  uint16
}

// Window is what was spent lately, the newest slot first.
//
//	slot:uint32 5×(amount:uint64 count:uint16)
type Window struct {
	Number uint32 // unix time / 21,600 of the newest slot
	Slots  [5]Slot
}

// At returns the window as it is at the time now. Time of blocks never runs backwards; if it did, the newest slot would
// go on.
func (w Window) At(now time.Time) Window {
	number := slotOf(now)
	if number <= int64(w.Number) {
		return w
	}
	turned := Window{Number: uint32(number)}
	if age := number - int64(w.Number); age < int64(len(w.Slots)) {
		copy(turned.Slots[age:], w.Slots[:])
	}
	return turned
}

// plus returns the window with one spend more, in a block at the time now.
func (w Window) plus(amount ton.Nano, now time.Time) Window {
	w = w.At(now)
	w.Slots[0].Amount += amount.Big().Uint64() // the sum of a window is at most per_day, which fits
	w.Slots[0].Count++
	return w
}

func slotOf(t time.Time) int64 { return t.Unix() / int64(slotTime/time.Second) }

// Sum returns what all slots hold.
func (w Window) Sum() (amount ton.Nano, count int) {
	for _, s := range w.Slots {
		amount, _ = amount.Add(ton.NanoOf(s.Amount)) // five times 64 bits fit 120
		count += int(s.Count)
	}
	return amount, count
}

func (w Window) store(b *cell.Builder) *cell.Builder {
	b.MustStoreUInt(uint64(w.Number), 32)
	for _, s := range w.Slots {
		b.MustStoreUInt(s.Amount, 64).MustStoreUInt(uint64(s.Count), 16)
	}
	return b
}

func (r *reader) window() (w Window) {
	w.Number = uint32(r.uint(32))
	for i := range w.Slots {
		w.Slots[i] = Slot{Amount: r.uint(64), Count: uint16(r.uint(16))}
	}
	return w
}

// check refuses counts that no spends can have left: the contract adds them up in 16 bits.
func (w Window) check() error {
	if _, count := w.Sum(); count > maxCount {
		return refuse(ExitBadPolicy, "window counts %d spends, at most %d are possible", count, maxCount)
	}
	return nil
}
