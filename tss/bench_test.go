//go:build unix

package tss

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"math/big"
	"syscall"
	"testing"

	"github.com/bnb-chain/tss-lib/v2/common"
	"github.com/bnb-chain/tss-lib/v2/eddsa/keygen"
	"github.com/bnb-chain/tss-lib/v2/eddsa/signing"
	lib "github.com/bnb-chain/tss-lib/v2/tss"
)

// measure reports the CPU of all parties together, whatever else the machine does. Read it as a ratio to
// BenchmarkEd25519Sign of the same run.
func measure(b *testing.B) func() {
	b.Helper()
	start := cpuTime(b)
	return func() { b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op") }
}

func cpuTime(b *testing.B) int64 {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return r.Utime.Nano() + r.Stime.Nano()
}

func BenchmarkEd25519Sign(b *testing.B) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		b.Fatal(err)
	}
	defer measure(b)()
	for b.Loop() {
		ed25519.Sign(key, testHash[:])
	}
}

func BenchmarkSign2of3(b *testing.B) {
	keys := shares(b, 2, 3)
	defer measure(b)()
	for b.Loop() {
		for p, o := range runSign(keys, names[:2], nil) {
			if o.err != nil {
				b.Fatalf("%s: %v", p, o.err)
			}
		}
	}
}

// BenchmarkStockSign2of3 is tss-lib as it comes: its own curve, its own last step, no checks of ours.
func BenchmarkStockSign2of3(b *testing.B) { benchmarkLibrary(b, lib.Edwards()) }

// BenchmarkLibrarySign2of3 is tss-lib alone over our curve: what the border adds is the difference to Sign2of3.
func BenchmarkLibrarySign2of3(b *testing.B) { benchmarkLibrary(b, ed25519Curve) }

func benchmarkLibrary(b *testing.B, c elliptic.Curve) {
	parties := lib.SortPartyIDs(lib.UnSortedPartyIDs{
		lib.NewPartyID("1", "1", big.NewInt(1)), lib.NewPartyID("2", "2", big.NewInt(2)),
	})
	keys := stockKeygen(b, c, parties)
	defer measure(b)()
	for b.Loop() {
		stockSign(b, c, parties, keys)
	}
}

func stockKeygen(b *testing.B, c elliptic.Curve, ids lib.SortedPartyIDs) []keygen.LocalPartySaveData {
	out := make(chan lib.Message, 64)
	end := make(chan *keygen.LocalPartySaveData, len(ids))
	var parties []lib.Party
	for _, id := range ids {
		p := lib.NewParameters(c, lib.NewPeerContext(ids), id, len(ids), 1)
		parties = append(parties, keygen.NewLocalParty(p, out, end))
	}
	pump(b, parties, out)
	saved := make([]keygen.LocalPartySaveData, len(ids))
	for range ids {
		s := <-end
		i, err := s.OriginalIndex()
		if err != nil {
			b.Fatal(err)
		}
		saved[i] = *s
	}
	return saved
}

func stockSign(b *testing.B, c elliptic.Curve, ids lib.SortedPartyIDs, keys []keygen.LocalPartySaveData) {
	out := make(chan lib.Message, 64)
	end := make(chan *common.SignatureData, len(ids))
	var parties []lib.Party
	for i, id := range ids {
		p := lib.NewParameters(c, lib.NewPeerContext(ids), id, len(ids), 1)
		parties = append(parties, signing.NewLocalParty(bigFromBE(testHash[:]), p, keys[i], out, end, len(testHash)))
	}
	pump(b, parties, out)
	if len(end) != len(ids) {
		b.Fatal("not signed")
	}
}

// pump carries the library's messages as its wire format until there are none.
func pump(b *testing.B, parties []lib.Party, out chan lib.Message) {
	for _, p := range parties {
		if err := p.Start(); err != nil {
			b.Fatal(err)
		}
	}
	for len(out) > 0 {
		m := <-out
		wire, r, err := m.WireBytes()
		if err != nil {
			b.Fatal(err)
		}
		for i, p := range parties {
			if i == r.From.Index || (r.To != nil && r.To[0].Index != i) {
				continue
			}
			if _, err := p.UpdateFromBytes(wire, r.From, r.IsBroadcast); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkKeygen2of3(b *testing.B) {
	defer measure(b)()
	for b.Loop() {
		for p, o := range runKeygen(2, 3, nil) {
			if o.err != nil {
				b.Fatalf("%s: %v", p, o.err)
			}
		}
	}
}

func BenchmarkParseShare(b *testing.B) {
	m := shares(b, 2, 3)["user"].Marshal()
	defer measure(b)()
	for b.Loop() {
		if _, err := ParseShare(m); err != nil {
			b.Fatal(err)
		}
	}
}
