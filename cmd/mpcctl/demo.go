package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/ton"
)

// What the demo's agent asks for. The wallet could pay every one of them: only the guards say no.
const (
	demoFunds     = "1000"
	demoAmount    = "1.5"
	demoTooMuch   = "150" // the balanced preset allows 100 a transaction
	demoMemo      = "for the data of November"
	demoWait      = 25 * time.Second
	payloadValid  = 60 * time.Second
	demoTripCause = "the demo pulls the emergency brake"
)

func (t *tool) demoCommand() *cobra.Command {
	c := verb("demo", "Show the main job on this machine: a key nobody holds signs a transfer, and refuses others",
		func(ctx context.Context, _ []string) error {
			r, err := demo(ctx, t.ui)
			if err != nil {
				return err
			}
			return t.ui.result(r, r.text)
		})
	c.Long = "demo starts three node processes and a local TON chain on loopback, generates a threshold key, has an agent's transfer\n" +
		"signed, verified and executed, and shows three requests that are refused. Then it stops and removes everything.\n" +
		"It needs the mpcnode binary beside this one, or Go."
	return c
}

// demo runs the whole story in a directory of its own, and removes it however it ends.
func demo(ctx context.Context, u *ui) (r demoReport, err error) {
	dir, err := os.MkdirTemp("", "mpcctl-demo-")
	if err != nil {
		return r, fmt.Errorf("make directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	work, d, err := startDevnet(ctx, u, dir, devListener{listen: devListen, http: devListen})
	if err == nil {
		err = d.tell(work, &r)
	}
	err = d.because(ctx, work, err)
	u.say("stopping")
	err = errors.Join(err, d.stop())
	r.Seconds = since(d.started)
	return r, err
}

// tell is the demo's story, from a key to the last refusal.
func (d *devnet) tell(ctx context.Context, r *demoReport) error {
	r.Parties, r.Threshold = d.sites[0].Parties, d.sites[0].Threshold
	wallet, err := d.openWallet(ctx, r)
	if err != nil {
		return err
	}
	if err := d.pay(ctx, wallet, r); err != nil {
		return err
	}
	for _, try := range []func(context.Context, ton.Wallet, string) (client.Status, error){d.askTooMuch, d.askTampered, d.askStopped} {
		status, err := try(ctx, wallet, r.Signed.Destination)
		if err != nil {
			return err
		}
		if status.State != string(node.StateDenied) || status.Reason == nil {
			return fmt.Errorf("a request that must be refused is %s", status.State)
		}
		d.ui.say("refused: %s: %s", status.Reason.Layer, status.Reason.Text)
		r.Refused = append(r.Refused, demoRefused{status.ID, status.Reason.Layer, status.Reason.Code, status.Reason.Text})
	}
	return nil
}

// openWallet makes the key, its wallet and the agent with its policy, and puts money into the wallet.
func (d *devnet) openWallet(ctx context.Context, r *demoReport) (w ton.Wallet, err error) {
	began := time.Now()
	key, err := d.generateKey(ctx)
	if err != nil {
		return w, err
	}
	r.Keygen = demoKeygen{key.ID, key.PublicKey, key.Epoch, since(began)}
	destination, err := newDestination()
	if err != nil {
		return w, err
	}
	r.Signed.Destination = destination.Friendly(false, false)
	wallets := walletNames(1)
	if err := d.enrol(ctx, key, wallets, balancedPolicy(r.Signed.Destination)); err != nil {
		return w, err
	}
	funds, err := ton.ParseNano(demoFunds, ton.NativeDecimals)
	if err != nil {
		return w, err
	}
	if err := d.fund(ctx, wallets, funds); err != nil {
		return w, err
	}
	shown, err := d.sites[0].wallet(ctx, wallets[0])
	if err != nil {
		return w, err
	}
	d.ui.say("wallet %s holds %s TON", shown.Address, demoFunds)
	r.Wallet = demoWallet{shown.Address, shown.Raw, shown.Version}
	return tonWallet(shown, devGlobalID)
}

// newDestination is somebody's wallet that the chain has never seen.
func newDestination() (ton.Address, error) {
	pub, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return ton.Address{}, err
	}
	w, err := ton.NewWallet(ton.V5R1, [32]byte(pub), devGlobalID, 0)
	return w.Address, err
}

// balancedPolicy is the preset of the product with one destination.
func balancedPolicy(destination string) []byte {
	return fmt.Appendf(nil, `version: 1
agents:
  %s:
    preset: balanced
    allowedDestinations: [%q]
    rate: {maxPerHour: 20, cooldownSeconds: 0}
`, devAgent, destination)
}

// pay has the agent's transfer signed and executed, and checks all of it here.
func (d *devnet) pay(ctx context.Context, w ton.Wallet, r *demoReport) error {
	d.ui.say("%s asks for %s TON", devAgent, demoAmount)
	s, err := d.ask(ctx, r.Signed.Destination, demoAmount, nil)
	if err != nil {
		return err
	}
	if s.State != string(node.StateConfirmed) {
		return errors.Join(fmt.Errorf("the transfer is %s after %s", s.State, demoWait), verdict(s))
	}
	if err := verifySignature(w, s); err != nil {
		return err
	}
	to, _, err := ton.ParseAddress(r.Signed.Destination, false)
	if err != nil {
		return err
	}
	balance := d.chain.Balance(to)
	d.ui.say("signed by %s, verified, executed: the destination has %s TON", list(s.Signers), balance)
	r.Signed = demoSigned{s.ID, s.Signers, r.Signed.Destination, s.Amount, s.SigningHash, s.Signature, s.BoC, true, true, balance.String()}
	return nil
}

// verifySignature checks with crypto/ed25519 that the wallet's key signed the hash (RFC 8032 5.1.7).
func verifySignature(w ton.Wallet, s client.Status) error {
	hash, err := hex.DecodeString(s.SigningHash)
	if err != nil {
		return fmt.Errorf("read signing hash: %w", err)
	}
	sig, err := hex.DecodeString(s.Signature)
	if err != nil {
		return fmt.Errorf("read signature: %w", err)
	}
	if len(hash) != 32 || !ed25519.Verify(w.PublicKey[:], hash, sig) {
		return errors.New("the signature is not that of the wallet's key")
	}
	return nil
}

// ask sends one request of the agent to the first node and waits for its end.
func (d *devnet) ask(ctx context.Context, to, amount string, payload []byte) (client.Status, error) {
	s := d.sites[0]
	return s.send(ctx, client.Request{Network: s.Network, Wallet: walletNames(1)[0], Coordinator: s.Party,
		Expires: time.Now().Add(expireTime).UTC().Truncate(time.Second), Type: string(ton.OpTransfer), Asset: ton.Native,
		Amount: amount, Destination: to, Memo: demoMemo, Payload: base64.StdEncoding.EncodeToString(payload),
	}, client.DeliverConfirmed, rand.Text(), demoWait)
}

func (d *devnet) askTooMuch(ctx context.Context, _ ton.Wallet, to string) (client.Status, error) {
	d.ui.say("%s asks for %s TON, above its limit", devAgent, demoTooMuch)
	return d.ask(ctx, to, demoTooMuch, nil)
}

// askTampered sends a payload of the agent's own, built as the request says and then changed by one byte.
func (d *devnet) askTampered(ctx context.Context, w ton.Wallet, to string) (client.Status, error) {
	d.ui.say("%s brings its own payload, in which one byte of the destination was changed", devAgent)
	shown, err := d.sites[0].wallet(ctx, walletNames(1)[0])
	if err != nil {
		return client.Status{}, err
	}
	payload, err := tampered(w, shown.Seqno, to)
	if err != nil {
		return client.Status{}, err
	}
	return d.ask(ctx, to, demoAmount, payload)
}

// askStopped pulls the brake and asks again for what was signed before.
func (d *devnet) askStopped(ctx context.Context, _ ton.Wallet, to string) (client.Status, error) {
	stopped, err := d.sites[0].trip(ctx, "network", demoTripCause, 0)
	if err != nil {
		return client.Status{}, err
	}
	d.ui.say("the operator of %s kills the network; recorded by %s", d.sites[0].Party, list(stopped.Recorded))
	return d.ask(ctx, to, demoAmount, nil)
}

// since returns seconds, to the millisecond.
func since(t time.Time) float64 { return float64(time.Since(t).Milliseconds()) / 1000 }
