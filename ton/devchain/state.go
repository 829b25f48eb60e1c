package devchain

import (
	"iter"
	"slices"

	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// account is what the chain keeps of one address. Its methods are safe on nil, an address that nothing happened to.
type account struct {
	states       []state       // by block, oldest first; the last is the newest
	transactions []transaction // by logical time, oldest first, as far as they are kept
	executed     int           // transactions ever
}

// state is an account as a block left it.
type state struct {
	seqno    uint32
	prepared *tvm.PreparedAccount
	stat     *cell.Cell // storage statistics, which the emulator takes back
}

func (s *state) exists() bool { return s.prepared.State().IsValid }

// transaction is one executed transaction.
type transaction struct {
	lt   uint64
	cell *cell.Cell
	id   *lite.BlockIDExt // of its block; filled in when that is finished
}

func (a *account) newest() *state {
	if a == nil || len(a.states) == 0 {
		return nil
	}
	return &a.states[len(a.states)-1]
}

// at returns the state in block seqno, nil when the account had none. The caller has checked that the block is kept.
func (a *account) at(seqno uint32) *state {
	if a == nil {
		return nil
	}
	i, found := slices.BinarySearchFunc(a.states, seqno, func(s state, n uint32) int { return int(s.seqno) - int(n) })
	if found {
		return &a.states[i]
	}
	if i == 0 {
		return nil
	}
	return &a.states[i-1]
}

// add appends a state and forgets those that no kept block needs: all before the last that is at or before oldest.
func (a *account) add(s state, oldest uint32) {
	if from := a.at(oldest); from != nil {
		a.states = slices.DeleteFunc(a.states, func(s state) bool { return s.seqno < from.seqno })
	}
	a.states = append(a.states, s)
}

// before returns up to limit transactions, newest first, from the one with that logical time and hash.
func (a *account) before(lt uint64, hash []byte, limit int) []transaction {
	if a == nil {
		return nil
	}
	i, found := slices.BinarySearchFunc(a.transactions, lt, func(t transaction, lt uint64) int {
		switch {
		case t.lt < lt:
			return -1
		case t.lt > lt:
			return 1
		}
		return 0
	})
	if !found || string(a.transactions[i].cell.Hash()) != string(hash) {
		return nil
	}
	out := slices.Clone(a.transactions[max(0, i+1-limit) : i+1])
	slices.Reverse(out)
	return out
}

// history remembers the order of all transactions, so that the oldest of all can be forgotten.
type history struct {
	owners []*account // a ring once it is full
	next   int
}

// add appends t to its account, and forgets the oldest transaction of all when more than keepTransactions are kept.
func (h *history) add(a *account, t transaction) {
	a.transactions = append(a.transactions, t)
	a.executed++
	if len(h.owners) < keepTransactions {
		h.owners = append(h.owners, a)
		return
	}
	oldest := h.owners[h.next]
	oldest.transactions[0] = transaction{} // lets go of the cell
	oldest.transactions = oldest.transactions[1:]
	h.owners[h.next] = a
	h.next = (h.next + 1) % keepTransactions
}

// all lists what is remembered, oldest first, each with its account.
func (h *history) all() iter.Seq2[*account, transaction] {
	return func(yield func(*account, transaction) bool) {
		seen := map[*account]int{}
		for i := range h.owners {
			a := h.owners[(h.next+i)%len(h.owners)]
			if !yield(a, a.transactions[seen[a]]) {
				return
			}
			seen[a]++
		}
	}
}

// none is the state of an address without an account.
func none() *tlb.ShardAccount {
	return &tlb.ShardAccount{
		Account:       cell.BeginCell().MustStoreBoolBit(false).EndCell(), // account_none$0
		LastTransHash: make([]byte, 32),
	}
}
