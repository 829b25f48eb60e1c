package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
)

func (t *tool) walletCommand() *cobra.Command {
	return group("wallet", "The wallets that a threshold key signs for",
		t.walletCreate(), t.walletOrder(),
		verb("list", "List the wallets", func(ctx context.Context, _ []string) error {
			return each(ctx, t, func(ctx context.Context, s *site) (all []client.Wallet, err error) {
				return all, s.get(ctx, "/v1/wallets", &all)
			}, func(w io.Writer, all []client.Wallet) { walletText(w, all...) })
		}),
		verb("show WALLET", "Show one wallet and its account", func(ctx context.Context, args []string) error {
			return each(ctx, t, func(ctx context.Context, s *site) (client.Wallet, error) { return s.wallet(ctx, args[0]) },
				func(w io.Writer, x client.Wallet) {
					walletText(w, x)
					contractText(w, x.Contract)
				})
		}))
}

func (t *tool) walletCreate() *cobra.Command {
	var n newWallet
	var c *cobra.Command
	c = verb("create WALLET", "Enter a wallet at the nodes, as each one's operator", func(ctx context.Context, args []string) error {
		if err := n.settle(c); err != nil {
			return err
		}
		pub, err := t.newWalletKey(ctx, n)
		if err != nil {
			return err
		}
		return each(ctx, t, func(ctx context.Context, s *site) (client.Wallet, error) {
			if err := s.createWallet(ctx, args[0], n, pub); err != nil {
				return client.Wallet{}, err
			}
			return s.wallet(ctx, args[0])
		}, func(w io.Writer, x client.Wallet) { walletText(w, x) })
	})
	c.Long = "create enters a wallet of a key at every selected node, signed by that node's operator. Wallets are each node's\n" +
		"own: a party whose operator did not enter one does not sign for it. The public key must be the same at all of them,\n" +
		"and of a policy wallet everything that is given here: its address follows from that."
	n.flags(c)
	return c
}

func (s *site) wallet(ctx context.Context, id string) (w client.Wallet, err error) {
	if !wire.ValidID(id) {
		return w, &failure{fmt.Errorf("wallet %.80q is no id", id), exitUsage, "see `mpcctl wallet list`"}
	}
	if err := s.get(ctx, "/v1/wallets/"+url.PathEscape(id), &w); err != nil {
		return w, err
	}
	return w, checkWallet(w, s.GlobalID)
}

// checkWallet works out a wallet's address from its public key: no deposit goes to an address that a node made up.
func checkWallet(w client.Wallet, globalID int32) error {
	own, err := tonWallet(w, globalID)
	if err != nil {
		return err
	}
	shown, _, err := ton.ParseAddress(w.Address, true)
	if raw := own.Address.String(); err != nil || w.Raw != raw || shown != own.Address {
		return errors.New("wallet " + w.ID + ": the node gives an address that does not follow from the public key, or from what it is deployed with")
	}
	return nil
}

// tonWallet returns the pinned facts of a node's wallet.
func tonWallet(w client.Wallet, globalID int32) (ton.Wallet, error) {
	var pub [32]byte
	if n, err := hex.Decode(pub[:], []byte(w.PublicKey)); err != nil || n != len(pub) {
		return ton.Wallet{}, fmt.Errorf("wallet %s: public key %.80q is not 64 hex digits", w.ID, w.PublicKey)
	}
	if w.Contract != nil {
		return contractWallet(w, pub, globalID)
	}
	return ton.NewWallet(ton.Version(w.Version), pub, globalID, w.Subwallet)
}

func walletText(w io.Writer, all ...client.Wallet) {
	line(w, "WALLET", "CUSTODY", "KEY", "VERSION", "STATUS", "BALANCE", "SEQNO", "ADDRESS")
	for _, x := range all {
		line(w, x.ID, x.Custody, or(x.Key, "-"), x.Version, x.Status, or(x.Balance, "-"), x.Seqno, x.Address)
	}
}
