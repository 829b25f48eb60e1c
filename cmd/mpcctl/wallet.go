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
		t.walletCreate(),
		verb("list", "List the wallets", func(ctx context.Context, _ []string) error {
			return each(ctx, t, func(ctx context.Context, s *site) (all []client.Wallet, err error) {
				return all, s.get(ctx, "/v1/wallets", &all)
			}, func(w io.Writer, all []client.Wallet) { walletText(w, all...) })
		}),
		verb("show WALLET", "Show one wallet and its account", func(ctx context.Context, args []string) error {
			return each(ctx, t, func(ctx context.Context, s *site) (client.Wallet, error) { return s.wallet(ctx, args[0]) },
				func(w io.Writer, x client.Wallet) { walletText(w, x) })
		}))
}

func (t *tool) walletCreate() *cobra.Command {
	var keyID, ownerKey string
	var of account
	c := verb("create WALLET", "Enter a wallet at the nodes, as each one's operator", func(ctx context.Context, args []string) error {
		pub, err := t.walletKey(ctx, keyID, ownerKey)
		if err != nil {
			return err
		}
		return each(ctx, t, func(ctx context.Context, s *site) (client.Wallet, error) {
			if err := s.createWallet(ctx, args[0], keyID, pub, of); err != nil {
				return client.Wallet{}, err
			}
			return s.wallet(ctx, args[0])
		}, func(w io.Writer, x client.Wallet) { walletText(w, x) })
	})
	c.Long = "create enters a wallet of a key at every selected node, signed by that node's operator. Wallets are each node's\n" +
		"own: a party whose operator did not enter one does not sign for it. The public key must be the same at all of them."
	c.Flags().StringVar(&keyID, "key", "", "the threshold key that signs for it")
	c.Flags().StringVar(&ownerKey, "owner-key", "", "public key of the owner who alone signs for it (non-custodial), 64 hex digits")
	c.Flags().StringVar(&of.version, "version", string(ton.V5R1), "wallet contract: v3r2, v4r2 or v5r1")
	c.Flags().Uint16Var(&of.subwallet, "subwallet", 0, "number of the wallet: one key can have several")
	return c
}

// walletKey returns the public key of a new wallet: that of a threshold key, or of its owner.
func (t *tool) walletKey(ctx context.Context, keyID, ownerKey string) (pub [32]byte, err error) {
	switch {
	case (keyID == "") == (ownerKey == ""):
		return pub, &failure{errors.New("want one of --key and --owner-key"), exitUsage, "see `mpcctl wallet create --help`"}
	case keyID != "":
		return t.agreedKey(ctx, keyID)
	}
	if n, err := hex.Decode(pub[:], []byte(ownerKey)); err != nil || n != len(pub) {
		return pub, wrong("owner-key", errors.New("want 64 hex digits"))
	}
	return pub, nil
}

// agreedKey returns the public key that every selected node gives for a key. One that differs is wrong at somebody's.
func (t *tool) agreedKey(ctx context.Context, id string) (pub [32]byte, err error) {
	sites, err := t.sites()
	if err != nil {
		return pub, err
	}
	all := ask(ctx, sites, func(ctx context.Context, s *site) (client.Key, error) { return s.readyOr(ctx, id, true) })
	if err := first(all); err != nil {
		return pub, err
	}
	for _, o := range all {
		if o.Result.PublicKey != all[0].Result.PublicKey || o.Result.Epoch != all[0].Result.Epoch {
			return pub, fmt.Errorf("key %s: %s and %s give different public keys or epochs: one of the nodes is wrong, nothing was entered",
				id, all[0].Context, o.Context)
		}
	}
	return publicKey(*all[0].Result)
}

// account says which of a key's accounts a wallet is.
type account struct {
	version   string
	subwallet uint16
}

// createWallet signs the wallet as this party's operator and hands it to the node. Without a threshold key pub is the
// owner's.
func (s *site) createWallet(ctx context.Context, id, keyID string, pub [32]byte, of account) error {
	key, err := s.operatorKey()
	if err != nil {
		return err
	}
	record, err := wire.SignOwnedWallet(s.network, s.Party, key, id, ton.Version(of.version), pub, s.GlobalID, of.subwallet)
	if keyID != "" {
		record, err = wire.SignSubwallet(s.network, s.Party, key, id, keyID, 1, ton.Version(of.version), pub, s.GlobalID, of.subwallet)
	}
	if err != nil {
		return &failure{err, exitUsage, ""}
	}
	return s.hand(ctx, key, "/v1/wallets", record, nil)
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
		return errors.New("wallet " + w.ID + ": the node gives an address that does not follow from the public key")
	}
	return nil
}

// tonWallet returns the pinned facts of a node's wallet.
func tonWallet(w client.Wallet, globalID int32) (ton.Wallet, error) {
	var pub [32]byte
	if n, err := hex.Decode(pub[:], []byte(w.PublicKey)); err != nil || n != len(pub) {
		return ton.Wallet{}, fmt.Errorf("wallet %s: public key %.80q is not 64 hex digits", w.ID, w.PublicKey)
	}
	return ton.NewWallet(ton.Version(w.Version), pub, globalID, w.Subwallet)
}

func walletText(w io.Writer, all ...client.Wallet) {
	line(w, "WALLET", "CUSTODY", "KEY", "VERSION", "STATUS", "BALANCE", "SEQNO", "ADDRESS")
	for _, x := range all {
		line(w, x.ID, x.Custody, or(x.Key, "-"), x.Version, x.Status, or(x.Balance, "-"), x.Seqno, x.Address)
	}
}
