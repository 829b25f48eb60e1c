package ton

import (
	"fmt"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Version is a wallet contract that is understood here. The zero value is none.
type Version string

// V3R2, V4R2, V5R1, HighloadV3 and PolicyV1 may be own wallets; the first revisions are known as destinations only. Nothing in a
// payload of V3R2, V4R2 and HighloadV3 names the network: the same key must not be used on two networks.
const (
	V3R1       Version = "v3r1"
	V3R2       Version = "v3r2" // github.com/toncenter/tonweb, WalletSources.md
	V4R1       Version = "v4r1"
	V4R2       Version = "v4r2"        // github.com/ton-blockchain/wallet-contract
	V5R1       Version = "v5r1"        // github.com/ton-blockchain/wallet-contract-v5
	HighloadV3 Version = "highload_v3" // github.com/ton-blockchain/highload-wallet-contract-v3
	PolicyV1   Version = "policy_v1"   // ton/contracts, docs/contract.md
)

// Wallet holds the pinned facts of one wallet account, against which its payloads are read.
type Wallet struct {
	Address   Address
	Version   Version
	PublicKey [32]byte // RFC 8032 encoding
	ID        uint32   // the contract's wallet_id or subwallet_id; V5R1's binds the network too
	GlobalID  int32    // −239 mainnet, −3 testnet

	Data *cell.Cell // PolicyV1: what it is deployed with; nil for the others, where that follows from the rest
}

// NewWallet returns the wallet of a public key in workchain 0. subwallet is 0 unless one key has several wallets, and
// counts from the version's usual id on; V5R1 has at most 32,768. V5R1's address differs by network (globalID).
func NewWallet(v Version, pub [32]byte, globalID int32, subwallet uint16) (Wallet, error) {
	l := layoutOf(v)
	if l == nil || l.data == nil {
		return Wallet{}, fmt.Errorf("wallet version %q: not one that an own wallet can have by its key alone", v)
	}
	if uint32(subwallet) >= l.ids.count {
		return Wallet{}, fmt.Errorf("subwallet %d: at most %d", subwallet, l.ids.count-1)
	}
	w := Wallet{Version: v, PublicKey: pub, ID: l.ids.of(globalID, subwallet), GlobalID: globalID}
	w.Address = Address{Hash: [32]byte(w.StateInit().HashKey())}
	return w, nil
}

// StateInit returns the pinned code with the wallet's initial data. Its hash is the address, so anyone may deploy it
// and nobody anything else. A version that no own wallet can have has none.
func (w Wallet) StateInit() *cell.Cell {
	l := layoutOf(w.Version)
	if l == nil {
		return nil
	}
	return cell.BeginCell().
		MustStoreUInt(0b00110, 5). // no split_depth, no special, code, data, no libraries (block.tlb StateInit)
		MustStoreRef(l.code).
		MustStoreRef(w.deployed(l)).
		EndCell()
}

// deployed is the data that w begins with.
func (w Wallet) deployed(l *layout) *cell.Cell {
	if l.data == nil {
		return w.Data
	}
	return l.data(w.ID, 0, w.PublicKey)
}

// check refuses a Wallet whose parts don't belong together. One that comes from a file or a peer is only a claim.
func (w Wallet) check() error {
	l := layoutOf(w.Version)
	switch {
	case l == nil:
		return refuse(CodeWallet, "wallet version %q is not one that an own wallet can have", w.Version)
	case (l.data == nil) != (w.Data != nil):
		return refuse(CodeWallet, "the data that a wallet is deployed with is given for %s, and only for it", PolicyV1)
	case l.ids.subwallet(w.GlobalID, w.ID) >= l.ids.count:
		return refuse(CodeWalletID, "wallet id %08x is not one of %s on network %d", w.ID, w.Version, w.GlobalID)
	case w.Address != Address{Hash: [32]byte(w.StateInit().HashKey())}:
		return refuse(CodeWallet, "address %s is not that of the wallet's key and id", w.Address)
	case w.Data != nil:
		return w.checkDeployed()
	}
	return nil
}
