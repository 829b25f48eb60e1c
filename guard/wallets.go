package guard

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/ton"
)

// WalletRecord says which account a wallet id stands for, and which key signs for it. Only Epoch ever changes: another
// account or key under an old id would begin with empty spending windows.
type WalletRecord struct {
	ID        string      `cbor:"id"`
	Custody   Custody     `cbor:"custody"`
	Key       string      `cbor:"key"`   // "" if its owner holds it
	Epoch     uint32      `cbor:"epoch"` // of the key, from 1; rises with a reshare; 0 if its owner holds it
	Version   ton.Version `cbor:"version"`
	PublicKey [32]byte    `cbor:"publicKey"`
	GlobalID  int32       `cbor:"globalID"`
	Subwallet uint16      `cbor:"subwallet"`
	WalletID  uint32      `cbor:"walletID"`
	Address   ton.Address `cbor:"address"`
	Data      string      `cbor:"data,omitempty"` // CustodyContract: what the account is deployed with, a bag of cells in base64
}

func (WalletRecord) kind() string { return "wallet" }

// TON returns the pinned facts that package ton judges payloads and accounts by.
func (r WalletRecord) TON() ton.Wallet {
	w := ton.Wallet{Address: r.Address, Version: r.Version, PublicKey: r.PublicKey, ID: r.WalletID, GlobalID: r.GlobalID}
	if r.Custody == CustodyContract {
		return policyWalletOf(r, w)
	}
	return w
}

// guarded are the wallets that can be accounted for: their payloads use up a seqno, one after another, or, of Highload V3,
// a query id under the eyes of the accounting set. Nothing in a payload of V3R2, V4R2 and Highload V3 names the network;
// their keys must be of one network only, as threshold keys are.
var guarded = []ton.Version{ton.V3R2, ton.V4R2, ton.V5R1, ton.HighloadV3}

// NewOwnedWallet is the record of a wallet whose owner alone holds the key.
func NewOwnedWallet(id string, v ton.Version, pub [32]byte, globalID int32, subwallet uint16) (WalletRecord, error) {
	r, err := NewWalletRecord(id, "", 0, v, pub, globalID, subwallet)
	r.Custody = CustodyOwner
	return r, err
}

// NewWalletRecord is the record of a wallet of a key that the parties share. It fills in what follows from the key: wallet
// id and address.
func NewWalletRecord(id, key string, epoch uint32, v ton.Version, pub [32]byte, globalID int32, subwallet uint16) (WalletRecord, error) {
	if !slices.Contains(guarded, v) {
		return WalletRecord{}, fmt.Errorf("wallet version %q: want one of %s", v, guarded)
	}
	w, err := ton.NewWallet(v, pub, globalID, subwallet)
	if err != nil {
		return WalletRecord{}, err
	}
	return WalletRecord{
		ID: id, Custody: CustodyMPC, Key: key, Epoch: epoch, Version: v, PublicKey: pub,
		GlobalID: globalID, Subwallet: subwallet, WalletID: w.ID, Address: w.Address,
	}, nil
}

// AddWallet puts a wallet into force, or a later epoch of a known one. It errs if the record isn't signed by this
// node's operator, if its parts don't belong together, or if it would change what an id stands for.
func (g *Guard) AddWallet(tx Tx, now time.Time, s Signed[WalletRecord]) error {
	if err := g.checkWallet(tx, s); err != nil {
		return fmt.Errorf("add wallet %.70q: %w", s.Body.ID, err)
	}
	put(tx, keyWallet(s.Body.ID), s)
	tx.Set(keyWalletAddress(s.Body.Address), []byte(s.Body.ID))
	tx.Append(audit.Entry{
		V: audit.Version, TS: audit.At(now), EventType: audit.WalletCreated, Action: "wallet",
		Actor:    audit.Actor{Type: "operator", ID: hex.EncodeToString(s.Operator[:])},
		Resource: audit.Resource{Type: "wallet", ID: s.Body.ID},
		Outcome:  audit.Success, Severity: audit.Info,
		Details: audit.KV("address", s.Body.Address.String(), "custody", string(s.Body.Custody), "key", s.Body.Key, "epoch", fmt.Sprint(s.Body.Epoch)),
	})
	return nil
}

func (g *Guard) checkWallet(tx Tx, s Signed[WalletRecord]) error {
	r := s.Body
	if err := verify(g, s); err != nil {
		return err
	}
	if !validID(r.ID) {
		return errors.New("its id is not an id")
	}
	if r.GlobalID != g.cfg.GlobalID {
		return fmt.Errorf("made for chain %d, this network uses %d", r.GlobalID, g.cfg.GlobalID)
	}
	want, err := r.derived()
	if err != nil {
		return err
	}
	if want != r {
		return errors.New("address or wallet id does not follow from the public key, or from the data it is deployed with")
	}
	if err := g.checkCountable(r); err != nil {
		return err
	}
	return checkSuccession(tx, r)
}

// derived is what r must be, by its custody, key and chain.
func (r WalletRecord) derived() (WalletRecord, error) {
	if r.Custody.Shared() && (!validID(r.Key) || r.Epoch == 0) {
		return r, errors.New("its key is not an id, or the epoch is missing")
	}
	switch r.Custody {
	case CustodyMPC:
		return NewWalletRecord(r.ID, r.Key, r.Epoch, r.Version, r.PublicKey, r.GlobalID, r.Subwallet)
	case CustodyOwner:
		return NewOwnedWallet(r.ID, r.Version, r.PublicKey, r.GlobalID, r.Subwallet)
	case CustodyContract:
		initial, err := r.Contract()
		if err != nil {
			return r, err
		}
		return NewContractWallet(r.ID, r.Key, r.Epoch, initial, r.GlobalID)
	}
	return r, fmt.Errorf("custody %.20q is none of %s, %s, %s", r.Custody, CustodyMPC, CustodyOwner, CustodyContract)
}

// checkSuccession keeps one id to one account, and one account to one id.
func checkSuccession(tx Tx, r WalletRecord) error {
	owner, err := tx.Get(keyWalletAddress(r.Address))
	if err != nil {
		return err
	}
	if owner != nil && string(owner) != r.ID {
		return fmt.Errorf("its account is already wallet %s", owner)
	}
	old, known, err := wallet(tx, r.ID)
	if err != nil || !known {
		return err
	}
	if r.Epoch < old.Epoch {
		return fmt.Errorf("epoch %d of the key is over, %d is in force", r.Epoch, old.Epoch)
	}
	old.Epoch = r.Epoch
	if old != r {
		return errors.New("the id stands for another account or key")
	}
	return nil
}

// Wallet returns a wallet's record, and whether there is one.
func (g *Guard) Wallet(tx Tx, id string) (WalletRecord, bool, error) { return wallet(tx, id) }

func wallet(tx Tx, id string) (WalletRecord, bool, error) {
	var s Signed[WalletRecord]
	ok, err := get(tx, keyWallet(id), &s)
	return s.Body, ok, err
}
