package chain

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tonaiagent/mpcnode/ton/devchain"
	"github.com/xssnick/tonutils-go/tl"
	lite "github.com/xssnick/tonutils-go/ton"
)

func TestWaitHeadReturnsTheBlockAsItComes(t *testing.T) {
	eachTransport(t, func(t *testing.T, chain *devchain.Chain, c *Client) {
		head, err := c.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan Head, 1)
		go func() {
			h, err := c.WaitHead(t.Context(), head.Seqno)
			if err != nil {
				t.Error(err)
			}
			got <- h
		}()
		chain.Tick()
		if h := <-got; h.Seqno != head.Seqno+1 || h.Time.Before(head.Time) {
			t.Fatalf("%+v follows %+v", h, head)
		}
		if h, err := c.WaitHead(t.Context(), 0); err != nil || h.Seqno != head.Seqno+1 {
			t.Fatalf("after no block: %+v, %v", h, err)
		}
	})
}

func TestWaitHeadOutlastsTheLiteserversPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain := newChain(t)
		c := New(chain.LiteClient(), config)
		start := time.Now()
		time.AfterFunc(3*waitTimeout, chain.Tick)
		h, err := c.WaitHead(t.Context(), 1)
		if err != nil || h.Seqno != 2 || time.Since(start) != 3*waitTimeout {
			t.Errorf("%+v, %v after %v", h, err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		if _, err := c.WaitHead(ctx, 2); !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("at its own deadline: %v", err)
		}
	})
}

func TestImpatientLiteserverIsNotAskedWithoutPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c := New(liar{newChain(t).LiteClient(), func(any) any { asked++; return lite.LSError{Code: codeTimeout} }}, config)
		ctx, cancel := context.WithTimeout(t.Context(), 10*waitPause)
		defer cancel()
		if _, err := c.WaitHead(ctx, 0); err == nil || asked > 11 {
			t.Fatalf("asked %d times, %v", asked, err)
		}
	})
}

func TestImpossibleHeadsAreRefused(t *testing.T) {
	clock := time.Unix(1_800_000_000, 0)
	chain, err := devchain.New(devchain.Config{Now: func() time.Time { return clock }, GlobalID: globalID})
	if err != nil {
		t.Fatal(err)
	}
	defer chain.Close()
	for range 5 {
		chain.Tick()
	}
	for name, lie := range map[string]func(*lite.MasterchainInfoExt){
		"an older block":          func(i *lite.MasterchainInfoExt) { i.Last.SeqNo-- },
		"another block of a name": func(i *lite.MasterchainInfoExt) { i.Last.RootHash[0] ^= 1 },
		"time falls":              func(i *lite.MasterchainInfoExt) { i.Last.SeqNo++; i.LastUTime-- },
		"not the masterchain":     func(i *lite.MasterchainInfoExt) { i.Last.SeqNo++; i.Last.Workchain = 0 },
		"a part of it":            func(i *lite.MasterchainInfoExt) { i.Last.SeqNo++; i.Last.Shard = math.MaxInt64 },
		"without time":            func(i *lite.MasterchainInfoExt) { i.Last.SeqNo++; i.LastUTime = 0 },
	} {
		lies := false
		c := lying(chain, func(i *lite.MasterchainInfoExt) {
			i.Last = i.Last.Copy()
			if lies {
				lie(i)
			}
		})
		if _, err := c.Head(t.Context()); err != nil {
			t.Fatal(err)
		}
		lies = true
		_, err := c.Head(t.Context())
		refused(t, name, err)
		lies = false
		if _, err := c.Head(t.Context()); err != nil {
			t.Errorf("%s: the truth afterwards: %v", name, err)
		}
	}
	for name, lie := range map[string]func(*lite.MasterchainInfoExt){
		"block 0 first": func(i *lite.MasterchainInfoExt) { i.Last.SeqNo = 0 },
		"no time first": func(i *lite.MasterchainInfoExt) { i.LastUTime = 0 },
	} {
		_, err := lying(chain, lie).Head(t.Context())
		refused(t, name, err)
	}
}

// A liteserver that answers the wait for a block before it has it is not believed.
func TestWaitHeadRefusesABlockThatIsNotNewer(t *testing.T) {
	chain := newChain(t)
	chain.Tick()
	for range 3 {
		chain.Tick()
	}
	c := lying(chain, func(i *lite.MasterchainInfoExt) { i.Last = i.Last.Copy(); i.Last.SeqNo = 3 })
	if h, err := c.WaitHead(t.Context(), 3); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("%+v, %v", h, err)
	}
}

// late holds its first answer back until it is told.
type late struct {
	lite.LiteClient
	asked         *atomic.Int32
	read, release chan struct{}
}

func (l late) QueryLiteserver(ctx context.Context, query, result tl.Serializable) error {
	err := l.LiteClient.QueryLiteserver(ctx, query, result)
	if l.asked.Add(1) == 1 {
		close(l.read)
		<-l.release
	}
	return err
}

func TestAnswerThatWasOvertakenDoesNotTakeTheHeadBack(t *testing.T) {
	chain := newChain(t)
	l := late{chain.LiteClient(), new(atomic.Int32), make(chan struct{}), make(chan struct{})}
	c := New(l, config)
	slow := make(chan Head, 1)
	go func() {
		h, err := c.Head(t.Context())
		if err != nil {
			t.Error(err)
		}
		slow <- h
	}()
	<-l.read // its answer is block 1
	chain.Tick()
	if h, err := c.Head(t.Context()); err != nil || h.Seqno != 2 {
		t.Fatalf("%+v, %v", h, err)
	}
	close(l.release)
	if h := <-slow; h.Seqno != 2 {
		t.Fatalf("block %d was returned after block 2", h.Seqno)
	}
}
