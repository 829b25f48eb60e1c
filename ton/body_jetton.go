package ton

import "github.com/xssnick/tonutils-go/tvm/cell"

const (
	opJettonTransfer = 0x0f8a7ea5 // TEP-74
	opJettonBurn     = 0x595f07bc
	opMintless       = 0x0df602d6 // TEP-177
	opRelayerFee     = 0x878da6e3
	opNFTTransfer    = 0x5fcc3d14 // TEP-62
)

// Jetton are the fields of a transfer or burn. Which jetton it is, the body doesn't say: the destination does, if it is
// proven to be the own wallet of that jetton.
type Jetton struct {
	QueryID     uint64
	Amount      Nano    // in the jetton's smallest unit
	Destination Address // transfer: the account that will own them, not its jetton wallet; zero for a burn
	Response    Address // who gets the coins that are left; zero: nobody
	Custom      Custom
	Forward     Nano // coins that go on to Destination
	Payload     Payload
}

func (j Jetton) own() []party {
	return append([]party{{name: "response", address: j.Response}}, j.Payload.Swap.parties()...)
}

// Custom is what a jetton's custom_payload asks of its wallet; others than these are refused.
type Custom struct {
	Mintless         [32]byte // hash of the claim's proof
	LiquidStaking    bool     // Tonstakers: the burn is a withdrawal, with
	WaitTillRoundEnd bool
	FillOrKill       bool
}

// Payload is what a transfer tells the account that receives it.
type Payload struct {
	Opcode  uint32   // 0 for none and for a comment
	Comment string   // of opcode 0
	Hash    [32]byte // of its cell; zero for none
	Swap    Swap     // of a known exchange's opcode
}

func readJettonTransfer(r *reader) (Op, Detail) {
	var j Jetton
	j.QueryID, j.Amount = r.uint(64), r.amount()
	j.Destination, j.Response = r.std(), r.address()
	j.Custom = readCustom(r)
	j.Forward, j.Payload = r.amount(), readForward(r)
	if r.err == nil && j.Custom.LiquidStaking {
		r.err = refuse(CodeBody, "a jetton transfer has the custom payload of a burn")
	}
	return OpJettonTransfer, j
}

func readJettonBurn(r *reader) (Op, Detail) {
	var j Jetton
	j.QueryID, j.Amount, j.Response = r.uint(64), r.amount(), r.address()
	j.Custom = readCustom(r)
	if r.err == nil && j.Custom.Mintless != [32]byte{} {
		r.err = refuse(CodeBody, "a jetton burn has the custom payload of a claim")
	}
	return OpJettonBurn, j
}

// jettonsIn reads no more of a transfer or burn than how many: what was sent counts, also in a body that nobody here signs.
func jettonsIn(body *cell.Cell) (j Jetton, ok bool) {
	r := read(body)
	op := r.uint(32)
	j.QueryID, j.Amount = r.uint(64), r.coins()
	return j, r.err == nil && (op == opJettonTransfer || op == opJettonBurn)
}

// readCustom reads (Maybe ^Cell): the claim of a mintless jetton, or Tonstakers' two bits.
func readCustom(r *reader) (c Custom) {
	if !r.bit() {
		return c
	}
	r.inner("a custom payload", func(in *reader) {
		if in.err == nil && in.s.BitsLeft() == 2 {
			c.LiquidStaking, c.WaitTillRoundEnd, c.FillOrKill = true, in.bit(), in.bit()
			return
		}
		if op := in.uint(32); in.err == nil && op != opMintless {
			in.err = refuse(CodeBody, "a custom payload of operation %08x", op)
		}
		if proof := in.ref(); proof != nil {
			c.Mintless = [32]byte(proof.HashKey())
		}
	})
	return c
}

// readForward reads forward_payload:(Either Cell ^Cell), which ends its body.
func readForward(r *reader) (p Payload) {
	inRef := r.bit()
	if r.err != nil {
		return p
	}
	var c *cell.Cell
	if inRef {
		c = r.ref()
	} else {
		c = r.takeRest()
	}
	if r.err == nil {
		p, r.err = readPayload(c)
	}
	return p
}

func readPayload(c *cell.Cell) (p Payload, err error) {
	if c.BitsSize() == 0 && c.RefsNum() == 0 {
		return p, nil
	}
	p.Hash = [32]byte(c.HashKey())
	r := read(c)
	p.Opcode = uint32(r.uint(32))
	switch {
	case r.err != nil:
		return p, refuse(CodeBody, "a forward payload is shorter than an operation")
	case p.Opcode == 0:
		p.Comment, err = readSnake(r.s)
		return p, err
	}
	if p.Swap, err = readSwapPayload(p.Opcode, r); err != nil {
		return Payload{}, err
	}
	return p, nil
}

// takeRest returns what is left as a cell, and leaves nothing.
func (r *reader) takeRest() *cell.Cell {
	c := r.rest()
	if r.err == nil {
		*r = reader{s: cell.BeginCell().EndCell().MustBeginParse()}
	}
	return c
}

// NFT are the fields of a transfer of the item that the message goes to.
type NFT struct {
	QueryID  uint64
	NewOwner Address
	Response Address // who gets the coins that are left; zero: nobody
	Forward  Nano    // coins that go on to NewOwner
	Payload  Payload
}

func (n NFT) own() []party { return []party{{name: "response", address: n.Response}} }

func readNFTTransfer(r *reader) (Op, Detail) {
	var n NFT
	n.QueryID, n.NewOwner, n.Response = r.uint(64), r.std(), r.address()
	r.none("custom payload")
	n.Forward, n.Payload = r.amount(), readForward(r)
	return OpNFTTransfer, n
}
