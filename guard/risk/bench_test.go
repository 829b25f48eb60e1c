package risk

import (
	"fmt"
	"testing"
	"time"
)

// past is a wallet that has sent n amounts, one every 10 minutes.
func past(n int) (s State) {
	for i := range n {
		s.Add(Paid{At: noon.Add(-time.Duration(n-i) * 10 * time.Minute), Amount: tons(5 + float64(i%17)), New: tons(float64(i % 3))})
	}
	return s
}

// What a request costs doesn't grow with what the wallet has done.
func BenchmarkHistory(b *testing.B) {
	r := pays(bob, 7.77, Dest{})
	for range 8 {
		r.Pending = append(r.Pending, pending(alice, 5))
	}
	for _, n := range []int{0, 100, 1_000_000} {
		s := past(n)
		b.Run(fmt.Sprintf("Assess/%d", n), func(b *testing.B) {
			for b.Loop() {
				Assess(s, Market{}, Default(), r)
			}
		})
		b.Run(fmt.Sprintf("Add/%d", n), func(b *testing.B) {
			s, at := s, noon
			for b.Loop() {
				at = at.Add(time.Minute)
				s.Add(Paid{At: at, Amount: tons(7.77), New: tons(1)})
			}
		})
	}
}

func BenchmarkRecord(b *testing.B) {
	s := past(1000)
	raw, _ := s.MarshalBinary()
	b.Run("Marshal", func(b *testing.B) {
		for b.Loop() {
			s.MarshalBinary()
		}
		b.ReportMetric(float64(len(raw)), "bytes")
	})
	b.Run("Unmarshal", func(b *testing.B) {
		for b.Loop() {
			if err := s.UnmarshalBinary(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
}
