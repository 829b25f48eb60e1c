package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/ton"
)

// unsigned is what goes from a node to a wallet's owner and back, as a file: the exact bytes to sign, and what says whose
// they are. The owner's signature is added to it. Its names are stable.
type unsigned struct {
	Request   string `json:"request,omitempty"` // "" of a policy wallet's owner's order, which no node has been asked for
	Network   string `json:"network"`           // network id of the nodes
	GlobalID  int32  `json:"global_id"`
	Version   string `json:"version"`
	PublicKey string `json:"public_key"` // the owner's, hex
	Subwallet uint16 `json:"subwallet"`
	Payload   []byte `json:"payload"` // BoC of the cell whose hash is signed
	Signature []byte `json:"signature,omitempty"`
}

// maxUnsigned bounds such a file: the payload in base64 and some names.
const maxUnsigned = 2 * maxPayload

// unsignedOf makes the file's contents from what the node shows. That the wallet's address follows from its key was checked.
func unsignedOf(s *site, r client.Status, w client.Wallet) (u unsigned, err error) {
	if r.State != string(node.StatePending) || r.Payload == "" {
		return u, fmt.Errorf("%s is %s: it waits for nobody's signature", r.ID, r.State)
	}
	u = unsigned{Request: r.ID, Network: s.Network, GlobalID: s.GlobalID, Version: w.Version, PublicKey: w.PublicKey, Subwallet: w.Subwallet}
	if u.Payload, err = decodePayload(r.Payload); err != nil {
		return u, err
	}
	_, _, err = u.read()
	return u, err
}

func (u unsigned) wallet() (ton.Wallet, error) {
	var pub [32]byte
	if n, err := hex.Decode(pub[:], []byte(u.PublicKey)); err != nil || n != len(pub) {
		return ton.Wallet{}, errors.New("public_key is not 64 hex digits")
	}
	return ton.NewWallet(ton.Version(u.Version), pub, u.GlobalID, u.Subwallet)
}

// read returns the wallet and all that the payload does.
func (u unsigned) read() (ton.Wallet, ton.Transaction, error) {
	w, err := u.wallet()
	if err != nil {
		return w, ton.Transaction{}, err
	}
	t, err := ton.Decode(w, u.Payload)
	return w, t, err
}

// sign adds the owner's signature; the key must be the wallet's, and the payload one that can still execute by the local clock.
func (u *unsigned) sign(key ed25519.PrivateKey, now time.Time) error {
	w, t, err := u.read()
	if err != nil {
		return err
	}
	if [32]byte(key.Public().(ed25519.PublicKey)) != w.PublicKey {
		return errors.New("the key is not that of the wallet: nothing was signed")
	}
	if !now.Before(t.ValidUntil) {
		return hinted(fmt.Errorf("valid until %s, which has passed by this machine's clock: nothing was signed", clock(t.ValidUntil)),
			"ask anew: `mpcctl tx send` and `mpcctl tx unsigned`, or `mpcctl wallet order` with --out")
	}
	u.Signature = ed25519.Sign(key, t.SigningHash[:])
	return nil
}

func readUnsigned(path string) (u unsigned, err error) {
	raw, err := readSmall(path, maxUnsigned)
	if err != nil {
		return u, fmt.Errorf("read transaction: %w", err)
	}
	if err := json.Unmarshal(raw, &u); err != nil || len(u.Payload) == 0 {
		return u, errors.Join(fmt.Errorf("%s is not what `mpcctl tx unsigned` or `mpcctl wallet order` write", path), err)
	}
	return u, nil
}

func (u unsigned) write(path string) error {
	raw, err := json.MarshalIndent(u, "", "  ")
	if err != nil {
		return fmt.Errorf("encode transaction: %w", err)
	}
	if err := os.WriteFile(path, append(raw, '\n'), 0o644); err != nil {
		return fmt.Errorf("write transaction: %w", err)
	}
	return nil
}
