package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xssnick/tonutils-go/tvm/cell"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/contracts"
)

// contractWallet works a policy wallet out from the data that the node says it is deployed with.
func contractWallet(w client.Wallet, pub [32]byte, globalID int32) (ton.Wallet, error) {
	data, err := base64.StdEncoding.DecodeString(w.Contract.Deployed)
	if err != nil {
		return ton.Wallet{}, fmt.Errorf("wallet %s: what it is deployed with is not base64", w.ID)
	}
	own, err := ton.ReadPolicyWallet(data, globalID)
	if err == nil && own.PublicKey != pub {
		err = errors.New("it is deployed for another spender")
	}
	if err != nil {
		return ton.Wallet{}, fmt.Errorf("wallet %s: %w", w.ID, err)
	}
	return own, nil
}

// contractText shows a policy wallet's policy, and what of it is used up.
func contractText(w io.Writer, c *client.Contract) {
	if c == nil {
		return
	}
	line(w)
	line(w, "owner", c.Owner)
	line(w, "guardian", or(c.Guardian, "-"))
	line(w, "frozen", c.Frozen)
	line(w, "per transaction", c.PerTx+" TON")
	line(w, "daily", c.PerDay+" TON, "+c.Spent+" spent")
	line(w, "spends a day", fmt.Sprintf("%d, %d spent", c.MaxCount, c.SpentCount))
	line(w, "reserve", c.Reserve+" TON")
	line(w, "validity", fmt.Sprintf("%d s", c.MaxValidity))
	line(w, "operations", list(c.Operations))
	for _, d := range c.Destinations {
		line(w, "allows", d.Address+" "+list(d.Kinds)+jettonText(d.Jetton))
	}
}

func jettonText(j *client.Jetton) string {
	if j == nil {
		return ""
	}
	return fmt.Sprintf(", %s units at once, %s a day (%s spent), to %s", j.PerTx, j.PerDay, j.Spent, strings.Join(j.Payees, " "))
}

// orderText shows the order that a message's body is, if it is one.
func orderText(w io.Writer, body []byte) {
	root, err := cell.FromBOC(body)
	if err != nil {
		return
	}
	o, err := contracts.DecodeOrder(root)
	if err != nil {
		return
	}
	switch o := o.(type) {
	case contracts.Freeze:
		line(w, "orders", "freeze")
	case contracts.Unfreeze:
		line(w, "orders", "unfreeze")
	case contracts.SetSpender:
		line(w, "orders", fmt.Sprintf("set-spender %x", o.Spender))
	case contracts.OwnerSend:
		sendText(w, o)
	case contracts.SetPolicy:
		termsText(w, o)
	}
}

// sendText shows what the owner sends; a message that isn't understood is named by its hash.
func sendText(w io.Writer, o contracts.OwnerSend) {
	m, err := ton.DecodeMessage(o.Msg)
	if err != nil {
		line(w, "orders", fmt.Sprintf("send, mode %d, of a message that is not understood here: %x", o.Mode, o.Msg.Hash()))
		return
	}
	line(w, "orders", fmt.Sprintf("send, mode %d: %s TON to %s, comment %s", o.Mode, m.Value, m.To, or(m.Comment, "-")))
}

func termsText(w io.Writer, o contracts.SetPolicy) {
	c := o.Config
	line(w, "orders", "set-policy")
	line(w, "per transaction", c.PerTx.String()+" TON")
	line(w, "daily", c.PerDay.String()+" TON")
	line(w, "spends a day", c.MaxCount)
	line(w, "reserve", c.Reserve.String()+" TON")
	line(w, "validity", fmt.Sprintf("%d s", c.MaxValidity))
	line(w, "operations", list(opcodes(c.Ops)))
	for _, to := range o.Rules.Destinations() {
		rule := o.Rules[to]
		line(w, "allows", fmt.Sprintf("0:%x %s%s", to, list(rule.Kinds.Names()), jettonText(limitsOf(rule.Jetton))))
	}
}

func opcodes(ops []uint32) (names []string) {
	for _, op := range ops {
		names = append(names, fmt.Sprintf("%08x", op))
	}
	return names
}

func limitsOf(j *contracts.JettonRule) *client.Jetton {
	if j == nil {
		return nil
	}
	out := &client.Jetton{PerTx: j.PerTx.Format(0), PerDay: j.PerDay.Format(0), Spent: "0"}
	for _, payee := range j.Owners() {
		out.Payees = append(out.Payees, ton.Address{Hash: payee}.String())
	}
	return out
}
