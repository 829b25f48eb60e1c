package ton

import (
	"fmt"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Version is a wallet contract that is understood here. The zero value is none.
type Version string

// V5R1 is the W5 wallet, revision 1 (github.com/ton-blockchain/wallet-contract-v5): the one contract an own wallet may
// have. The others are known as destinations only.
const (
	V3R1 Version = "v3r1"
	V3R2 Version = "v3r2"
	V4R1 Version = "v4r1"
	V4R2 Version = "v4r2"
	V5R1 Version = "v5r1"
)

// Wallet holds the pinned facts of one wallet account, against which its payloads are read.
type Wallet struct {
	Address   Address
	Version   Version
	PublicKey [32]byte // RFC 8032 encoding
	ID        uint32   // the contract's wallet_id, which binds network and subwallet
	GlobalID  int32    // −239 mainnet, −3 testnet
}

// maxSubwallet bounds the 15 bits of a V5R1 subwallet number: a bit more would run into the version.
const maxSubwallet = 1<<15 - 1

// NewWallet returns the wallet of a public key in workchain 0. Its address differs by network (globalID) and by
// subwallet, which is 0 unless one key has several wallets and at most 32,767.
func NewWallet(v Version, pub [32]byte, globalID int32, subwallet uint16) (Wallet, error) {
	if v != V5R1 {
		return Wallet{}, fmt.Errorf("wallet version %q: only %s is supported", v, V5R1)
	}
	if subwallet > maxSubwallet {
		return Wallet{}, fmt.Errorf("subwallet %d: at most %d", subwallet, maxSubwallet)
	}
	w := Wallet{Version: v, PublicKey: pub, ID: walletID(globalID, subwallet), GlobalID: globalID}
	w.Address = Address{Hash: [32]byte(w.StateInit().HashKey())}
	return w, nil
}

// walletID packs client context 1, workchain 0, version 0 and the subwallet, and binds the network by exclusive or
// (wallet-contract-v5, "wallet_id"). The binding holds for one subwallet only: subwallet 0 of mainnet has the id, the
// address and so the signatures of subwallet 236 of testnet. A key must not be used on two networks.
func walletID(globalID int32, subwallet uint16) uint32 {
	return (1<<31 | uint32(subwallet)) ^ uint32(globalID)
}

// StateInit returns the pinned code with the wallet's initial data. Its hash is the address, so anyone may deploy it
// and nobody anything else.
func (w Wallet) StateInit() *cell.Cell {
	return cell.BeginCell().
		MustStoreUInt(0b00110, 5). // no split_depth, no special, code, data, no libraries (block.tlb StateInit)
		MustStoreRef(codeV5R1).
		MustStoreRef(dataV5R1(w.ID, 0, w.PublicKey)).
		EndCell()
}

// check refuses a Wallet whose parts don't belong together. One that comes from a file or a peer is only a claim.
func (w Wallet) check() error {
	switch {
	case w.Version != V5R1:
		return refuse(CodeWallet, "wallet version %q: only %s is supported", w.Version, V5R1)
	case (w.ID^uint32(w.GlobalID))>>15 != 1<<16:
		return refuse(CodeWalletID, "wallet id %08x is not one of network %d", w.ID, w.GlobalID)
	case w.Address != Address{Hash: [32]byte(w.StateInit().HashKey())}:
		return refuse(CodeWallet, "address %s is not that of the wallet's key and id", w.Address)
	}
	return nil
}
