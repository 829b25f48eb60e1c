package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton/chain"
)

// callers is how many agents ask at once, each over its own wallet.
const callers = 16

// highload is the one wallet that all of them can use at once.
const highload = "highload-1"

// network is a running `mpcctl dev`.
type network struct {
	dir    string
	dev    *exec.Cmd
	report struct {
		Context string
		Nodes   []struct {
			Party, URL string
			PID        int
		}
		Liteserver struct {
			Addr      string
			PublicKey []byte `json:"public_key"`
		}
		AgentKey string `json:"agent_key"`
	}
	id     string        // network id
	query  atomic.Uint64 // the last query id of the highload wallet
	agent  *client.Client
	public map[string]ed25519.PublicKey // by wallet
	chain  *chain.Client
}

func startNetwork(ctx context.Context) (*network, error) {
	n := &network{public: map[string]ed25519.PublicKey{}}
	var err error
	if n.dir, err = os.MkdirTemp("", "mpcnode-bench-"); err != nil {
		return n, err
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", n.dir, "./cmd/mpcctl", "./cmd/mpcnode")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return n, fmt.Errorf("build: %w", err)
	}
	n.dev = exec.Command(filepath.Join(n.dir, "mpcctl"), "dev", "--dir", filepath.Join(n.dir, "net"), "--json",
		"--unlimited", "--in-memory", "--highload", "--wallets", fmt.Sprint(callers), "--fund", "100000")
	n.dev.Stderr = os.Stderr
	out, err := n.dev.StdoutPipe()
	if err != nil {
		return n, err
	}
	if err := n.dev.Start(); err != nil {
		return n, err
	}
	if err := json.NewDecoder(out).Decode(&n.report); err != nil {
		return n, fmt.Errorf("read what mpcctl dev prints: %w", err)
	}
	return n, n.connect(ctx)
}

// connect makes the agent's client and reads the wallets' public keys.
func (n *network) connect(ctx context.Context) error {
	raw, err := os.ReadFile(n.report.AgentKey)
	if err != nil {
		return err
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil {
		return err
	}
	n.agent = client.New(n.report.Nodes[0].URL, "agent:agent-1", ed25519.NewKeyFromSeed(seed))
	var contexts struct {
		Contexts []struct{ Network, OperatorKeyFile string }
	}
	if raw, err = os.ReadFile(n.report.Context); err != nil {
		return err
	}
	if err := yaml.Unmarshal(raw, &contexts); err != nil {
		return err
	}
	n.id = contexts.Contexts[0].Network
	ids := []string{highload}
	for i := range callers {
		ids = append(ids, fmt.Sprintf("wallet-%d", i+1))
	}
	for _, id := range ids {
		var w client.Wallet
		if err := n.agent.Get(ctx, "/v1/wallets/"+id, &w); err != nil {
			return err
		}
		pub, err := hex.DecodeString(w.PublicKey)
		if err != nil {
			return err
		}
		n.public[id] = pub
	}
	n.chain, err = chain.Dial(ctx, chain.Config{Network: wire.DevNetwork, GlobalID: -239, Liteservers: []chain.Liteserver{{
		Addr: n.report.Liteserver.Addr, Key: base64.StdEncoding.EncodeToString(n.report.Liteserver.PublicKey)}}})
	return err
}

// stop ends the network and removes it. It may be called again.
func (n *network) stop() error {
	if n.chain != nil {
		n.chain.Close()
	}
	var err error
	if n.dev != nil && n.dev.Process != nil {
		n.dev.Process.Signal(syscall.SIGINT)
		done := make(chan error, 1)
		go func() { done <- n.dev.Wait() }()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			err = errors.Join(errors.New("mpcctl dev did not end within 20 s"), n.dev.Process.Kill())
		}
		n.dev = nil
	}
	return errors.Join(err, os.RemoveAll(n.dir))
}
