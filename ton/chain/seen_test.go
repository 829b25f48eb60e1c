package chain

import (
	"testing"
	"testing/synctest"
	"time"
)

// A block that was seen lately answers who wants one after another, and no later than seenFor.
func TestBlockSeenLatelyCostsNoQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain, asked := newChain(t), 0
		c := New(liar{chain.LiteClient(), func(answer any) any { asked++; return answer }}, config)
		owner := newSigner(t, 1)
		queries := func(want int, what string) {
			t.Helper()
			if asked != want {
				t.Errorf("%s: %d queries, want %d", what, asked, want)
			}
			asked = 0
		}
		chain.Tick()
		head, err := c.Head(t.Context())
		if err != nil || head.Seqno != 2 {
			t.Fatalf("%+v, %v", head, err)
		}
		queries(1, "head")
		if h, err := c.WaitHead(t.Context(), 1); err != nil || h != head {
			t.Errorf("after 1: %+v, %v", h, err)
		}
		queries(0, "wait for a block after 1, with 2 seen")

		fund(t, chain, owner.Address, "1") // block 3, not seen
		acc, err := c.AccountAfter(t.Context(), owner.Address, 1)
		if err != nil || acc.MCSeqno != 2 || !acc.Balance.IsZero() {
			t.Errorf("account after 1: %+v, %v", acc, err)
		}
		queries(1, "account after 1")
		acc, err = c.AccountAfter(t.Context(), owner.Address, 2)
		if err != nil || acc.MCSeqno != 3 || acc.Balance.IsZero() {
			t.Errorf("account after 2: %+v, %v", acc, err)
		}
		queries(2, "account after 2, with 2 seen")

		chain.Tick()
		time.Sleep(seenFor)
		if acc, err = c.AccountAfter(t.Context(), owner.Address, 1); err != nil || acc.MCSeqno != 4 {
			t.Errorf("account after 1, much later: %+v, %v", acc, err)
		}
		chain.Tick()
		if acc, err = c.AccountAfter(t.Context(), owner.Address, 0); err != nil || acc.MCSeqno != 5 {
			t.Errorf("account after none: %+v, %v", acc, err)
		}
	})
}
