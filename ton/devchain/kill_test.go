package devchain

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
)

// killedDir names the directory of a chain that this process is to make blocks on until it is killed.
const killedDir = "DEVCHAIN_KILLED_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killedDir); dir != "" {
		if err := tellBlocks(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// tellBlocks prints every block once it is sealed, as a client might see it.
func tellBlocks(dir string) error {
	c, err := New(Config{Dir: dir})
	for err == nil {
		b, _ := c.head()
		fmt.Printf("%d %x\n", b.seqno, b.master().id.RootHash)
		err = c.Fund(ton.Address{Hash: [32]byte{byte(b.seqno)}}, ton.NanoOf(uint64(b.seqno)))
	}
	return err
}

// A process that is killed at any moment loses no block that it told of, and the next goes on from there.
func TestKilledProcessLosesNothingItToldOf(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "chain")
	for told := range 12 {
		last := killAfter(t, dir, 1+told*told)
		c, err := New(Config{Dir: dir})
		if err != nil {
			t.Fatalf("after a kill: %v", err)
		}
		var seqno uint32
		var root string
		fmt.Sscan(last, &seqno, &root)
		b := c.numbered(seqno)
		if b == nil || hex.EncodeToString(b.master().id.RootHash) != root || c.newest.seqno > seqno+1 {
			t.Errorf("told of %s, the newest block is %d", last, c.newest.seqno)
		}
		c.Close()
	}
}

// killAfter kills a process that makes blocks once it has told of n, and returns what it told last.
func killAfter(t *testing.T, dir string, n int) (last string) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env, child.Stderr = append(os.Environ(), killedDir+"="+dir), os.Stderr
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n > 0 && lines.Scan() {
		n, last = n-1, lines.Text()
	}
	child.Process.Kill()
	for lines.Scan() { // what it told until the kill reached it
		last = lines.Text()
	}
	child.Wait()
	if last == "" {
		t.Fatal("it told of nothing")
	}
	return last
}
