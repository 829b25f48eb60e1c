package chain

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tl"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// parsing answers every query with the same bytes, read on the caller's goroutine.
type parsing struct {
	lite.LiteClient
	answer []byte
}

func (p parsing) QueryLiteserver(_ context.Context, _, result tl.Serializable) error {
	_, err := tl.Parse(result, p.answer, true)
	return err
}

// The library's parser panics when a proof hasn't two roots.
func TestAnswerThatPanicsTheParserIsRefused(t *testing.T) {
	id := &lite.BlockIDExt{RootHash: make([]byte, 32), FileHash: make([]byte, 32)}
	raw, err := tl.Serialize(lite.AccountState{ID: id, Shard: id}, true)
	if err != nil {
		t.Fatal(err)
	}
	none := make([]byte, 4) // no bytes: proof of the shard, proof of the account, state
	one := new(bytes.Buffer)
	if err := tl.ToBytesToBuffer(one, cell.BeginCell().EndCell().ToBOC()); err != nil {
		t.Fatal(err)
	}
	raw = slices.Concat(raw[:len(raw)-3*len(none)], one.Bytes(), none, none)
	if h, err := New(parsing{answer: raw}, config).Head(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("%+v, %v", h, err)
	}
}

// scripted answers every query with the same value.
type scripted struct {
	lite.LiteClient
	answer tl.Serializable
}

func (s scripted) QueryLiteserver(_ context.Context, _, result tl.Serializable) error {
	*result.(*tl.Serializable) = s.answer
	return nil
}

// parse reads an answer as the library does; false also when that panics.
func parse(b []byte) (answer tl.Serializable, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	_, err := tl.Parse(&answer, b, true)
	return answer, err == nil
}

// recorded keeps the bytes of each answer.
type recorded struct {
	lite.LiteClient
	answers *[][]byte
}

func (r recorded) QueryLiteserver(ctx context.Context, query, result tl.Serializable) error {
	if err := r.LiteClient.QueryLiteserver(ctx, query, result); err != nil {
		return err
	}
	b, err := tl.Serialize(*result.(*tl.Serializable), true)
	*r.answers = append(*r.answers, b)
	return err
}

// FuzzAnswer reads whatever a liteserver may answer, once the library has parsed it. Nothing of that panics, not even to
// be recovered.
func FuzzAnswer(f *testing.F) {
	chain, w := deposits(f, 3)
	var answers [][]byte
	c := New(recorded{chain.LiteClient(), &answers}, config)
	acc := account(f, c, w.Address)
	c.Transactions(f.Context(), w, acc, 0, [32]byte{}, MaxWalk)
	c.BlockchainConfig(f.Context())
	c.Send(f.Context(), nil)
	for _, a := range answers {
		f.Add(a)
	}
	newest := c.seen()
	panicked := slog.New(panics{f})
	f.Fuzz(func(t *testing.T, raw []byte) {
		answer, ok := parse(raw)
		if !ok {
			return
		}
		cfg := config
		cfg.Logger = panicked
		c := New(scripted{answer: answer}, cfg)
		c.Head(t.Context())
		c.newest = newest // so that answers about it are read
		c.Send(t.Context(), nil)
		c.Transactions(t.Context(), w, acc, 0, [32]byte{}, MaxWalk)
		ask(t.Context(), c, wait{}, lite.GetAccountState{}, func(s lite.AccountState) (ton.Account, error) {
			return c.readAccount(w.Address, newest, s)
		})
		ask(t.Context(), c, wait{}, lite.GetConfigAll{}, func(a lite.ConfigAll) ([]byte, error) {
			return readConfig(newest, a)
		})
	})
}

// panics is a log in which nothing may be written.
type panics struct{ tb testing.TB }

func (p panics) Enabled(context.Context, slog.Level) bool { return true }
func (p panics) Handle(_ context.Context, r slog.Record) error {
	panic(r.Message)
}
func (p panics) WithAttrs([]slog.Attr) slog.Handler { return p }
func (p panics) WithGroup(string) slog.Handler      { return p }

// FuzzProof changes what a liteserver proves. Whatever is still believed is the truth: another way of writing it.
func FuzzProof(f *testing.F) {
	w := newWorld(f)
	var answers [][]byte
	honest := New(recorded{w.LiteClient(), &answers}, provenBy(w.Chain))
	truth := account(f, honest, w.wallet.Address)
	for _, a := range answers {
		f.Add(a)
	}
	newest := honest.seen()
	f.Fuzz(func(t *testing.T, raw []byte) {
		answer, ok := parse(raw)
		if !ok {
			return
		}
		c := New(scripted{answer: answer}, provenBy(w.Chain))
		acc, err := ask(t.Context(), c, wait{}, lite.GetAccountState{}, func(s lite.AccountState) (ton.Account, error) {
			return c.readAccount(w.wallet.Address, newest, s)
		})
		if err == nil && (acc.Balance != truth.Balance || acc.LastHash != truth.LastHash || acc.Seqno != truth.Seqno) {
			t.Errorf("believes %+v", acc)
		}
		p, err := c.step(t.Context(), w.InitBlock(), header{id: newest.id})
		if err == nil && (!p.end.id.Equals(newest.id) || p.end.time != newest.time) {
			t.Errorf("believes block %d of %d", p.end.seqno(), p.end.time)
		}
	})
}
