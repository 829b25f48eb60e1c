package chain

import (
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
)

// BenchmarkFactsOfBatch proves what 255 jetton transfers go to, each to another account, on a chain in this process:
// 257 accounts with their Merkle proofs, and 256 getters.
func BenchmarkFactsOfBatch(b *testing.B) {
	m := newMarket(b)
	j := m.jetton(b, "USD", 1e9)
	var transfers []ton.Transfer
	for i := range 255 {
		transfers = append(transfers, m.jettonTransfer(j, 1, ton.Address{Hash: [32]byte{0xB0, byte(i)}}))
	}
	claim := ton.Claim{Asset: ton.JettonID(j.Master)}
	judged := m.judge(b, claim, transfers...)
	for b.Loop() {
		facts, err := m.client.FactsOf(b.Context(), m.wallet.Address, judged.Messages, claim, nil)
		if err != nil || facts[254].Role != ton.RoleJettonWallet {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/payload")
}

// BenchmarkFacts proves one of each kind.
func BenchmarkFacts(b *testing.B) {
	m := newMarket(b)
	j, c := m.jetton(b, "USD", 1e9), m.collection(b, "https://one")
	bob := ton.Address{Hash: [32]byte{0xB0}}
	claim := ton.Claim{Asset: ton.JettonID(j.Master), Collection: c.Address}
	for name, transfer := range map[string]ton.Transfer{"jetton": m.jettonTransfer(j, 1, bob), "item": m.nftTransfer(c.Item(0), bob)} {
		judged := m.judge(b, claim, transfer)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := m.client.FactsOf(b.Context(), m.wallet.Address, judged.Messages, claim, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
