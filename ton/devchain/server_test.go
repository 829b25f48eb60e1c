package devchain

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/liteclient"
	"github.com/xssnick/tonutils-go/tl"
	lite "github.com/xssnick/tonutils-go/ton"
	"go.uber.org/goleak"
)

func TestServeFindsAPortAndTellsWhenItIsTaken(t *testing.T) {
	c := newChain(t, Config{})
	s := serve(t, c, "127.0.0.1:0")
	if _, port, err := net.SplitHostPort(s.Addr); err != nil || port == "0" {
		t.Fatalf("listens on %q", s.Addr)
	}
	for _, addr := range []string{s.Addr, "127.0.0.1", "192.0.2.1:0"} {
		if again, err := c.Serve(addr); err == nil {
			t.Errorf("listens on %s", again.Addr)
		}
	}
}

func TestServerComesBackOnItsPortWithItsKey(t *testing.T) {
	c := newChain(t, Config{})
	s := serve(t, c, "127.0.0.1:0")
	dial(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	p := liteclient.NewConnectionPool()
	defer p.Stop()
	if err := p.AddConnection(t.Context(), s.Addr, base64.StdEncoding.EncodeToString(s.PublicKey)); err == nil {
		t.Fatal("a closed server answers")
	}
	again := serve(t, c, s.Addr)
	if again.Addr != s.Addr || !again.PublicKey.Equal(s.PublicKey) {
		t.Fatalf("is back on %s with key %x", again.Addr, again.PublicKey)
	}
	if _, err := lite.NewAPIClient(dial(t, again)).GetMasterchainInfo(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Close ends connections with the queries that wait on them, waits for one that is being answered, and leaves no
// goroutine.
func TestCloseDropsClientsAndWaitsForAnswers(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	asked, answer, gone, closed := make(chan struct{}), make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var slow atomic.Bool
	c := newChain(t, Config{Now: func() time.Time {
		if slow.Load() {
			close(asked)
			<-answer
		}
		return time.Now()
	}})
	s := serve(t, c, "127.0.0.1:0")
	p := dial(t, s)
	defer p.Stop()
	p.SetOnDisconnect(func(string, string) { close(gone) })
	ctx, cancel := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	clients.Go(func() { lite.NewAPIClient(p).WaitForBlock(1000).GetMasterchainInfo(ctx) })
	for len(s.slots) == 0 {
		runtime.Gosched() // until the server waits for that block
	}
	slow.Store(true)
	clients.Go(func() { lite.NewAPIClient(p).GetTime(ctx) })
	<-asked
	go func() { closed <- s.Close() }()
	<-gone
	for range 10 {
		if conn, err := net.Dial("tcp", s.Addr); err == nil {
			t.Error("still listens")
			conn.Close()
		}
	}
	if len(closed) != 0 {
		t.Error("closed while a query is being answered")
	}
	close(answer)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	cancel()
	clients.Wait()
}

func TestTooManyQueriesAreToldSo(t *testing.T) {
	c := newChain(t, Config{})
	s := serve(t, c, "127.0.0.1:0")
	for range maxQueries {
		s.slots <- struct{}{}
	}
	_, err := lite.NewAPIClient(dial(t, s)).GetTime(t.Context())
	if _, busy := errors.AsType[liteclient.ServerBusy](err); !busy {
		t.Fatalf("got %v", err)
	}
	for range maxQueries {
		<-s.slots
	}
}

func TestTooManyConnectionsAreDropped(t *testing.T) {
	c := newChain(t, Config{})
	s := serve(t, c, "127.0.0.1:0")
	open := func() net.Conn {
		conn, err := net.Dial("tcp", s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	for range maxClients {
		open()
	}
	last := open()
	last.SetReadDeadline(time.Now().Add(5 * time.Second)) // a kept one hears nothing for 10 s
	if _, err := last.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("read: %v", err)
	}
}

func TestWrongServerKeyConnectsNobody(t *testing.T) {
	c := newChain(t, Config{})
	s := serve(t, c, "127.0.0.1:0")
	other := ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)
	p := liteclient.NewConnectionPool()
	defer p.Stop()
	if err := p.AddConnection(t.Context(), s.Addr, base64.StdEncoding.EncodeToString(other)); err == nil {
		t.Fatal("connected")
	}
}

// Sixteen clients send, list and wait at once, with an observer in process.
func TestConcurrentClients(t *testing.T) {
	c := newChain(t, Config{BlockEvery: 5 * time.Millisecond})
	s := serve(t, c, "127.0.0.1:0")
	to := ton.Address{Hash: [32]byte{200}}
	var all sync.WaitGroup
	for i := range byte(16) {
		from, p := newSigner(t, i+1), dial(t, s)
		fund(t, c, from.Address, "10")
		all.Go(func() {
			if err := spend(t, secure(c, p), from, to); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if b := c.Balance(to); b != nano(t, "8") || c.Executed(to) != 80 {
		t.Fatalf("received %v in %d transactions", b, c.Executed(to))
	}
}

func spend(t *testing.T, api *lite.APIClient, from signer, to ton.Address) error {
	until := time.Now().Add(time.Minute)
	for seqno := range uint32(5) {
		boc := from.message(t, seqno, until, ton.Transfer{To: to, Value: nano(t, "0.1")})
		var answer tl.Serializable
		if err := api.Client().QueryLiteserver(t.Context(), lite.SendMessage{Body: boc}, &answer); err != nil {
			return err
		}
		if _, ok := answer.(lite.SendMessageStatus); !ok {
			return fmt.Errorf("send %d: %v", seqno, answer)
		}
		b, err := api.GetMasterchainInfo(t.Context())
		if err != nil {
			return err
		}
		acc, err := api.WaitForBlock(b.SeqNo+1).GetAccount(t.Context(), b, friendly(from.Address))
		if err != nil {
			return err
		}
		if _, err := api.ListTransactions(t.Context(), friendly(from.Address), 16, acc.LastTxLT, acc.LastTxHash); err != nil {
			return err
		}
	}
	return nil
}

// FuzzQuery gives the liteserver whatever bytes a client may send. It must answer with something that can be sent.
func FuzzQuery(f *testing.F) {
	c := newChain(f, Config{})
	s := newSigner(f, 1)
	fund(f, c, s.Address, "10")
	boc := s.message(f, 0, time.Now().Add(time.Minute), ton.Transfer{To: minter, Value: nano(f, "0.1")})
	if err := c.Send(boc); err != nil {
		f.Fatal(err)
	}
	b, _ := c.head()
	id := lite.AccountID{ID: s.Address.Hash[:]}
	tx := c.accounts[s.Address].transactions[1]
	for _, q := range []any{
		lite.GetMasterchainInf{}, lite.GetMasterchainInfoExt{}, lite.GetTime{}, lite.GetVersion{},
		lite.GetAccountState{ID: b.master().id, Account: id}, lite.GetConfigAll{BlockID: b.master().id},
		lite.GetConfigParams{BlockID: b.master().id, Params: []int32{20}}, lite.SendMessage{Body: boc},
		lite.GetTransactions{Limit: 5, AccID: &id, LT: int64(tx.lt), TxHash: tx.cell.Hash()},
		lite.RunSmcMethod{Mode: 4, ID: b.master().id, Account: id, MethodID: 85143},
	} {
		f.Add(serialized(f, q))
		f.Add(serialized(f, lite.WaitMasterchainSeqno{Seqno: 1, Timeout: 1}, q))
	}
	ctx, cancel := context.WithCancel(f.Context())
	cancel() // nothing waits
	f.Fuzz(func(t *testing.T, raw []byte) {
		sent, ok := received(raw)
		if !ok {
			return // the connection is closed
		}
		if _, err := overWire(c.answer(ctx, sent)); err != nil {
			t.Fatal(err)
		}
	})
}

// received is what the server reads of a query; false also when that panics the library, which the chain can't prevent.
func received(raw []byte) (q tl.Serializable, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	q, err := overWire(liteclient.LiteServerQuery{Data: tl.Raw(raw)})
	if err != nil {
		return nil, false
	}
	return q.(liteclient.LiteServerQuery).Data, true
}
