package main

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/contracts"
)

// The models of custody: who holds a wallet's key. docs/custody.md tells them apart.
const (
	custodyShared   = "mpc"
	custodyOwner    = "non_custodial"
	custodyContract = "smart_contract"
)

// newWallet is what the command line says about a wallet to enter.
type newWallet struct {
	custody         string
	key             string // threshold key; "" if its owner holds the key
	ownerKey        string // public, hex
	owner, guardian string // of a policy wallet
	of              account
	policy          contractPolicy
}

func (n *newWallet) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&n.custody, "custody", "", "mpc, non_custodial or smart_contract (default: mpc with --key, non_custodial with --owner-key)")
	f.StringVar(&n.key, "key", "", "the threshold key that signs for it")
	f.StringVar(&n.ownerKey, "owner-key", "", "public key of the owner who alone signs for it (non_custodial), 64 hex digits")
	f.StringVar(&n.of.version, "version", string(ton.V5R1), "wallet contract: v3r2, v4r2, v5r1, or highload_v3 where the network has an accounting set; a policy wallet is its own")
	f.Uint16Var(&n.of.subwallet, "subwallet", 0, "number of the wallet: one key can have several")
	f.StringVar(&n.owner, "owner", "", "policy wallet: address that sets its policy, and is bound by nothing")
	f.StringVar(&n.guardian, "guardian", "", "policy wallet: address that may freeze it too")
	n.policy.flags(c)
}

// settle works out the model, and refuses what doesn't belong to it.
func (n *newWallet) settle(c *cobra.Command) error {
	if (n.key == "") == (n.ownerKey == "") {
		return usagef(c, "want one of --key and --owner-key")
	}
	if n.custody == "" {
		n.custody = custodyShared
		if n.ownerKey != "" {
			n.custody = custodyOwner
		}
	}
	switch {
	case n.custody != custodyShared && n.custody != custodyOwner && n.custody != custodyContract:
		return usagef(c, "--custody: want mpc, non_custodial or smart_contract")
	case (n.custody == custodyOwner) != (n.ownerKey != ""):
		return usagef(c, "%s: --owner-key is for non_custodial, --key for the others", n.custody)
	case (n.custody == custodyContract) != (n.owner != ""):
		return usagef(c, "%s: --owner and the limits are for smart_contract, which needs them", n.custody)
	}
	return nil
}

// newWalletKey returns the public key of a new wallet: that of the threshold key, or its owner's.
func (t *tool) newWalletKey(ctx context.Context, n newWallet) (pub [32]byte, err error) {
	if n.key != "" {
		return t.agreedKey(ctx, n.key)
	}
	return publicKeyFlag("owner-key", n.ownerKey)
}

func publicKeyFlag(flag, text string) (pub [32]byte, err error) {
	if n, err := hex.Decode(pub[:], []byte(text)); err != nil || n != len(pub) {
		return pub, wrong(flag, errors.New("want 64 hex digits"))
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
func (s *site) createWallet(ctx context.Context, id string, n newWallet, pub [32]byte) error {
	key, err := s.operatorKey()
	if err != nil {
		return err
	}
	record, err := s.walletRecord(key, id, n, pub)
	if err != nil {
		return &failure{err, exitUsage, ""}
	}
	return s.hand(ctx, key, "/v1/wallets", record, nil)
}

func (s *site) walletRecord(key ed25519.PrivateKey, id string, n newWallet, pub [32]byte) (any, error) {
	switch n.custody {
	case custodyOwner:
		return wire.SignOwnedWallet(s.network, s.Party, key, id, ton.Version(n.of.version), pub, s.GlobalID, n.of.subwallet)
	case custodyContract:
		initial, err := n.contract(pub, s.GlobalID)
		if err != nil {
			return nil, err
		}
		return wire.SignContractWallet(s.network, s.Party, key, id, n.key, 1, initial, s.GlobalID)
	}
	return wire.SignSubwallet(s.network, s.Party, key, id, n.key, 1, ton.Version(n.of.version), pub, s.GlobalID, n.of.subwallet)
}

// contract is the state in which the policy wallet is deployed. The same flags give the same state, so the same address, at
// every party.
func (n newWallet) contract(spender [32]byte, globalID int32) (s contracts.State, err error) {
	id, err := contracts.WalletID(globalID, n.of.subwallet)
	if err != nil {
		return s, err
	}
	if s.Config, err = n.policy.config(id, spender); err != nil {
		return s, err
	}
	if s.Rules, err = n.policy.rules(); err != nil {
		return s, err
	}
	if s.Owner, _, err = ton.ParseAddress(n.owner, true); err != nil {
		return s, wrong("owner", err)
	}
	if n.guardian != "" {
		if s.Guardian, _, err = ton.ParseAddress(n.guardian, true); err != nil {
			return s, wrong("guardian", err)
		}
	}
	return s, s.Check()
}
