// Package assets puts standard tokens on a dev chain: jettons (TEP-74), collectibles (TEP-62) and their sale at a fixed
// price (getgems). Their contracts are the ones that people use, compiled by others; whoever is named as an admin, an
// owner or a seller acts without a key, by devchain's Deliver.
//
//	j, err := assets.NewJetton(c, admin, assets.Metadata{Name: "Dollar", Symbol: "USD", Decimals: 6})
//	err = j.Mint(owner, ton.NanoOf(5_000_000)) // 5 USD to the wallet j.Wallet(owner)
//
// Bodies of messages to them are built by tonutils-go (ton/jetton, ton/nft).
package assets

import (
	"context"
	"embed"
	"encoding/hex"
	"fmt"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
	"github.com/xssnick/tonutils-go/address"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// contracts/LICENSE says where they come from; scripts/build-contracts.sh --check takes them from there again.
//
//go:embed contracts/*.boc
var contracts embed.FS

var (
	minterCode     = code("jetton-minter", "0571976c63ec1b7550230a2609dbedb36e1b64ef8d022a16b34ea57063185b2f")
	walletCode     = code("jetton-wallet", "a760d629d5343e76d045017d9dc216fc8a307a8377815feb2b0a5c490e733486")
	collectionCode = code("nft-collection", "64bb2d4661b5f2dc1a83bf5cbbe09e92ac0b460a1b879a5519386fca4c348bca")
	itemCode       = code("nft-item", "ba4d975d2b66231c1f0a0ccca6e8ff8f7ba0610c4b7639584b8e98303dc3128c")
	saleCode       = code("nft-sale", "deb53b6c5765c1e6cd238bf47bc5e83ba596bdcc04b0b84cd50ab1e474a08f31")
)

func code(name, hash string) *cell.Cell {
	boc, err := contracts.ReadFile("contracts/" + name + ".boc")
	if err != nil {
		panic(err)
	}
	c, err := cell.FromBOC(boc)
	if err != nil {
		panic(fmt.Sprintf("assets: read %s: %v", name, err))
	}
	if got := hex.EncodeToString(c.Hash()); got != hash {
		panic(fmt.Sprintf("assets: %s has hash %s, pinned is %s", name, got, hash))
	}
	return c
}

// attached is what a message that mints carries for fees, and passed what goes on to the new contract: more than is
// needed, the rest of attached comes back.
var attached, passed = ton.NanoOf(200_000_000), ton.NanoOf(100_000_000)

// contract is a contract before it is on a chain.
type contract struct {
	address ton.Address
	init    *cell.Cell
}

func newContract(code *cell.Cell, data *cell.Builder) contract {
	init, err := tlb.ToCell(&tlb.StateInit{Code: code, Data: data.EndCell()})
	if err != nil {
		panic(err) // code and data are references
	}
	return contract{ton.Address{Hash: [32]byte(init.HashKey())}, init}
}

// deploy puts the contract on a chain, with coins to keep it there.
func (x contract) deploy(c *devchain.Chain, from ton.Address) error {
	return c.Deliver(devchain.Message{From: from, To: x.address, Value: ton.NanoOf(1e9), Init: x.init})
}

func friendly(a ton.Address) *address.Address {
	return address.NewAddress(0, byte(a.Workchain), a.Hash[:])
}

// coins are n in the smallest unit, of whatever they count.
func coins(n ton.Nano) tlb.Coins { return tlb.FromNanoTON(n.Big()) }

// get runs a get method on the chain's newest state.
func get(ctx context.Context, c *devchain.Chain, a ton.Address, method string) (*lite.ExecutionResult, error) {
	api := lite.NewAPIClient(c.LiteClient(), lite.ProofCheckPolicyUnsafe)
	b, err := api.GetMasterchainInfo(ctx)
	if err != nil {
		return nil, err
	}
	return api.RunGetMethod(ctx, b, friendly(a), method)
}
