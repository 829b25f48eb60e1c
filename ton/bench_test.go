package ton

import (
	"testing"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

func BenchmarkDecode(b *testing.B) {
	w := testWallet(b)
	payload := mustBuild(b, w, 7, Transfer{To: bob, Value: ton1, Comment: "rent"})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(w, payload); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRun(b *testing.B) {
	w, e := testWallet(b), devEmulator(b)
	payload, acc := mustBuild(b, w, 7, Transfer{To: bob, Value: ton1, Comment: "rent"}), active(b, w, NanoOf(5e9), 7)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Run(w, acc, payload, testNow); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeWorst is the most work a payload within the caps can ask for.
func BenchmarkDecodeWorst(b *testing.B) {
	w := testWallet(b)
	p := validRaw(w, validMsg())
	p.tail = func(b *cell.Builder) { b.MustStoreRef(tree(maxPayloadCells-5, false)) }
	payload := p.cell().ToBOC()
	for b.Loop() {
		if _, err := Decode(w, payload); err == nil {
			b.Fatal("decoded")
		}
	}
}

func BenchmarkReadExecuted(b *testing.B) {
	w, e := testWallet(b), devEmulator(b)
	res, err := apply(b, e, active(b, w, NanoOf(5e9), 7), mustCell(b, mustAssemble(b, w, mustBuild(b, w, 7, Transfer{To: bob, Value: ton1}), false)))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := ReadExecuted(w, res.TransactionCell); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeEvery reads one transfer and one jetton transfer of every version.
func BenchmarkDecodeEvery(b *testing.B) {
	for _, v := range ownVersions {
		w := walletOf(b, v)
		jetton, err := withBody(b, w, operations()["STON 2"].body)
		if err != nil {
			b.Fatal(err)
		}
		for name, payload := range map[string][]byte{"plain": mustBuild(b, w, 7, Transfer{To: bob, Value: ton1, Comment: "rent"}), "swap": jetton} {
			b.Run(string(v)+"/"+name, func(b *testing.B) {
				for b.Loop() {
					if _, err := Decode(w, payload); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkRunEvery runs one transfer of every version.
func BenchmarkRunEvery(b *testing.B) {
	e := devEmulator(b)
	for _, v := range ownVersions {
		w := walletOf(b, v)
		payload, acc := mustBuild(b, w, 7, Transfer{To: bob, Value: ton1}), activeOf(b, w, NanoOf(50e9), 7)
		b.Run(string(v), func(b *testing.B) {
			for b.Loop() {
				if o, err := e.Run(w, acc, payload, testNow); err != nil || !o.Accepted {
					b.Fatal(o, err)
				}
			}
		})
	}
}

// BenchmarkBatch reads and runs as many transfers as a version takes.
func BenchmarkBatch(b *testing.B) {
	e := devEmulator(b)
	for _, v := range ownVersions {
		w := walletOf(b, v)
		payload, acc := mustBuild(b, w, 7, manyTransfers(mostOf[v])...), activeOf(b, w, NanoOf(50e9), 7)
		b.Run(string(v), func(b *testing.B) {
			for b.Loop() {
				tx, err := Decode(w, payload)
				if err != nil {
					b.Fatal(err)
				}
				if o, err := e.Run(w, acc, payload, testNow); err != nil || len(o.Messages) != len(tx.Messages) {
					b.Fatal(o.Accepted, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*mostOf[v]), "µs/message")
		})
	}
}
