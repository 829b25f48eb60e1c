package contracts

import (
	"math/big"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

func outMessage(to [32]byte, amount uint64) *cell.Cell {
	c, err := (&tlb.InternalMessage{
		IHRDisabled: true, DstAddr: library(ton.Address{Hash: to}), Amount: tlb.FromNanoTON(new(big.Int).SetUint64(amount)), Body: cell.BeginCell().EndCell(),
	}).ToCell()
	if err != nil {
		panic(err)
	}
	return c
}

// deepHashes are n keys whose dictionary is n−1 cells deep: each leaves the common prefix a bit later.
func deepHashes(n int) map[[32]byte]bool {
	m := make(map[[32]byte]bool)
	for i := range n {
		var h [32]byte
		if i < n-1 {
			h[i/8] = 0x80 >> (i % 8)
		}
		m[h] = true
	}
	return m
}

func deepOps(n int) (ops []uint32) {
	for i := n - 1; i >= 0; i-- {
		ops = append(ops, uint32(uint64(1<<31)>>i))
	}
	return ops
}

func plain(to map[[32]byte]bool) Rules {
	r := make(Rules)
	for h := range to {
		r[h] = Rule{Kinds: KindPlain}
	}
	return r
}

func withJettons(n int) Rules {
	r := make(Rules)
	for i := range n {
		r[hashOf(string(rune('a'+i)))] = Rule{Kinds: KindJetton, Jetton: &JettonRule{Payees: map[[32]byte]bool{payee: true}}}
	}
	return r
}

// deepWithPayees is a list of which the deepest destination has a jetton with payees of that depth.
func deepWithPayees(depth, payees int) Rules {
	r := plain(deepHashes(depth + 1))
	r[[32]byte{}] = Rule{Kinds: KindJetton, Jetton: &JettonRule{PerDay: ton.NanoOf(1), PerTx: ton.NanoOf(1), Payees: deepHashes(payees + 1)}}
	return r
}
