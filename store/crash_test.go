package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/tonaiagent/mpcnode/guard"
)

const crashCallers = 8

// appendRole appends entries from some callers, counting each in a key of its own, and prints a line for each that was
// acknowledged, until it is killed.
func appendRole(dir string) error {
	s, err := Open(context.Background(), testConfig(dir))
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for caller := range crashCallers {
		wg.Go(func() {
			for count(s.Ledger(), caller) == nil {
				os.Stdout.Write(fmt.Appendf(nil, "%d\n", caller))
			}
		})
	}
	wg.Wait()
	return s.Close()
}

func counter(caller int) guard.Key { return guard.Key(fmt.Sprint("n/", caller)) }

func count(l *Ledger, caller int) error {
	return l.Do(context.Background(), func(tx guard.Tx) error {
		v, err := tx.Get(counter(caller))
		if err != nil {
			return err
		}
		tx.Set(counter(caller), append(v[:len(v):len(v)], '.'))
		tx.Append(event(fmt.Sprint("r-", caller)))
		return nil
	})
}

// A round kills the process after so many acknowledged operations.
func TestSIGKILLLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	cfg := testConfig(newDir(t))
	var acknowledged [crashCallers]int
	for round := range 20 {
		killAfter(t, cfg.Dir, 1+round*13, &acknowledged)
		s := mustOpen(t, cfg)
		total := 0
		for caller, want := range acknowledged {
			got := len(get(t, s.Ledger(), counter(caller)))
			if got < want || got > want+round+1 { // one a round may be done and not yet acknowledged
				t.Errorf("round %d: caller %d has %d of %d acknowledged operations", round, caller, got, want)
			}
			total += got
		}
		if size, _ := s.Ledger().Head(); size != uint64(total) {
			t.Errorf("round %d: %d entries for %d operations: they belong together", round, size, total)
		}
		mustClose(t, s)
	}
}

func killAfter(t *testing.T, dir string, n int, acknowledged *[crashCallers]int) {
	t.Helper()
	cmd := child(t.Context(), "append", dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() { // what was printed before the kill is read too
		var caller int
		if _, err := fmt.Sscan(lines.Text(), &caller); err != nil {
			t.Fatal(err)
		}
		acknowledged[caller]++
		if n--; n == 0 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || n > 0 {
		t.Fatalf("the child ended by itself, %d operations early: %v", n, err)
	}
}
