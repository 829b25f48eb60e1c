package compat

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/xssnick/tonutils-go/address"
	"github.com/xssnick/tonutils-go/liteclient"
	"github.com/xssnick/tonutils-go/ton"
)

// devchain is a running chain: what its program printed, and its faucet.
type devchain struct {
	Liteserver string `json:"liteserver"`
	Key        []byte `json:"key"`
	GlobalID   int32  `json:"global_id"`
	Init       struct {
		Seqno uint32 `json:"seqno"`
		Root  []byte `json:"root_hash"`
		File  []byte `json:"file_hash"`
	} `json:"init"`

	in  io.Writer
	out *bufio.Reader
}

// start builds the chain's program in the module around this one, and runs it until the test ends.
func start(t *testing.T) *devchain {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "devchain")
	build := exec.Command("go", "build", "-o", binary, "./test/devchain")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	c, program := &devchain{}, exec.Command(binary)
	program.Stderr = os.Stderr
	in, err := program.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := program.Wait(); err != nil {
			t.Errorf("chain: %v", err)
		}
	})
	c.in, c.out = in, bufio.NewReader(out)
	if err := json.Unmarshal([]byte(c.line(t)), c); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *devchain) line(t *testing.T) string {
	t.Helper()
	line, err := c.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func (c *devchain) fund(t *testing.T, a *address.Address, coins string) {
	t.Helper()
	fmt.Fprintln(c.in, a.StringRaw(), coins)
	if said := c.line(t); said != "ok\n" {
		t.Fatalf("fund: %s", said)
	}
}

// secure is the library's client that checks everything it can, from the chain's first block on.
func (c *devchain) secure(t *testing.T) *ton.APIClient {
	t.Helper()
	pool := liteclient.NewConnectionPool()
	t.Cleanup(pool.Stop)
	if err := pool.AddConnection(t.Context(), c.Liteserver, base64.StdEncoding.EncodeToString(c.Key)); err != nil {
		t.Fatal(err)
	}
	api := ton.NewAPIClient(pool, ton.ProofCheckPolicySecure)
	api.SetTrustedBlock(c.init())
	return api
}

func (c *devchain) init() *ton.BlockIDExt {
	return &ton.BlockIDExt{Workchain: -1, Shard: math.MinInt64, SeqNo: c.Init.Seqno, RootHash: c.Init.Root, FileHash: c.Init.File}
}
