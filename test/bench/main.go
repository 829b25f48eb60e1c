// Command bench measures what README claims: three real processes with syncs on, over loopback, against a local chain.
// scripts/bench.sh runs it on an otherwise idle machine. Times are this machine's; ratios are to crypto/ed25519.Sign in
// the same run.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

// figures is what --json prints. Its names are stable.
type figures struct {
	MedianMS          float64 `json:"median_ms"`               // one caller: HTTP request to verified signature
	P99MS             float64 `json:"p99_ms"`                  // the same
	PerSecond         float64 `json:"per_second"`              // 16 callers over 16 wallets, each signature settled on the chain
	HighloadPerSecond float64 `json:"highload_per_second"`     // 16 callers over one Highload V3 wallet, the same
	CPURatio          float64 `json:"cpu_per_signature_ratio"` // the threshold signature alone, all signers
	StockRatio        float64 `json:"stock_tsslib_ratio"`      // the same by tss-lib as it comes
	AllRatio          float64 `json:"all_processes_ratio"`     // everything the three nodes do for a signature, settling included
	GuardAt100        float64 `json:"guard_us_at_100"`         // one decision after 100 past transactions, µs
	GuardAt100k       float64 `json:"guard_us_at_100000"`
	RSSMegabytes      float64 `json:"rss_mb"` // of the largest node after the load
}

func main() {
	asJSON := flag.Bool("json", false, "print one JSON object")
	quick := flag.Bool("quick", false, "a tenth of the load: to try the tool, not to quote figures")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	f, err := measure(ctx, *quick)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if *asJSON {
		json.NewEncoder(os.Stdout).Encode(f)
		return
	}
	f.print()
}

func measure(ctx context.Context, quick bool) (f figures, err error) {
	n, err := startNetwork(ctx)
	defer func() { err = errors.Join(err, n.stop()) }()
	if err != nil {
		return f, err
	}
	scale := 10
	if quick {
		scale = 1
	}
	if err := n.latency(ctx, 40*scale, &f); err != nil {
		return f, fmt.Errorf("latency: %w", err)
	}
	if err := n.throughput(ctx, 200*scale, &f); err != nil {
		return f, fmt.Errorf("throughput: %w", err)
	}
	if err := n.oneWallet(ctx, 100*scale, &f); err != nil {
		return f, fmt.Errorf("throughput of one wallet: %w", err)
	}
	if err := n.stop(); err != nil { // nothing else runs while single functions are measured
		return f, err
	}
	return f, f.functions(ctx)
}

func (f figures) print() {
	fmt.Printf("median %.2f ms, p99 %.2f ms at one caller\n", f.MedianMS, f.P99MS)
	fmt.Printf("%.0f signatures a second at %d callers, each settled on the chain\n", f.PerSecond, callers)
	fmt.Printf("%.0f a second at %d callers over one Highload V3 wallet\n", f.HighloadPerSecond, callers)
	fmt.Printf("threshold signature %.0f × ed25519.Sign (all signers); tss-lib as it comes %.0f ×; all of the three nodes' work %.0f ×\n",
		f.CPURatio, f.StockRatio, f.AllRatio)
	fmt.Printf("guard's decision %.0f µs after 100 transactions, %.0f µs after 100,000\n", f.GuardAt100, f.GuardAt100k)
	fmt.Printf("largest node %.0f MB\n", f.RSSMegabytes)
}
