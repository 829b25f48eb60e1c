package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/contracts"
)

// The orders of a policy wallet's owner and guardian. They are messages from the owner's own wallet, so the tool writes
// them and doesn't send them: as a link or TON Connect request for a wallet application, or as a file to sign offline.

func (t *tool) walletOrder() *cobra.Command {
	return group("order", "Write what a policy wallet's owner or guardian orders",
		t.plainOrder("freeze WALLET", "Stop all spends; the guardian may order it too", func() contracts.Order { return contracts.Freeze{} }),
		t.plainOrder("unfreeze WALLET", "End a freeze", func() contracts.Order { return contracts.Unfreeze{} }),
		t.orderPolicy(), t.orderSpender(), t.orderSend())
}

func (t *tool) plainOrder(use, short string, o func() contracts.Order) *cobra.Command {
	var by sender
	c := verb(use, short, func(ctx context.Context, args []string) error {
		return t.order(ctx, args[0], by, func(*site, client.Wallet) (contracts.Order, error) { return o(), nil })
	})
	by.flags(c, "0.05")
	return c
}

func (t *tool) orderPolicy() *cobra.Command {
	var by sender
	var p contractPolicy
	c := verb("set-policy WALLET", "Replace limits and destinations; what was spent still counts", func(ctx context.Context, args []string) error {
		return t.order(ctx, args[0], by, func(s *site, w client.Wallet) (contracts.Order, error) {
			now, err := inForce(s, w)
			if err != nil {
				return nil, err
			}
			o := contracts.SetPolicy{}
			if o.Config, err = p.config(now.Config.WalletID, now.Config.Spender); err != nil {
				return nil, err
			}
			o.Rules, err = p.rules()
			return o, err
		})
	})
	p.flags(c)
	p.jettonFlag(c)
	by.flags(c, "0.3") // the most that 256 destinations take
	return require(c, "per-transaction", "daily")
}

func (t *tool) orderSpender() *cobra.Command {
	var by sender
	var keyID, spender string
	var c *cobra.Command
	c = verb("set-spender WALLET", "Replace the spender's key; nothing signed before counts any more", func(ctx context.Context, args []string) error {
		if (keyID == "") == (spender == "") {
			return usagef(c, "want one of --key and --spender")
		}
		return t.order(ctx, args[0], by, func(*site, client.Wallet) (o contracts.Order, err error) {
			var pub [32]byte
			if keyID != "" {
				pub, err = t.agreedKey(ctx, keyID)
			} else {
				pub, err = publicKeyFlag("spender", spender)
			}
			return contracts.SetSpender{Spender: pub}, err
		})
	})
	c.Flags().StringVar(&keyID, "key", "", "the threshold key whose parties spend from now on")
	c.Flags().StringVar(&spender, "spender", "", "instead of --key, a public key of 64 hex digits")
	by.flags(c, "0.05")
	return c
}

func (t *tool) orderSend() *cobra.Command {
	var by sender
	var to, amount, memo string
	var all bool
	c := verb("send WALLET", "Have the policy wallet pay, whatever its policy says", func(ctx context.Context, args []string) error {
		return t.order(ctx, args[0], by, func(*site, client.Wallet) (contracts.Order, error) {
			p, err := payment(to, amount, memo)
			if err != nil {
				return nil, err
			}
			o := contracts.OwnerSend{Mode: 3}
			if all {
				o.Mode = 128
			}
			o.Msg, err = ton.EncodeMessage(p)
			return o, err
		})
	})
	f := c.Flags()
	f.StringVar(&to, "to", "", "destination address")
	f.StringVar(&amount, "amount", "0", "amount in whole TON")
	f.StringVar(&memo, "memo", "", "comment to the recipient")
	f.BoolVar(&all, "all", false, "send all that the wallet holds")
	by.flags(c, "0.05")
	return require(c, "to")
}

func payment(to, amount, memo string) (p ton.Transfer, err error) {
	var form ton.Form
	if p.To, form, err = ton.ParseAddress(to, true); err != nil {
		return p, wrong("to", err)
	}
	if p.Value, err = ton.ParseNano(amount, ton.NativeDecimals); err != nil {
		return p, wrong("amount", err)
	}
	p.Bounce, p.Comment = form != ton.FormNonBounceable, memo
	return p, nil
}

// inForce is what of the contract's state an order is checked against.
func inForce(s *site, w client.Wallet) (now contracts.State, err error) {
	if w.Contract == nil {
		return now, &failure{fmt.Errorf("wallet %s is no policy wallet", w.ID), exitUsage, "its custody must be smart_contract"}
	}
	if now.Config.WalletID, err = contracts.WalletID(s.GlobalID, w.Subwallet); err != nil {
		return now, err
	}
	if n, err := hex.Decode(now.Config.Spender[:], []byte(w.Contract.Spender)); err != nil || n != len(now.Config.Spender) {
		return now, fmt.Errorf("wallet %s: the node gives a spender that is not 64 hex digits", w.ID)
	}
	return now, nil
}

// sender is how an order gets to the chain: from the owner's wallet.
type sender struct {
	attach  string
	out     string // file to sign offline
	connect bool
	key     string // public key of the owner's wallet, for a file
	of      account
	seqno   uint32
	valid   time.Duration
}

func (by *sender) flags(c *cobra.Command, attach string) {
	f := c.Flags()
	f.StringVar(&by.attach, "attach", attach, "TON that go along for gas; the policy wallet keeps the rest")
	f.BoolVar(&by.connect, "ton-connect", false, "print TON Connect's sendTransaction, for the owner's wallet application")
	f.StringVar(&by.out, "out", "", "write a file for mpcctl tx sign-offline; needs --owner-key and --owner-seqno")
	f.StringVar(&by.key, "owner-key", "", "public key of the owner's wallet, 64 hex digits")
	f.StringVar(&by.of.version, "owner-version", string(ton.V5R1), "contract of the owner's wallet: v3r2, v4r2 or v5r1")
	f.Uint16Var(&by.of.subwallet, "owner-subwallet", 0, "number of the owner's wallet")
	f.Uint32Var(&by.seqno, "owner-seqno", 0, "seqno of the owner's wallet; at 0 the message deploys it")
	f.DurationVar(&by.valid, "valid", 10*time.Minute, "how long the message may be sent")
}

// order writes one order to a wallet, in the form that was asked for.
func (t *tool) order(ctx context.Context, id string, by sender, write func(*site, client.Wallet) (contracts.Order, error)) error {
	s, err := t.site()
	if err != nil {
		return err
	}
	w, err := s.wallet(ctx, id)
	if err != nil {
		return err
	}
	now, err := inForce(s, w)
	if err != nil {
		return err
	}
	o, err := write(s, w)
	if err == nil {
		err = o.Check(now)
	}
	if err != nil {
		return &failure{err, exitUsage, ""}
	}
	message, err := by.message(s, w, o)
	if err != nil {
		return err
	}
	switch {
	case by.out != "":
		return t.orderFile(s, by, message, whoMay(o, w.Contract))
	case by.connect:
		return t.orderConnect(s, by, message)
	}
	return t.showOrder(s, message)
}

// message is the order as a transfer of the owner's wallet. To a contract that isn't deployed yet it brings it along.
func (by sender) message(s *site, w client.Wallet, o contracts.Order) (m ton.Transfer, err error) {
	own, err := tonWallet(w, s.GlobalID)
	if err != nil {
		return m, err
	}
	m.To = own.Address
	if w.Status != "active" {
		m.Init = own.StateInit()
	}
	if m.Value, err = ton.ParseNano(by.attach, ton.NativeDecimals); err != nil {
		return m, wrong("attach", err)
	}
	m.Bounce, m.Body = true, o.Cell()
	return m, nil
}

// principal is who may give an order, by role, with the account that the contract takes it from.
type principal struct{ role, address string }

func whoMay(o contracts.Order, c *client.Contract) []principal {
	all := []principal{{"owner", c.Owner}}
	if _, freezes := o.(contracts.Freeze); freezes && c.Guardian != "" {
		all = append(all, principal{"guardian", c.Guardian})
	}
	return all
}

// checkSender refuses a wallet whose order the contract would not take.
func checkSender(w ton.Wallet, may []principal) error {
	var is []string
	for _, p := range may {
		if a, _, err := ton.ParseAddress(p.address, true); err == nil && a == w.Address {
			return nil
		}
		is = append(is, fmt.Sprintf("the %s is %s", p.role, p.address))
	}
	return &failure{fmt.Errorf("--owner-key: that key's %s wallet is %s, %s", w.Version, w.Address, strings.Join(is, ", ")), exitUsage,
		"other --owner-version or --owner-subwallet?"}
}

func (t *tool) orderFile(s *site, by sender, m ton.Transfer, may []principal) error {
	u := unsigned{Network: s.Network, GlobalID: s.GlobalID, Version: by.of.version, PublicKey: by.key, Subwallet: by.of.subwallet}
	w, err := u.wallet()
	if err != nil {
		return wrong("owner-key", err)
	}
	if err := checkSender(w, may); err != nil {
		return err
	}
	if u.Payload, err = ton.Build(w, by.seqno, time.Now().Add(by.valid), []ton.Transfer{m}); err != nil {
		return err
	}
	if err := u.write(by.out); err != nil {
		return err
	}
	return t.showUnsigned(u)
}

func (t *tool) orderConnect(s *site, by sender, m ton.Transfer) error {
	t.ui.json = true
	return t.ui.result(connectOrder{ValidUntil: time.Now().Add(by.valid).Unix(), Network: strconv.Itoa(int(s.GlobalID)),
		Messages: []tonConnectMessage{orderMessage(s, m)}}, nil)
}

// connectOrder is tonConnect without the sender: the application knows whose wallet it is.
type connectOrder struct {
	ValidUntil int64               `json:"valid_until"`
	Network    string              `json:"network"`
	Messages   []tonConnectMessage `json:"messages"`
}

func orderMessage(s *site, m ton.Transfer) tonConnectMessage {
	c := tonConnectMessage{Address: m.To.Friendly(true, s.GlobalID == testnetID), Amount: m.Value.Big().String(),
		Payload: base64.StdEncoding.EncodeToString(m.Body.ToBOC())}
	if m.Init != nil {
		c.StateInit = base64.StdEncoding.EncodeToString(m.Init.ToBOC())
	}
	return c
}

func (t *tool) showOrder(s *site, m ton.Transfer) error {
	c := orderMessage(s, m)
	link := fmt.Sprintf("ton://transfer/%s?amount=%s&bin=%s", c.Address, c.Amount, base64.URLEncoding.EncodeToString(m.Body.ToBOC()))
	if m.Init != nil {
		link += "&init=" + base64.URLEncoding.EncodeToString(m.Init.ToBOC())
	}
	return t.ui.result(struct {
		tonConnectMessage
		Link string `json:"link"`
	}{c, link}, func(w io.Writer) {
		orderText(w, m.Body.ToBOC())
		line(w, "to", c.Address)
		line(w, "attach", m.Value.String()+" TON")
		line(w, "body", c.Payload)
		line(w, "link", link)
	})
}

// submitOrder brings a signed order to the chain through the node: no guard has a say in it, since the owner isn't bound.
func (t *tool) submitOrder(ctx context.Context, s *site, u unsigned) error {
	if len(u.Signature) != 64 {
		return errors.New("the signature is not 64 bytes long")
	}
	w, tx, err := u.read()
	if err != nil {
		return err
	}
	boc, err := ton.Assemble(w, u.Payload, [64]byte(u.Signature), tx.Seqno == 0)
	if err != nil {
		return err
	}
	var sent client.Sent
	if err := s.post(ctx, "/v1/messages", client.Message{BoC: boc}, &sent); err != nil {
		return err
	}
	return t.ui.result(sent, func(w io.Writer) { line(w, "message", sent.MessageHash) })
}
