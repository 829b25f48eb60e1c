package chain

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
	lite "github.com/xssnick/tonutils-go/ton"
)

func TestWalletIsReadFedAndMirrored(t *testing.T) {
	eachTransport(t, func(t *testing.T, chain *devchain.Chain, c *Client) {
		s, to := newSigner(t, 1), ton.Address{Hash: [32]byte{7}}
		if acc := account(t, c, s.Address); acc.Status != ton.StatusAbsent || !acc.Proven || acc.LastLT != 0 {
			t.Fatalf("before anything happened: %+v", acc)
		}
		fund(t, chain, s.Address, "10")
		if acc := account(t, c, s.Address); acc.Status != ton.StatusUninit || acc.Balance != nano(t, "10") {
			t.Fatalf("after the deposit: %+v", acc)
		}
		if err := c.Send(t.Context(), s.message(t, 0, ton.Transfer{To: to, Value: nano(t, "1.5"), Comment: "hello"})); err != nil {
			t.Fatal(err)
		}
		acc := account(t, c, s.Address)
		if err := acc.CheckOwn(s.Wallet); err != nil || acc.Seqno != 1 || acc.Status != ton.StatusActive {
			t.Fatalf("after the transfer: %+v, %v", acc, err)
		}
		head, err := c.Head(t.Context())
		if err != nil || head.Seqno != acc.MCSeqno || !head.Time.Equal(acc.Time) {
			t.Fatalf("newest block %+v, account of %d at %v, %v", head, acc.MCSeqno, acc.Time, err)
		}
		list, err := c.Transactions(t.Context(), s.Wallet, acc, 0, [32]byte{}, 10)
		if err != nil || len(list) != 2 {
			t.Fatalf("%d transactions, %v", len(list), err)
		}
		deposit, transfer := list[0], list[1]
		if deposit.External || deposit.Consumed || deposit.PrevLT != 0 {
			t.Errorf("deposit: %+v", deposit)
		}
		if !transfer.External || !transfer.Consumed || !transfer.Success || transfer.PrevHash != deposit.Hash ||
			len(transfer.Out) != 1 || transfer.Out[0].Value != nano(t, "1.5") || transfer.Out[0].To != to {
			t.Errorf("transfer: %+v", transfer)
		}
	})
}

func TestBlockchainConfigRunsTheEmulator(t *testing.T) {
	eachTransport(t, func(t *testing.T, chain *devchain.Chain, c *Client) {
		boc, err := c.BlockchainConfig(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ton.NewEmulator(boc); err != nil {
			t.Fatal(err)
		}
	})
}

func TestForgedBlockchainConfigIsRefused(t *testing.T) {
	chain := newChain(t)
	chain.Tick()
	for name, c := range map[string]*Client{
		"proof of another block": lying(chain, func(a *lite.ConfigAll) {
			a.ID = a.ID.Copy()
			a.ID.SeqNo--
		}),
		"state of another block": lying(chain, func(a *lite.ConfigAll) { a.ConfigProof = a.StateProof }),
		"no proof":               lying(chain, func(a *lite.ConfigAll) { a.StateProof = nil }),
		"no state":               lying(chain, func(a *lite.ConfigAll) { a.ConfigProof = nil }),
	} {
		_, err := c.BlockchainConfig(t.Context())
		refused(t, name, err)
	}
}

func TestRejectedMessageIsNotUnavailability(t *testing.T) {
	eachTransport(t, func(t *testing.T, chain *devchain.Chain, c *Client) {
		s := newSigner(t, 1)
		fund(t, chain, s.Address, "1")
		m := s.message(t, 0, ton.Transfer{To: ton.Address{}, Value: nano(t, "0.1")})
		if err := c.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if err := c.Send(t.Context(), m); !errors.Is(err, ErrRejected) || errors.Is(err, ErrUnavailable) {
			t.Errorf("replayed: %v", err)
		}
	})
}

func TestSendTrustsOnlyTheAnswerThatSaysSo(t *testing.T) {
	chain := newChain(t)
	s := newSigner(t, 1)
	fund(t, chain, s.Address, "1")
	m := s.message(t, 0, ton.Transfer{To: ton.Address{}, Value: nano(t, "0.1")})
	for name, answer := range map[string]any{
		"status 0": lite.SendMessageStatus{}, "not ready": lite.LSError{Code: 651}, "another answer": lite.CurrentTime{},
	} {
		c := New(liar{chain.LiteClient(), func(any) any { return answer }}, config)
		if err := c.Send(t.Context(), m); !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrRejected) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := New(silent{}, config).Send(t.Context(), make([]byte, maxExternal+1)); err == nil || errors.Is(err, ErrUnavailable) {
		t.Errorf("a message of more than 64 KiB: %v", err)
	}
}

func TestOtherNetworksAreRefused(t *testing.T) {
	chain := newChain(t)
	for _, network := range []string{"", "mainnet", "testnet", "Dev"} {
		cfg := config
		cfg.Network = network
		if _, err := Dial(t.Context(), cfg); !errors.Is(err, errTrusted) {
			t.Errorf("dial %q: %v", network, err)
		}
		if _, err := New(chain.LiteClient(), cfg).Head(t.Context()); !errors.Is(err, errTrusted) {
			t.Errorf("use %q: %v", network, err)
		}
	}
	if _, err := new(Client).Head(t.Context()); !errors.Is(err, errTrusted) {
		t.Errorf("zero client: %v", err)
	}
}

func TestConfigurationThatCannotWorkIsRefused(t *testing.T) {
	key := strings.Repeat("A", 43) + "="
	for name, servers := range map[string][]Liteserver{
		"none":            nil,
		"too many":        slices.Repeat([]Liteserver{{"127.0.0.1:1", key}}, maxLiteservers+1),
		"without port":    {{"127.0.0.1", key}},
		"without key":     {{"127.0.0.1:1", ""}},
		"short key":       {{"127.0.0.1:1", "AAAA"}},
		"key in hex":      {{"127.0.0.1:1", strings.Repeat("00", 32)}},
		"second is wrong": {{"127.0.0.1:1", key}, {"127.0.0.1:1", key + "="}},
	} {
		if _, err := Dial(t.Context(), Config{Network: Dev, Liteservers: servers}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSilentLiteserverIsUnavailableAtTheDeadline(t *testing.T) {
	s := newSigner(t, 1)
	synctest.Test(t, func(t *testing.T) {
		c := New(silent{}, config)
		calls := map[string]func(context.Context) error{
			"head":    func(ctx context.Context) error { _, err := c.Head(ctx); return err },
			"account": func(ctx context.Context) error { _, err := c.Account(ctx, s.Address); return err },
			"config":  func(ctx context.Context) error { _, err := c.BlockchainConfig(ctx); return err },
			"send":    func(ctx context.Context) error { return c.Send(ctx, nil) },
			"list": func(ctx context.Context) error {
				_, err := c.Transactions(ctx, s.Wallet, ton.Account{Address: s.Address, LastLT: 1}, 0, [32]byte{}, 1)
				return err
			},
		}
		for name, call := range calls {
			start := time.Now()
			if err := call(t.Context()); !errors.Is(err, ErrUnavailable) || time.Since(start) != callTimeout {
				t.Errorf("%s: %v after %v", name, err, time.Since(start))
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s with a deadline of its own: %v", name, err)
			}
			cancel()
		}
		start := time.Now()
		if _, err := c.WaitHead(t.Context(), 1); !errors.Is(err, ErrUnavailable) || time.Since(start) != waitTimeout+waitGrace {
			t.Errorf("wait: %v after %v", err, time.Since(start))
		}
	})
}

// Sixteen goroutines read through one client while the chain goes on.
func TestConcurrentReadersNeverGoBack(t *testing.T) {
	chain := newChain(t)
	c := dial(t, config, serve(t, chain, "127.0.0.1:0"))
	s := newSigner(t, 1)
	fund(t, chain, s.Address, "1")
	stop := make(chan struct{})
	var ticking, readers sync.WaitGroup
	ticking.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				fund(t, chain, s.Address, "0.1")
			}
		}
	})
	for range 16 {
		readers.Go(func() {
			if err := readOn(t.Context(), c, s.Wallet); err != nil {
				t.Error(err)
			}
		})
	}
	readers.Wait()
	close(stop)
	ticking.Wait()
}

func readOn(ctx context.Context, c *Client, w ton.Wallet) error {
	var last uint32
	for range 10 {
		h, err := c.WaitHead(ctx, last)
		if err != nil {
			return err
		}
		acc, err := c.Account(ctx, w.Address)
		if err != nil {
			return err
		}
		if h.Seqno <= last || acc.MCSeqno < h.Seqno {
			return errors.New("went back")
		}
		last = acc.MCSeqno
		if _, err := c.Transactions(ctx, w, acc, 0, [32]byte{}, 20); err != nil && !errors.Is(err, ErrIncomplete) {
			return err
		}
	}
	return nil
}

func BenchmarkAccount(b *testing.B) {
	chain := newChain(b)
	s := newSigner(b, 1)
	fund(b, chain, s.Address, "1")
	for name, c := range map[string]*Client{
		"tcp": dial(b, config, serve(b, chain, "127.0.0.1:0")), "in process": New(chain.LiteClient(), config),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				account(b, c, s.Address)
			}
		})
	}
}
