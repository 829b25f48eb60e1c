package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
)

const (
	devKey      = "main"
	keygenTime  = 60 * time.Second // until a key is ready at every party; it takes about two seconds
	proposeTime = 5 * time.Minute  // how long operators have to approve
)

// generateKey makes a key the way people would: one party's operator proposes, the others' approve what their own
// nodes show them.
func (d *devnet) generateKey(ctx context.Context) (client.Key, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, keygenTime, fmt.Errorf("the key is not ready after %s", keygenTime))
	defer cancel()
	proposer := d.sites[0]
	d.ui.say("%s proposes a %d-of-%d key", proposer.Party, proposer.Threshold, len(proposer.Parties))
	id, err := proposer.proposeKeygen(ctx, devKey, time.Now().Add(proposeTime))
	if err != nil {
		return client.Key{}, err
	}
	for _, s := range d.sites[1:] {
		if err := d.approve(ctx, s, id); err != nil {
			return client.Key{}, err
		}
	}
	for _, s := range d.sites {
		if err := s.awaitKey(ctx, id); err != nil {
			return client.Key{}, err
		}
	}
	return d.sites[0].readyOr(ctx, devKey, true)
}

// approve waits until the party's node has heard of the proposal, and approves it.
func (d *devnet) approve(ctx context.Context, s *site, id string) error {
	return poll(ctx, pace, func() (bool, error) {
		all, err := s.ceremonies(ctx)
		if err != nil {
			return false, err
		}
		for _, c := range all {
			if c.ID == id {
				d.ui.say("%s approves", s.Party)
				return true, s.approveKeygen(ctx, c)
			}
		}
		return false, nil
	})
}

// awaitKey returns once the ceremony is over, with an error if there is no key.
func (s *site) awaitKey(ctx context.Context, id string) error {
	return poll(ctx, pace, func() (bool, error) {
		c, err := s.ceremony(ctx, id)
		if err == nil && ended(c) && c.State != stateReady {
			err = fmt.Errorf("key generation is %s at %s", c.State, s.Party)
		}
		return c.State == stateReady, err
	})
}

// enrol enters the wallets of a key, the agent that may use them and its policy at every node, each signed by that
// party's own people.
func (d *devnet) enrol(ctx context.Context, k client.Key, wallets []string, document []byte) error {
	pub, err := publicKey(k)
	if err != nil {
		return err
	}
	agentKey, err := d.sites[0].key("agent", d.sites[0].AgentKeyFile)
	if err != nil {
		return err
	}
	agent := wire.AgentRecord{ID: devAgent, Revision: revision(time.Now()), Wallets: wallets,
		PublicKey: [32]byte(agentKey.Public().(ed25519.PublicKey))}
	return first(ask(ctx, d.sites, func(ctx context.Context, s *site) (struct{}, error) {
		for i, id := range wallets {
			if err := s.createWallet(ctx, id, newWallet{custody: custodyShared, key: k.ID, of: devAccount(i, id)}, pub); err != nil {
				return struct{}{}, err
			}
		}
		if err := s.createAgent(ctx, agent); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.applyPolicy(ctx, document)
	}))
}

// fund gives every wallet coins and waits until the first node sees them.
func (d *devnet) fund(ctx context.Context, wallets []string, amount ton.Nano) error {
	s := d.sites[0]
	for _, id := range wallets {
		w, err := s.wallet(ctx, id)
		if err != nil {
			return err
		}
		own, err := tonWallet(w, s.GlobalID)
		if err != nil {
			return err
		}
		if err := d.chain.Fund(own.Address, amount); err != nil {
			return err
		}
		err = poll(ctx, pace, func() (bool, error) {
			w, err := s.wallet(ctx, id)
			return w.Balance == amount.String(), err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// devHighload is the wallet of a local network for which many requests can be under way at once.
const devHighload = "highload-1"

func devAccount(i int, id string) account {
	if id == devHighload {
		return account{version: string(ton.HighloadV3)}
	}
	return account{string(ton.V5R1), uint16(i)}
}

// walletNames are wallet-1 … wallet-n.
func walletNames(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("wallet-%d", i+1))
	}
	return names
}
