package chain

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
	"github.com/xssnick/tonutils-go/tl"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
	"go.uber.org/goleak"
)

// hostile is a chain on TCP that tells a lie while one is set.
func hostile(t *testing.T) (*devchain.Chain, *devchain.Server, *atomic.Pointer[func(query, answer any) any]) {
	t.Helper()
	lie := new(atomic.Pointer[func(query, answer any) any])
	c, err := devchain.New(devchain.Config{GlobalID: globalID, Lie: func(query, answer any) any {
		if l := lie.Load(); l != nil {
			return (*l)(query, answer)
		}
		return answer
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, serve(t, c, "127.0.0.1:0"), lie
}

// rootsOf is an account's state whose proof has that many roots, in bytes: the library panics when it reads any but two.
func rootsOf(t testing.TB, s lite.AccountState, n int) tl.Raw {
	t.Helper()
	honest, err := tl.Serialize(s, true)
	if err != nil {
		t.Fatal(err)
	}
	shard := tlBytes(t, cell.ToBOCWithOptions(s.ShardProof, cell.BOCSerializeOptions{}))
	roots := make([]*cell.Cell, n)
	for i := range roots {
		roots[i] = cell.BeginCell().MustStoreUInt(uint64(i), 8).EndCell()
	}
	before := 4 + 2*(4+8+4+32+32) // the answer's name and two blocks' names
	return slices.Concat(honest[:before], shard,
		tlBytes(t, cell.ToBOCWithOptions(roots, cell.BOCSerializeOptions{})), tlBytes(t, s.State.ToBOC()))
}

func tlBytes(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := tl.ToBytesToBuffer(&out, b); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAnswersThatPanicTheLibraryLeaveTheProcessAlive(t *testing.T) {
	chain, s, lie := hostile(t)
	a := newSigner(t, 1).Address
	fund(t, chain, a, "1")
	c := dial(t, provenBy(chain), s)
	account(t, c, a)
	panicked := false
	for _, n := range []int{1, 3, 4} {
		wrong := func(_, answer any) any {
			if state, ok := answer.(lite.AccountState); ok {
				return rootsOf(t, state, n)
			}
			return answer
		}
		lie.Store(&wrong)
		_, err := c.Account(t.Context(), a)
		if !errors.Is(err, ErrUnavailable) {
			t.Errorf("%d roots: %v", n, err)
		}
		panicked = panicked || strings.Contains(err.Error(), "cannot be read")
	}
	if !panicked {
		t.Error("no answer panics the library any more: the client of its own isn't needed")
	}
	lie.Store(nil)
	account(t, c, a)
}

func TestBytesThatAreNoAnswerAreRefused(t *testing.T) {
	chain, s, lie := hostile(t)
	c := dial(t, provenBy(chain), s)
	for name, b := range map[string]tl.Raw{
		"four bytes": {1, 2, 3, 4}, "zeros": make(tl.Raw, 4096), "an answer's name alone": {0x51, 0xe1, 0x79, 0x70},
	} {
		wrong := func(_, _ any) any { return b }
		lie.Store(&wrong)
		if _, err := c.Account(t.Context(), ton.Address{}); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	lie.Store(nil)
	account(t, c, ton.Address{})
}

// One liar beside an honest liteserver is found out once, and passed over.
func TestLiarIsPassedOver(t *testing.T) {
	chain, honest, _ := hostile(t)
	liar, s, lie := hostile(t)
	everythingWrong := func(_, answer any) any {
		if i, ok := answer.(lite.MasterchainInfoExt); ok {
			i.Last = liar.InitBlock()
			return i
		}
		return answer
	}
	lie.Store(&everythingWrong)
	c := dial(t, provenBy(chain), s, honest)
	failed := 0
	for range 10 {
		if _, err := c.Account(t.Context(), ton.Address{}); err != nil {
			failed++
		}
	}
	if failed > 2 {
		t.Errorf("%d of 10 calls failed", failed)
	}
}

// pipe is a connection whose other end is the test's.
func pipe(t *testing.T) (net.Conn, net.Conn) {
	t.Helper()
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func TestPacketsAreCappedAndChecked(t *testing.T) {
	write := func(change func([]byte) []byte) io.Reader {
		a, b := pipe(t)
		s, err := streamsOf(make([]byte, streamSeed))
		if err != nil {
			t.Fatal(err)
		}
		plain, _ := streamsOf(make([]byte, streamSeed))
		go func() {
			s.send(a, []byte("content"))
			a.Close()
		}()
		sent, err := io.ReadAll(b)
		if err != nil {
			t.Fatal(err)
		}
		plain.out.XORKeyStream(sent, sent)
		sent = change(sent)
		again, _ := streamsOf(make([]byte, streamSeed))
		again.in.XORKeyStream(sent, sent)
		return strings.NewReader(string(sent))
	}
	read := func(r io.Reader) ([]byte, error) {
		s, err := streamsOf(make([]byte, streamSeed))
		if err != nil {
			t.Fatal(err)
		}
		return s.receive(iotest.OneByteReader(r))
	}
	if got, err := read(write(func(b []byte) []byte { return b })); err != nil || string(got) != "content" {
		t.Fatalf("%q, %v", got, err)
	}
	for name, change := range map[string]func([]byte) []byte{
		"damaged":   func(b []byte) []byte { b[40] ^= 1; return b },
		"cut short": func(b []byte) []byte { return b[:50] },
		"too small": func(b []byte) []byte { b[0] = 63; return b },
		"too large": func(b []byte) []byte { b[3] = 1; return b },
	} {
		if got, err := read(write(change)); err == nil {
			t.Errorf("%s: %q", name, got)
		} else if name == "too large" && !strings.Contains(err.Error(), "at most") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestServerThatNeverShakesHandsIsGivenUp(t *testing.T) {
	defer goleak.VerifyNone(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := config
	cfg.Liteservers = []Liteserver{{l.Addr().String(), base64.StdEncoding.EncodeToString(make([]byte, 32))}}
	start := time.Now()
	c, err := Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Head(t.Context()); !errors.Is(err, ErrUnavailable) || time.Since(start) > dialTimeout+2*time.Second {
		t.Errorf("%v after %s", err, time.Since(start))
	}
}
