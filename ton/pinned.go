package ton

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/xssnick/tonutils-go/ton/wallet"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// pinned are the wallet codes that ignore an empty or comment body, whoever sends it. Those with a layout can be own wallets.
var pinned = map[[32]byte]Version{
	hash("b61041a58a7980b946e8fb9e198e3c904d24799ffa36574ea4251c41a566f581"): V3R1,
	hash(codeHashV3R2): V3R2,
	hash("64dd54805522c5be8a9db59cea0105ccf0d08786ca79beb8cb79e880a8d7322d"): V4R1,
	hash(codeHashV4R2):       V4R2,
	hash(codeHashV5R1):       V5R1,
	hash(codeHashHighloadV3): HighloadV3,
	hash(codeHashPolicyV1):   PolicyV1,
}

// codeOf returns the code that own wallets of v are deployed with. It comes with a dependency, so it is checked here: a
// changed code would change every address.
func codeOf(v Version, want string, config wallet.VersionConfig) *cell.Cell {
	init, err := wallet.GetStateInit(make([]byte, 32), config, 0)
	if err != nil {
		panic(fmt.Sprintf("ton: code of %s: %v", v, err))
	}
	if got := [32]byte(init.Code.HashKey()); got != hash(want) {
		panic(fmt.Sprintf("ton: code of %s has hash %x, pinned is %s", v, got, want))
	}
	return init.Code
}

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
	queries    queries
	terms      [32]byte // PolicyV1: digest of what no spend may change, lists of destinations aside
}

var errWalletData = errors.New("data is not a wallet's")

// readWalletData reads the data cell of a pinned wallet code:
//
//	V5R1  is_signature_allowed:Bool seqno:uint32 wallet_id:uint32 public_key:bits256 extensions:(HashmapE 256 int1)
//	V4    seqno:uint32 subwallet:uint32 public_key:bits256 plugins:(HashmapE 264 Cell)
//	V3    seqno:uint32 subwallet:uint32 public_key:bits256
func readWalletData(v Version, data *cell.Cell) (d walletData, seqno uint32, err error) {
	if v == HighloadV3 {
		d, err = readHighloadData(data)
		return d, 0, err
	}
	if v == PolicyV1 {
		return readPolicyData(data)
	}
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
