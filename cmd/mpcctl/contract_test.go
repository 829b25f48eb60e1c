package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/ton"
)

// A policy wallet, from its creation to its owner's orders, as people would type it: on a real network, with the owner's
// wallet an ordinary one whose key no node has.
func TestPolicyWalletOnALocalNetwork(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "net")
	startDev(t, "--dir", dir, "--wallets", "2")
	at := func(code int, line, said string) { t.Helper(); verbLine{code, line, said}.run(t, dir) }
	ownerKey := filepath.Join(t.TempDir(), "owner.key")
	var made struct {
		PublicKey string `json:"public_key"`
	}
	answer(t, dir, "keypair "+ownerKey, &made)
	pub := must(publicKeyFlag("owner-key", made.PublicKey))
	owner := must(ton.NewWallet(ton.V5R1, pub, devGlobalID, 0)).Address.Friendly(false, false)
	var payee, vault client.Wallet
	all := " --context user,platform,backup"
	at(exitDone, "wallet show wallet-2"+all, "1000")
	at(exitDone, "tx send --wallet wallet-2 --amount 1 --to "+owner, "CONFIRMED") // and wallet-2 is there to be paid
	answer(t, dir, "wallet show wallet-2", &payee)

	create := "wallet create vault --custody smart_contract --key " + payee.Key + " --owner " + owner +
		" --per-transaction 10 --daily 15 --allow " + payee.Raw
	at(exitDone, create+all, "smart_contract")
	answer(t, dir, "wallet show vault", &vault)
	enrol(t, dir, "wallet-1,wallet-2,vault")
	at(exitDone, "tx send --wallet wallet-1 --amount 50 --to "+vault.Address, "CONFIRMED")
	shows(t, dir, " 50 ")

	order := func(seqno, command string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "order.json")
		at(exitDone, "wallet order "+command+" --owner-key "+made.PublicKey+" --owner-seqno "+seqno+" --out "+file, "orders")
		at(exitDone, "tx sign-offline "+file+" --yes --key "+ownerKey, "orders")
		at(exitDone, "tx submit "+file, "message")
	}
	order("0", "freeze vault") // brings the contract along
	shows(t, dir, "true")
	pay := "tx send --wallet vault --to " + payee.Raw + " --amount "
	at(exitRefused, pay+"1", "policy_wallet_frozen")
	order("1", "unfreeze vault")
	shows(t, dir, "false")
	at(exitDone, pay+"9", "CONFIRMED")
	at(exitRefused, pay+"10.1", "policy_wallet_transaction")
	at(exitRefused, pay+"6.1", "policy_wallet_day")
	at(exitDone, "wallet show vault", "15 TON, 9 spent")
	order("2", "set-policy vault --per-transaction 2 --daily 20 --allow "+payee.Raw)
	shows(t, dir, "20 TON")
	at(exitRefused, pay+"3", "policy_wallet_transaction")
	at(exitDone, pay+"2", "CONFIRMED")
	order("3", "send vault --amount 5 --to "+owner)
	shows(t, dir, "34.") // 50, less 9, 2 and 5, and fees; the orders brought some coins
	at(exitDone, "--json audit query --type contract_ordered", "owner_send")
}

// shows waits until every node sees the policy wallet as it is on the chain by now.
func shows(t *testing.T, dir, said string) {
	t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	var out bytes.Buffer
	for range 50 {
		out.Reset()
		args := []string{"--contexts", filepath.Join(dir, "contexts.yaml"), "wallet", "show", "vault", "--context", "user,platform,backup"}
		if run(t.Context(), args, &out, &out) == exitDone && strings.Count(out.String(), said) == 3 {
			return
		}
		<-tick.C
	}
	t.Fatalf("not within ten seconds: %q three times in\n%s", said, out.String())
}

// answer runs a command and reads its JSON.
func answer(t *testing.T, dir, line string, v any) {
	t.Helper()
	var out, said bytes.Buffer
	args := append([]string{"--json", "--contexts", filepath.Join(dir, "contexts.yaml")}, strings.Fields(line)...)
	if code := run(t.Context(), args, &out, &said); code != exitDone {
		t.Fatalf("mpcctl %s: exit code %d: %s", line, code, said.String())
	}
	if err := json.Unmarshal(out.Bytes(), v); err != nil {
		t.Fatalf("mpcctl %s: %v: %s", line, err, out.String())
	}
}

// enrol lets the network's agent use those wallets at every node.
func enrol(t *testing.T, dir, wallets string) {
	t.Helper()
	var agents []client.Agent
	answer(t, dir, "agent list", &agents)
	verbLine{exitDone, "agent create " + agents[0].ID + " --public-key " + agents[0].PublicKey + " --wallets " + wallets +
		" --context user,platform,backup", "vault"}.run(t, dir)
}

func TestPolicyFlagsAreRefused(t *testing.T) {
	const a, b = "0:1111111111111111111111111111111111111111111111111111111111111111", "0:2222222222222222222222222222222222222222222222222222222222222222"
	for want, change := range map[string]func(*contractPolicy){
		"--per-transaction":                    func(p *contractPolicy) { p.perTransaction = "" },
		"--daily":                              func(p *contractPolicy) { p.daily = "1e9" },
		"--reserve":                            func(p *contractPolicy) { p.reserve = "-1" },
		"--max-validity: want whole seconds":   func(p *contractPolicy) { p.maxValidity = 1500 * time.Millisecond },
		"at most 1h":                           func(p *contractPolicy) { p.maxValidity = 2 * time.Hour },
		"--allow-operation":                    func(p *contractPolicy) { p.operations = []string{"swap"} },
		"--allow: ":                            func(p *contractPolicy) { p.allow = []string{"bob"} },
		"no kind of message":                   func(p *contractPolicy) { p.allow = []string{a + ",everything"} },
		"see --allow-jetton":                   func(p *contractPolicy) { p.allow = []string{a + ",jetton"} },
		"is given twice":                       func(p *contractPolicy) { p.allow = []string{a, a} },
		"not in workchain 0":                   func(p *contractPolicy) { p.allow = []string{"-1" + a[1:]} },
		"want WALLET,PER_TRANSACTION":          func(p *contractPolicy) { p.jettons = []string{a + ",1,2"} },
		"--allow-jetton: 0:1111.* given twice": func(p *contractPolicy) { p.allow, p.jettons = []string{a}, []string{a + ",1,2," + b} },
	} {
		p := contractPolicy{perTransaction: "1", daily: "2", reserve: "0.1", maxCount: 9, maxValidity: time.Minute}
		change(&p)
		_, err := p.config(1, [32]byte{1})
		if err == nil {
			_, err = p.rules()
		}
		if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestPolicyFlagsAreRead(t *testing.T) {
	const a, b = "0:1111111111111111111111111111111111111111111111111111111111111111", "0:2222222222222222222222222222222222222222222222222222222222222222"
	p := contractPolicy{perTransaction: "1", daily: "2", reserve: "0.1", maxCount: 9, maxValidity: time.Minute,
		allow: []string{a + ",transfer,operation"}, operations: []string{"stake", "0xff"}, jettons: []string{b + ",10,20," + a}}
	c, err := p.config(1, [32]byte{1})
	if err != nil || c.PerTx != ton.NanoOf(1e9) || c.PerDay != ton.NanoOf(2e9) || c.MaxValidity != 60 || len(c.Ops) != 5 || c.Ops[4] != 0xff {
		t.Errorf("%+v, %v", c, err)
	}
	rules, err := p.rules()
	if err != nil || len(rules) != 2 || rules[[32]byte(bytes.Repeat([]byte{0x11}, 32))].Kinds != 3 {
		t.Fatalf("%+v, %v", rules, err)
	}
	if j := rules[[32]byte(bytes.Repeat([]byte{0x22}, 32))].Jetton; j == nil || j.PerTx != ton.NanoOf(10) || j.PerDay != ton.NanoOf(20) || len(j.Payees) != 1 {
		t.Errorf("%+v", j)
	}
}

// A node that makes a wallet's address follow from another spender's contract is found out.
func TestForeignPolicyWalletIsNotBelieved(t *testing.T) {
	n := newWallet{custody: custodyContract, owner: "0:" + strings.Repeat("0e", 32), policy: contractPolicy{perTransaction: "1", daily: "2", reserve: "0.1", maxCount: 9, maxValidity: time.Minute}}
	s := must(n.contract([32]byte{1}, devGlobalID))
	deployed := base64.StdEncoding.EncodeToString(s.Data().ToBOC())
	own := client.Wallet{ID: "vault", PublicKey: "01" + strings.Repeat("00", 31), Contract: &client.Contract{Deployed: deployed}}
	if w, err := tonWallet(own, devGlobalID); err != nil || w.Address != must(s.Address()) {
		t.Errorf("%s, %v", w.Address, err)
	}
	for name, spoil := range map[string]func(*client.Wallet){
		"another key": func(w *client.Wallet) { w.PublicKey = strings.Repeat("00", 32) },
		"no base64":   func(w *client.Wallet) { w.Contract.Deployed = "!" },
		"no data":     func(w *client.Wallet) { w.Contract.Deployed = "" },
		"cut data":    func(w *client.Wallet) { w.Contract.Deployed = deployed[:len(deployed)-8] },
	} {
		other := own
		contract := *own.Contract
		other.Contract = &contract
		if spoil(&other); second(tonWallet(other, devGlobalID)) == nil {
			t.Errorf("%s: believed", name)
		}
	}
}

func second(_ ton.Wallet, err error) error { return err }
