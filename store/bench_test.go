package store

import (
	"fmt"
	"sync"
	"testing"

	"github.com/tonaiagent/mpcnode/guard"
)

// BenchmarkDo is what a decision costs: two records read and written, one audit entry, one sync shared with whoever waits.
// b.N operations are spread over the callers; ns/op is the time from one to the next.
func BenchmarkDo(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprint("callers=", callers), func(b *testing.B) {
			cfg := testConfig(newDir(b))
			l := mustOpen(b, cfg).Ledger()
			b.ResetTimer()
			var wg sync.WaitGroup
			for caller := range callers {
				wg.Go(func() {
					for i := caller; i < b.N; i += callers {
						if err := l.Do(b.Context(), decision(caller)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
		})
	}
}

func decision(caller int) func(guard.Tx) error {
	spend, payload := guard.Key(fmt.Sprint("s/", caller)), guard.Key(fmt.Sprint("y/", caller))
	return func(tx guard.Tx) error {
		for _, k := range []guard.Key{spend, payload} {
			if _, err := tx.Get(k); err != nil {
				return err
			}
			tx.Set(k, make([]byte, 200))
		}
		tx.Append(event("r-00112233445566778899aabbccddeeff"))
		return nil
	}
}

// BenchmarkUnseal is the vault's own part of opening a share.
func BenchmarkUnseal(b *testing.B) {
	v := mustOpen(b, testConfig(newDir(b))).Vault()
	mustAdd(b, v, epoch1, make([]byte, 1024))
	mustActivate(b, v, epoch1)
	for b.Loop() {
		plain, err := v.unseal(epoch1, false)
		if err != nil {
			b.Fatal(err)
		}
		clear(plain)
	}
}

// BenchmarkOpen is a start with the product's key derivation.
func BenchmarkOpen(b *testing.B) {
	cfg := testConfig(newDir(b))
	cfg.cost = cost{}
	for b.Loop() {
		mustClose(b, mustOpen(b, cfg))
	}
}
