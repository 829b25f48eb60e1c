package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
)

// devReport is what `mpcctl dev --json` prints once the network can be used. Its names are stable.
type devReport struct {
	Context      string            `json:"context"` // contexts file, for --contexts
	Nodes        []devNode         `json:"nodes"`
	Liteserver   devLiteserver     `json:"liteserver"`
	Toncenter    string            `json:"toncenter"`     // URL of the chain's HTTP API, without /api/v2
	AgentKey     string            `json:"agent_key"`     // file
	OperatorKeys map[string]string `json:"operator_keys"` // files, by party
}

type devNode struct {
	Party   string `json:"party"`
	URL     string `json:"url"`
	Metrics string `json:"metrics"`
	PID     int    `json:"pid"`
}

type devLiteserver struct {
	Addr      string `json:"addr"`       // host:port
	PublicKey []byte `json:"public_key"` // base64, as global configuration files give it
}

// devOptions are what a local network may be started with.
type devOptions struct {
	dir       string
	policy    string // file
	unlimited bool
	wallets   int
	highload  bool
	funds     string // TON in each wallet
	passing   bool   // the chain is in memory: the network can't go on
	devListener
}

// walletNames are those of the wallets that the network begins with.
func (o devOptions) walletNames() []string {
	names := walletNames(o.wallets)
	if o.highload {
		names = append(names, devHighload)
	}
	return names
}

// devListener says how the chain is kept and served.
type devListener struct {
	listen string // of the liteserver, host:port
	http   string // of the HTTP API
	proofs bool   // nodes believe only what it proves
	kept   bool   // in the network's directory, else in memory
	goesOn bool   // the network was there before, and is served as it was
}

func (l devListener) chain(dir string) devchain.Config {
	c := devchain.Config{GlobalID: devGlobalID, BlockEvery: devchain.DefaultBlockEvery}
	if l.kept {
		c.Dir = filepath.Join(dir, "chain")
	}
	return c
}

// trusted names the block that proofs start from, "" if none are asked for.
func (l devListener) trusted(c *devchain.Chain) string {
	if !l.proofs {
		return ""
	}
	first := c.InitBlock()
	return fmt.Sprintf("%d:%x:%x", first.SeqNo, first.RootHash, first.FileHash)
}

// devGC lets garbage grow to some times what lives: a thousand blocks of small cells are kept, and looking through them
// often would take the processor from the nodes.
const devGC = 400

// devListen is a free port that nobody but this machine reaches.
const devListen = "127.0.0.1:0"

// maxDevWallets keeps setting up within an operator's caller tokens, of which a node has 60 at first.
const maxDevWallets = 32

func (t *tool) devCommand() *cobra.Command {
	var o devOptions
	c := verb("dev", "Run a local network until interrupted: three nodes, a chain, a key, funded wallets", nil)
	f := c.Flags()
	f.StringVar(&o.dir, "dir", "", "directory for everything: an empty one, or that of a network which is to go on")
	f.StringVar(&o.policy, "policy", "", "policy file for all parties (default: transfers anywhere, 100 a transaction, 500 a day)")
	f.BoolVar(&o.unlimited, "unlimited", false, "a policy without limits, rates or caller tokens, for benchmarks")
	f.BoolVar(&o.highload, "highload", false, "one more wallet, "+devHighload+", of version highload_v3")
	f.IntVar(&o.wallets, "wallets", 1, fmt.Sprintf("how many wallets, wallet-1 and so on; at most %d", maxDevWallets))
	f.StringVar(&o.funds, "fund", "1000", "TON in each wallet")
	f.BoolVar(&o.proofs, "proofs", false, "hold the liteserver to proofs, as on a public network; costs a proof a block")
	f.BoolVar(&o.passing, "in-memory", false, "keep the chain in memory: faster, and the network can't go on afterwards")
	f.StringVar(&o.listen, "listen", devListen, "where the chain's liteserver listens; beyond loopback only where everybody is trusted")
	c.RunE = func(c *cobra.Command, _ []string) (err error) {
		if o.wallets < 1 || o.wallets > maxDevWallets {
			return usagef(c, "--wallets: want 1 to %d", maxDevWallets)
		}
		if o.policy != "" && o.unlimited {
			return usagef(c, "--policy and --unlimited exclude each other")
		}
		if o.dir, o.goesOn, err = devDir(o.dir); err != nil {
			return err
		}
		if name := setUpFlag(c); o.goesOn && name != "" {
			return usagef(c, "--%s is for a new network; the one in %s goes on as it was set up", name, o.dir)
		}
		return t.dev(c.Context(), o)
	}
	c.Long = "dev runs the demo's network and leaves it running. Use it with --contexts DIR/contexts.yaml, which has the contexts\n" +
		"user, platform and backup, all with the agent " + devAgent + ". Everything is kept in DIR: run it again there, and keys,\n" +
		"wallets and chain go on where they were, at the same addresses."
	return require(c, "dir")
}

// setUpFlag names a flag of the command line that says how to set up a network, "" if there is none.
func setUpFlag(c *cobra.Command) string {
	for _, name := range []string{"policy", "unlimited", "wallets", "highload", "fund", "proofs", "in-memory", "listen"} {
		if c.Flags().Changed(name) {
			return name
		}
	}
	return ""
}

func (t *tool) dev(ctx context.Context, o devOptions) error {
	funds, err := ton.ParseNano(o.funds, ton.NativeDecimals)
	if err != nil {
		return wrong("fund", err)
	}
	document, err := o.document()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	debug.SetGCPercent(devGC)
	o.kept, o.http = !o.passing, devListen
	work, d, err := startDevnet(ctx, t.ui, o.dir, o.devListener)
	if err == nil && !o.goesOn {
		err = d.setUp(work, o.walletNames(), document, funds)
	}
	if err == nil && o.kept && !o.goesOn {
		err = d.markReady()
	}
	if err == nil {
		err = t.ui.result(d.report(), d.text)
	}
	if err = d.because(ctx, work, err); err == nil {
		t.ui.say("running until interrupted")
		d.watch(ctx)
	}
	t.ui.say("stopping")
	return errors.Join(err, d.stop())
}

func (d *devnet) setUp(ctx context.Context, wallets []string, document []byte, funds ton.Nano) error {
	key, err := d.generateKey(ctx)
	if err != nil {
		return err
	}
	if err := d.enrol(ctx, key, wallets, document); err != nil {
		return err
	}
	return d.fund(ctx, wallets, funds)
}

// document returns the policy that every party's admin signs.
func (o devOptions) document() ([]byte, error) {
	switch {
	case o.policy != "":
		return readPolicy(o.policy)
	case o.unlimited:
		return devPolicy("1000000000", "5000000000", "rate: {unlimited: true, cooldownSeconds: 0}\n    callerTokens: {unlimited: true}"), nil
	}
	return devPolicy("100", "500", "rate: {maxPerHour: 1000, cooldownSeconds: 0}"), nil
}

// devPolicy lets the agent transfer anywhere, within limits in TON. Risk is shown and refuses nothing, for everything is new here;
// and who tries out policies doesn't wait a day for each.
func devPolicy(perTransaction, daily, rate string) []byte {
	return fmt.Appendf(nil, `version: 1
loosenDelay: 0s
risk: {enabled: false}
agents:
  %s:
    capabilities: {transfers: {enabled: true}}
    allowedTokens: [native]
    limits: {perTransaction: %q, daily: %q}
    %s
`, devAgent, perTransaction, daily, rate)
}

func (d *devnet) report() devReport {
	r := devReport{Context: filepath.Join(d.dir, "contexts.yaml"), AgentKey: d.sites[0].AgentKeyFile, OperatorKeys: map[string]string{},
		Liteserver: devLiteserver{d.lite.Addr, d.lite.PublicKey}, Toncenter: d.http.URL}
	for i, p := range d.parties {
		r.Nodes = append(r.Nodes, devNode{p.name, p.url(), "http://" + p.metrics + "/metrics", d.processes[i].cmd.Process.Pid})
		r.OperatorKeys[p.name] = p.path("operator.key")
	}
	return r
}

func (d *devnet) text(w io.Writer) {
	r := d.report()
	line(w, "PARTY", "URL", "METRICS", "PID")
	for _, n := range r.Nodes {
		line(w, n.Party, n.URL, n.Metrics, n.PID)
	}
	line(w, "liteserver "+r.Liteserver.Addr+", key "+base64.StdEncoding.EncodeToString(r.Liteserver.PublicKey))
	line(w, "toncenter  "+r.Toncenter+"/api/v2/jsonRPC")
	line(w, "try: mpcctl --contexts "+r.Context+" status")
}
