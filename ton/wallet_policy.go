package ton

import (
	_ "embed"
	"fmt"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// codeHashPolicyV1 is the representation hash of the policy wallet's code, as scripts/build-contracts.sh prints it.
const codeHashPolicyV1 = "82d7784bb13fff44a73855508fe923a4d500bc351174543372e712c343740b38"

//go:embed contracts/policy-wallet.boc
var codeBoCPolicyV1 []byte

// layoutPolicy sends one message, in the contract's own words: bounceable, mode 3, to workchain 0. Its first data holds
// owner, guardian and policy, so it follows from no key: NewPolicyWallet takes it.
var layoutPolicy = layout{
	code: policyCode(), maxMessages: 1,
	ids:  ids{of: walletID, subwallet: subwalletOf, count: 1 << 15},
	head: headPolicy, read: readPolicy, encode: encodePolicy, join: joinAround, split: splitAround,
}

// policyCode is checked against the pinned hash: another code would be another contract at another address.
func policyCode() *cell.Cell {
	c, err := cell.FromBOC(codeBoCPolicyV1)
	if err != nil {
		panic(fmt.Sprintf("ton: read policy-wallet.boc: %v", err))
	}
	if got := [32]byte(c.HashKey()); got != hash(codeHashPolicyV1) {
		panic(fmt.Sprintf("ton: policy-wallet.boc has hash %x, pinned is %s", got, codeHashPolicyV1))
	}
	return c
}

// PolicyCode returns the code of the policy wallet, PolicyV1.
func PolicyCode() *cell.Cell { return layoutPolicy.code }

// NewPolicyWallet returns the policy wallet that is deployed with data, on the network globalID. Only its head is read
// here: the key of its spender and its wallet id; package contracts judges the rest.
func NewPolicyWallet(data *cell.Cell, globalID int32) (Wallet, error) {
	d, _, err := readPolicyData(data)
	if err != nil {
		return Wallet{}, refuse(CodeWallet, "%v", err)
	}
	w := Wallet{Version: PolicyV1, PublicKey: d.publicKey, ID: d.walletID, GlobalID: globalID, Data: data}
	w.Address = Address{Hash: [32]byte(w.StateInit().HashKey())}
	return w, w.check()
}

// ReadPolicyWallet is NewPolicyWallet of a bag of cells, at most as much of it as fits the message that deploys it.
func ReadPolicyWallet(data []byte, globalID int32) (Wallet, error) {
	if len(data) > MaxPolicyData {
		return Wallet{}, refuse(CodeTooLarge, "the data of a policy wallet has %d bytes, at most %d are deployed", len(data), MaxPolicyData)
	}
	root, err := readCells(data)
	if err != nil {
		return Wallet{}, err
	}
	return NewPolicyWallet(root, globalID)
}

// checkDeployed refuses first data that is not of w's key and id, or that isn't a beginning: the seqno must count from 0.
func (w Wallet) checkDeployed() error {
	d, seqno, err := readPolicyData(w.Data)
	if err != nil || d.publicKey != w.PublicKey || d.walletID != w.ID || seqno != 0 {
		return refuse(CodeWallet, "the data it is deployed with is not that of the wallet's key and id, with nothing spent")
	}
	return nil
}

func headPolicy(r *reader) (o order) {
	for _, field := range []*uint32{&o.op, &o.walletID, &o.validUntil, &o.seqno} {
		*field = uint32(r.uint(32))
	}
	return o
}

func readPolicy(w Wallet, root *cell.Cell) (order, error) {
	s, err := readSpend(root)
	if err != nil {
		return order{}, err
	}
	o := order{op: opSpend, walletID: s.WalletID, validUntil: uint32(s.ValidUntil.Unix()), seqno: s.Seqno}
	switch {
	case s.WalletID != w.ID:
		return o, refuse(CodeWalletID, "payload is for wallet id %08x, this wallet is %08x", s.WalletID, w.ID)
	case s.Account != w.Address.Hash:
		return o, refuse(CodeWallet, "payload is for 0:%x, this wallet is %s", s.Account, w.Address)
	}
	m, err := spent(s)
	o.msgs = []outMsg{m}
	return o, err
}

// spent is the message that the contract sends for s.
func spent(s Spend) (outMsg, error) {
	m := outMsg{Message: Message{Mode: sendMode, Bounce: true, To: Address{Hash: s.To}, Value: s.Amount}, body: s.Body, inRef: s.Body != nil}
	if m.body == nil {
		m.body = cell.BeginCell().EndCell()
	}
	if err := CheckCells(m.body, maxMessageCells); err != nil {
		return m, err
	}
	m.Body = [32]byte(m.body.HashKey())
	body, err := readBody(m.body)
	m.Op, m.Opcode, m.Comment, m.Detail = body.op, body.opcode, body.comment, body.detail
	return m, err
}

func encodePolicy(w Wallet, o order) *cell.Cell {
	m := o.msgs[0]
	s := Spend{WalletID: o.walletID, ValidUntil: unix(o.validUntil), Seqno: o.seqno, Account: w.Address.Hash, To: m.To.Hash, Amount: m.Value}
	if m.inRef {
		s.Body = m.body
	}
	return s.Cell()
}

// checkPolicy refuses what a spend has no words for.
func (o *order) checkPolicy() error {
	if len(o.msgs) == 0 {
		return refuse(CodeNoMessage, "payload sends no message")
	}
	m := &o.msgs[0]
	switch {
	case m.Mode != sendMode:
		return checkMode(m.Mode)
	case m.init != nil:
		return refuse(CodeStateInit, "a policy wallet deploys nothing")
	case m.To.Workchain != 0:
		return refuse(CodeAddress, "a policy wallet sends to workchain 0 only")
	case !m.Bounce:
		return refuse(CodeBounce, "a policy wallet's messages bounce: write the destination in its bounceable form")
	}
	m.inRef = m.body.BitsSize() > 0 || m.body.RefsNum() > 0
	return nil
}

// readPolicyData reads the head of an account's data, and keeps a digest of all that no spend may change:
//
//	config:^[wallet_id:uint32 spender:bits256 …] rules:(HashmapE 256 ^Rule) flags:uint8 seqno:uint32 window:Window
//	owner:MsgAddressInt guardian:MsgAddress
func readPolicyData(data *cell.Cell) (d walletData, seqno uint32, err error) {
	r := read(data)
	config := r.ref()
	r.maybeRef()
	flags, seqno := r.uint(8), uint32(r.uint(32))
	r.skip(32 + 5*(64+16))
	people := r.rest()
	head := read(config)
	d.walletID, d.publicKey = uint32(head.uint(32)), head.bits256()
	if r.err != nil || head.err != nil {
		return walletData{}, 0, errWalletData
	}
	d.terms = [32]byte(cell.BeginCell().MustStoreRef(config).MustStoreUInt(flags, 8).MustStoreRef(people).EndCell().HashKey())
	return d, seqno, nil
}

// The orders of a policy wallet's owner and guardian, by the operation of their body.
const (
	OrderSetPolicy  = 0x706f6c31
	OrderSetSpender = 0x706f6c32
	OrderFreeze     = 0x706f6c33
	OrderUnfreeze   = 0x706f6c34
	OrderOwnerSend  = 0x706f6c35
)

// orderOf returns the order that the contract carried out for a message, 0 if it was none: what others order fails, and
// the body of what bounces begins otherwise.
func orderOf(in *tlb.Message, committed bool) uint32 {
	if !committed || in.MsgType != tlb.MsgTypeInternal {
		return 0
	}
	r := read(in.Msg.Payload())
	if op := uint32(r.uint(32)); r.err == nil && op >= OrderSetPolicy && op <= OrderOwnerSend {
		return op
	}
	return 0
}
