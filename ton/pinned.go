package ton

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/xssnick/tonutils-go/ton/wallet"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// codeHashV5R1 is the representation hash of the code of W5 revision 1
// (github.com/ton-blockchain/wallet-contract-v5, build/wallet_v5.compiled.json).
const codeHashV5R1 = "20834b7b72b112147e1b2fb457b84e74d1a30f04f737d4f62a668e9552d2b72f"

// pinned are the wallet codes that ignore an empty or comment body, whoever sends it. Only V5R1 can be an own wallet.
var pinned = map[[32]byte]Version{
	hash("b61041a58a7980b946e8fb9e198e3c904d24799ffa36574ea4251c41a566f581"): V3R1,
	hash("84dafa449f98a6987789ba232358072bc0f76dc4524002a5d0918b9a75d2d599"): V3R2,
	hash("64dd54805522c5be8a9db59cea0105ccf0d08786ca79beb8cb79e880a8d7322d"): V4R1,
	hash("feb5ff6820e2ff0d9483e7e0d62c817d846789fb4ae580c878866d959dabd5c0"): V4R2,
	hash(codeHashV5R1): V5R1,
}

// codeV5R1 is the code every own wallet is deployed with. It comes with a dependency, so it is checked here: a changed
// code would change every address.
var codeV5R1 = func() *cell.Cell {
	init, err := wallet.GetStateInit(make([]byte, 32), wallet.ConfigV5R1Final{}, 0)
	if err != nil {
		panic(fmt.Sprintf("ton: code of %s: %v", V5R1, err))
	}
	if got := [32]byte(init.Code.HashKey()); got != hash(codeHashV5R1) {
		panic(fmt.Sprintf("ton: code of %s has hash %x, pinned is %s", V5R1, got, codeHashV5R1))
	}
	return init.Code
}()

func hash(digits string) (h [32]byte) {
	if n, err := hex.Decode(h[:], []byte(digits)); err != nil || n != len(h) {
		panic("ton: not a hash: " + digits)
	}
	return h
}

// walletData is what a wallet contract keeps besides its seqno.
type walletData struct {
	walletID   uint32
	publicKey  [32]byte
	extensions bool // has plugins or extensions
	unsigned   bool // takes no signatures (V5R1 is_signature_allowed = 0)
}

var errWalletData = errors.New("data is not a wallet's")

// readWalletData reads the data cell of a pinned wallet code:
//
//	V5R1  is_signature_allowed:Bool seqno:uint32 wallet_id:uint32 public_key:bits256 extensions:(HashmapE 256 int1)
//	V4    seqno:uint32 subwallet:uint32 public_key:bits256 plugins:(HashmapE 264 Cell)
//	V3    seqno:uint32 subwallet:uint32 public_key:bits256
func readWalletData(v Version, data *cell.Cell) (d walletData, seqno uint32, err error) {
	r := read(data)
	if v == V5R1 {
		d.unsigned = !r.bit()
	}
	seqno = uint32(r.uint(32))
	d.walletID = uint32(r.uint(32))
	d.publicKey = r.bits256()
	if v != V3R1 && v != V3R2 {
		if d.extensions = r.bit(); d.extensions {
			r.ref()
		}
	}
	if !r.done() {
		return walletData{}, 0, errWalletData
	}
	return d, seqno, nil
}

// dataV5R1 is the data of a V5R1 wallet without extensions.
func dataV5R1(id, seqno uint32, pub [32]byte) *cell.Cell {
	return cell.BeginCell().
		MustStoreBoolBit(true).
		MustStoreUInt(uint64(seqno), 32).
		MustStoreUInt(uint64(id), 32).
		MustStoreSlice(pub[:], 256).
		MustStoreBoolBit(false).
		EndCell()
}
