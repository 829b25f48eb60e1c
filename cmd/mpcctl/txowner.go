package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/ton"
)

// The way of a transaction whose wallet's owner holds the key: unsigned at a node, signed where the key is, which needs no
// network, and submitted at the node again.

func (t *tool) txUnsigned() *cobra.Command {
	var out string
	var code, connect bool
	c := verb("unsigned REQUEST", "Give out what a wallet's owner has to sign", func(ctx context.Context, args []string) error {
		if chosen := []bool{out != "", code, connect}; len(slices.DeleteFunc(chosen, func(yes bool) bool { return !yes })) != 1 {
			return &failure{errors.New("want one of --out, --qr and --ton-connect"), exitUsage, "see `mpcctl tx unsigned --help`"}
		}
		s, err := t.site()
		if err != nil {
			return err
		}
		u, err := s.unsigned(ctx, args[0])
		if err != nil {
			return err
		}
		switch {
		case code:
			return t.showCode(u)
		case connect:
			return t.showTONConnect(u)
		}
		if err := u.write(out); err != nil {
			return err
		}
		return t.showUnsigned(u)
	})
	c.Flags().StringVar(&out, "out", "", "file to write")
	c.Flags().BoolVar(&code, "qr", false, "draw the payload's base64 for a signer with a camera")
	c.Flags().BoolVar(&connect, "ton-connect", false, "print TON Connect's sendTransaction; the wallet sends it itself")
	return c
}

// showTONConnect prints JSON whether or not it was asked for: it is for a program.
func (t *tool) showTONConnect(u unsigned) error {
	c, err := u.tonConnect()
	if err != nil {
		return err
	}
	t.ui.json = true
	return t.ui.result(c, nil)
}

func (t *tool) showCode(u unsigned) (err error) {
	if shown := t.ui.result(u, func(w io.Writer) { err = drawQR(w, base64.StdEncoding.EncodeToString(u.Payload)) }); shown != nil {
		return shown
	}
	return err
}

func (s *site) unsigned(ctx context.Context, id string) (u unsigned, err error) {
	c, err := s.reader()
	if err != nil {
		return u, err
	}
	status, err := c.Status(ctx, id, 0)
	if err != nil {
		return u, err
	}
	w, err := s.wallet(ctx, status.Wallet)
	if err != nil {
		return u, err
	}
	return unsignedOf(s, status, w)
}

func (t *tool) txSignOffline() *cobra.Command {
	var keyFile, mnemonicFile string
	var yes bool
	c := verb("sign-offline FILE", "Sign, as a wallet's owner, what `tx unsigned` wrote; needs no network", func(_ context.Context, args []string) error {
		u, err := readUnsigned(args[0])
		if err != nil {
			return err
		}
		if !yes {
			return errors.Join(t.showUnsigned(u),
				waitingf(fmt.Sprintf("read it, then: mpcctl tx sign-offline %s --key FILE|--mnemonic FILE --yes", args[0]), "nothing was signed"))
		}
		key, err := ownersKey(keyFile, mnemonicFile)
		if err != nil {
			return err
		}
		defer clear(key)
		return t.signOffline(u, key, args[0])
	})
	f := c.Flags()
	f.StringVar(&keyFile, "key", "", "file of the wallet's key, a seed of 64 hex digits")
	f.StringVar(&mnemonicFile, "mnemonic", "", "file of the wallet's 24 words")
	f.BoolVar(&yes, "yes", false, "sign; without it the transaction is shown only")
	return c
}

// signOffline signs what the file holds, writes it back, and only then says that it is signed.
func (t *tool) signOffline(u unsigned, key ed25519.PrivateKey, path string) error {
	if err := u.sign(key, time.Now()); err != nil {
		return err
	}
	if err := u.write(path); err != nil {
		return err
	}
	if err := t.showUnsigned(u); err != nil {
		return err
	}
	t.ui.say("signed, in %s\nnext: mpcctl tx submit %s", path, path)
	return nil
}

func ownersKey(keyFile, mnemonicFile string) (ed25519.PrivateKey, error) {
	switch {
	case (keyFile == "") == (mnemonicFile == ""):
		return nil, &failure{errors.New("want one of --key and --mnemonic"), exitUsage, ""}
	case keyFile != "":
		return readKey(keyFile)
	}
	return readMnemonic(mnemonicFile)
}

func (t *tool) txSubmit() *cobra.Command {
	var wait time.Duration
	c := verb("submit FILE", "Bring what a wallet's owner has signed to the node", func(ctx context.Context, args []string) error {
		u, err := readUnsigned(args[0])
		if err != nil {
			return err
		}
		s, err := t.site()
		switch {
		case err != nil:
			return err
		case len(u.Signature) == 0:
			return hinted(fmt.Errorf("%s is not signed", args[0]), "mpcctl tx sign-offline %s --key FILE, where the owner's key is", args[0])
		case u.Network != s.Network:
			return fmt.Errorf("%s is for network %.16s…, context %s is of %.16s…", args[0], u.Network, s.Name, s.Network)
		case u.Request == "":
			return t.submitOrder(ctx, s, u)
		}
		status, err := s.submit(ctx, u, wait)
		if err != nil {
			return err
		}
		return errors.Join(t.showStatus(status), verdict(status))
	})
	c.Flags().DurationVar(&wait, "wait", time.Minute, "how long to wait for it to settle, at most 60s")
	return c
}

func (s *site) submit(ctx context.Context, u unsigned, wait time.Duration) (client.Status, error) {
	c, err := s.reader()
	if err != nil {
		return client.Status{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, wait+callTimeout)
	defer cancel()
	return c.BringSignature(ctx, u.Request, u.Signature, wait)
}

// showUnsigned prints what the payload does, as it is decoded here and not as the file says.
func (t *tool) showUnsigned(u unsigned) error {
	w, tx, err := u.read()
	if err != nil {
		return err
	}
	sent, err := ton.ReadOutgoing(w, u.Payload)
	if err != nil {
		return err
	}
	return t.ui.result(u, func(out io.Writer) {
		line(out, "request", or(u.Request, "-"))
		line(out, "from", w.Address.Friendly(false, w.GlobalID == testnetID))
		for i, m := range tx.Messages {
			line(out, "pays", m.Value.String()+" TON")
			line(out, "to", m.To.Friendly(m.Bounce, w.GlobalID == testnetID))
			line(out, "comment", or(m.Comment, "-"))
			orderText(out, sent[i].Body)
		}
		line(out, "valid until", clock(tx.ValidUntil))
		line(out, "signing hash", fmt.Sprintf("%x", tx.SigningHash))
		line(out, "signed", len(u.Signature) > 0)
	})
}

// testnetID is the global id of TON's test network, whose addresses carry a flag.
const testnetID = -3

func decodePayload(text string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("the node's payload is not base64: %w", err)
	}
	if len(raw) > maxPayload {
		return nil, errors.New("the node's payload is larger than the chain takes")
	}
	return raw, nil
}
