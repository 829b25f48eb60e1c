package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/contracts"
)

// contractPolicy is a policy wallet's policy as it is written on the command line.
type contractPolicy struct {
	perTransaction, daily, reserve string
	maxCount                       uint16
	maxValidity                    time.Duration
	allow, operations, jettons     []string
}

func (p *contractPolicy) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&p.perTransaction, "per-transaction", "", "policy wallet: most TON of one spend")
	f.StringVar(&p.daily, "daily", "", "policy wallet: most TON in any 24 hours")
	f.StringVar(&p.reserve, "reserve", "0.1", "policy wallet: TON that a spend leaves behind")
	f.Uint16Var(&p.maxCount, "max-count", 100, "policy wallet: most spends in any 24 hours")
	f.DurationVar(&p.maxValidity, "max-validity", 5*time.Minute, "policy wallet: how long a signature may be good, at most 1h")
	f.StringArrayVar(&p.allow, "allow", nil, "policy wallet: a destination, and after commas what it may get: transfer (default), operation")
	f.StringArrayVar(&p.operations, "allow-operation", nil, "policy wallet: an opcode in hex for destinations that may get an operation, or stake")
}

// jettonFlag is for a wallet that exists: its jetton wallets follow from its address, which follows from its first policy.
func (p *contractPolicy) jettonFlag(c *cobra.Command) {
	c.Flags().StringArrayVar(&p.jettons, "allow-jetton", nil, "the policy wallet's own jetton wallet, most units at once, most in 24 hours, and the owners that may be paid, with commas")
}

// stakes are the deposits of the staking pools that docs/ton.md names, for "stake" as an operation.
var stakes = []uint32{0x47d54391 /* Tonstakers */, 0x7bcd1fef /* Whales */, 0x4253c4d5 /* bemo */, 0x3d3761a6 /* Hipo */}

// config reads what holds for every spend.
func (p *contractPolicy) config(walletID uint32, spender [32]byte) (c contracts.Config, err error) {
	c = contracts.Config{WalletID: walletID, Spender: spender, MaxCount: p.maxCount}
	for _, a := range []struct {
		flag, text string
		to         *ton.Nano
	}{{"per-transaction", p.perTransaction, &c.PerTx}, {"daily", p.daily, &c.PerDay}, {"reserve", p.reserve, &c.Reserve}} {
		if *a.to, err = ton.ParseNano(a.text, ton.NativeDecimals); err != nil {
			return c, wrong(a.flag, err)
		}
	}
	if p.maxValidity != p.maxValidity.Truncate(time.Second) || p.maxValidity > contracts.MaxValidity*time.Second {
		return c, wrong("max-validity", fmt.Errorf("want whole seconds, at most %s", contracts.MaxValidity*time.Second))
	}
	c.MaxValidity = uint32(p.maxValidity / time.Second)
	for _, text := range p.operations {
		ops, err := parseOperation(text)
		if err != nil {
			return c, wrong("allow-operation", err)
		}
		c.Ops = append(c.Ops, ops...)
	}
	return c, nil
}

func parseOperation(text string) ([]uint32, error) {
	if text == "stake" {
		return stakes, nil
	}
	op, err := strconv.ParseUint(strings.TrimPrefix(text, "0x"), 16, 32)
	if err != nil {
		return nil, fmt.Errorf("%.40q: want an opcode of up to 8 hex digits, or stake", text)
	}
	return []uint32{uint32(op)}, nil
}

// rules reads the list of destinations.
func (p *contractPolicy) rules() (contracts.Rules, error) {
	rules := contracts.Rules{}
	for _, text := range p.allow {
		to, rule, err := parseDestination(text)
		if err == nil {
			err = add(rules, to, rule)
		}
		if err != nil {
			return nil, wrong("allow", err)
		}
	}
	for _, text := range p.jettons {
		to, rule, err := parseJetton(text)
		if err == nil {
			err = add(rules, to, rule)
		}
		if err != nil {
			return nil, wrong("allow-jetton", err)
		}
	}
	return rules, nil
}

func add(rules contracts.Rules, to [32]byte, rule contracts.Rule) error {
	if _, twice := rules[to]; twice {
		return fmt.Errorf("0:%x is given twice", to)
	}
	rules[to] = rule
	return nil
}

func parseDestination(text string) (to [32]byte, rule contracts.Rule, err error) {
	address, kinds, some := strings.Cut(text, ",")
	if to, err = basechain(address); err != nil {
		return to, rule, err
	}
	if !some {
		kinds = "transfer"
	}
	for name := range strings.SplitSeq(kinds, ",") {
		k, err := contracts.ParseKind(name)
		if err == nil && k == contracts.KindJetton {
			err = errors.New("jetton: it needs limits and payees: see --allow-jetton")
		}
		if err != nil {
			return to, rule, err
		}
		rule.Kinds |= k
	}
	return to, rule, nil
}

func parseJetton(text string) (wallet [32]byte, rule contracts.Rule, err error) {
	parts := strings.Split(text, ",")
	if len(parts) < 4 {
		return wallet, rule, fmt.Errorf("%.100q: want WALLET,PER_TRANSACTION,DAILY,PAYEE…", text)
	}
	j := &contracts.JettonRule{Payees: map[[32]byte]bool{}}
	if wallet, err = basechain(parts[0]); err != nil {
		return wallet, rule, err
	}
	if j.PerTx, err = ton.ParseNano(parts[1], 0); err != nil {
		return wallet, rule, err
	}
	if j.PerDay, err = ton.ParseNano(parts[2], 0); err != nil {
		return wallet, rule, err
	}
	for _, text := range parts[3:] {
		payee, err := basechain(text)
		if err != nil {
			return wallet, rule, err
		}
		j.Payees[payee] = true
	}
	return wallet, contracts.Rule{Kinds: contracts.KindJetton, Jetton: j}, nil
}

// basechain reads an address of workchain 0, the only one that a policy wallet sends to.
func basechain(text string) ([32]byte, error) {
	a, _, err := ton.ParseAddress(text, true)
	if err == nil && a.Workchain != 0 {
		err = fmt.Errorf("%s is not in workchain 0", a)
	}
	return a.Hash, err
}
