package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tonaiagent/mpcnode/node/client"
)

const destination = "0:2222222222222222222222222222222222222222222222222222222222222222"

// sign asks for one transfer and verifies the signature.
func (n *network) sign(ctx context.Context, wallet, deliver, key string) (client.Status, error) {
	r := client.Request{Network: n.id, Wallet: wallet, Coordinator: n.report.Nodes[0].Party,
		Expires: time.Now().Add(time.Minute).UTC().Truncate(time.Second), Type: "transfer", Asset: "native",
		Amount: "0.001", Destination: destination}
	if wallet == highload {
		r.Query = client.QueryOf(n.query.Add(1), r.Expires)
	}
	s, err := n.agent.Send(ctx, r, deliver, key)
	if err != nil {
		return s, err
	}
	hash, err1 := hex.DecodeString(s.SigningHash)
	sig, err2 := hex.DecodeString(s.Signature)
	if err := errors.Join(err1, err2); err != nil {
		return s, err
	}
	if !ed25519.Verify(n.public[wallet], hash, sig) {
		return s, fmt.Errorf("%s is %s (%+v): no valid signature", s.ID, s.State, s.Reason)
	}
	return s, nil
}

// latency measures one caller from HTTP request to verified signature. Settling is waited for outside the measured time.
func (n *network) latency(ctx context.Context, rounds int, f *figures) error {
	var took []time.Duration
	for i := range rounds + 5 {
		s, start, err := n.signSettled(ctx, fmt.Sprintf("latency-%d", i))
		if err != nil {
			return err
		}
		if i >= 5 { // the first ones warm up
			took = append(took, time.Since(start))
		}
		if err := n.settle(ctx, s); err != nil {
			return err
		}
	}
	slices.Sort(took)
	f.MedianMS = took[len(took)/2].Seconds() * 1000
	f.P99MS = took[len(took)*99/100].Seconds() * 1000
	return nil
}

// signSettled is sign once the wallet's last transaction is settled at all nodes; it also returns when that try began.
func (n *network) signSettled(ctx context.Context, key string) (client.Status, time.Time, error) {
	for {
		start := time.Now()
		s, err := n.sign(ctx, "wallet-1", client.DeliverSigned, key)
		var p *client.Problem
		if !errors.As(err, &p) || p.Code != "wallet_busy" || ctx.Err() != nil {
			return s, start, err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// settle broadcasts a signed message and gives the nodes time to see it executed.
func (n *network) settle(ctx context.Context, s client.Status) error {
	boc, err := base64.StdEncoding.DecodeString(s.BoC)
	if err != nil {
		return err
	}
	if err := n.chain.Send(ctx, boc); err != nil {
		return err
	}
	select {
	case <-time.After(100 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// load has callers ask for so many signatures in all, each of its own wallet or all of the highload one, and returns how
// long it took until all had executed.
func (n *network) load(ctx context.Context, prefix string, total int, wallet func(caller int) string) (time.Duration, error) {
	var left atomic.Int64
	left.Store(int64(total))
	var wg sync.WaitGroup
	errs := make([]error, callers)
	start := time.Now()
	for c := range callers {
		wg.Go(func() {
			for i := 0; left.Add(-1) >= 0; i++ {
				key := fmt.Sprintf("%s-%d-%d", prefix, c, i)
				if errs[c] = n.signAndSettle(ctx, wallet(c), key); errs[c] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start), errors.Join(errs...)
}

// oneWallet measures callers over the one highload wallet.
func (n *network) oneWallet(ctx context.Context, total int, f *figures) error {
	the := func(int) string { return highload }
	if _, err := n.load(ctx, "warm-highload", 2*callers, the); err != nil {
		return err
	}
	took, err := n.load(ctx, "highload", total, the)
	f.HighloadPerSecond = float64(total) / took.Seconds()
	return err
}

// throughput measures callers over as many wallets, each signature broadcast by the node and executed before the
// wallet's next.
func (n *network) throughput(ctx context.Context, total int, f *figures) error {
	own := func(caller int) string { return fmt.Sprintf("wallet-%d", caller+1) }
	if _, err := n.load(ctx, "warm", 2*callers, own); err != nil {
		return err
	}
	before, err := n.cpu()
	if err != nil {
		return err
	}
	took, err := n.load(ctx, "load", total, own)
	if err != nil {
		return err
	}
	after, err := n.cpu()
	if err != nil {
		return err
	}
	f.PerSecond = float64(total) / took.Seconds()
	f.AllRatio = (after - before).Seconds() / float64(total) // seconds of CPU; functions makes it a ratio
	f.RSSMegabytes, err = n.rss()
	return err
}

func (n *network) signAndSettle(ctx context.Context, wallet, key string) error {
	s, err := n.sign(ctx, wallet, client.DeliverConfirmed, key)
	for err == nil && s.State != "CONFIRMED" {
		if s.State != "SIGNED" && s.State != "SENT" {
			return fmt.Errorf("%s ended as %s", s.ID, s.State)
		}
		s, err = n.agent.Status(ctx, s.ID, 10*time.Second)
	}
	return err
}

// cpu returns the processor time of the three nodes so far.
func (n *network) cpu() (total time.Duration, err error) {
	for _, node := range n.report.Nodes {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", node.PID))
		if err != nil {
			return 0, err
		}
		fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+2:]))
		for _, f := range fields[11:13] { // utime, stime, proc(5)
			ticks, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				return 0, err
			}
			total += time.Duration(ticks) * time.Second / 100 // USER_HZ
		}
	}
	return total, nil
}

// rss returns the resident memory of the largest node, in MB.
func (n *network) rss() (most float64, err error) {
	for _, node := range n.report.Nodes {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", node.PID))
		if err != nil {
			return 0, err
		}
		_, after, _ := strings.Cut(string(raw), "VmRSS:")
		kb, err := strconv.ParseFloat(strings.Fields(after)[0], 64)
		if err != nil {
			return 0, err
		}
		most = max(most, kb/1024)
	}
	return most, nil
}
