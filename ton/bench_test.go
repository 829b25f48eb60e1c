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
