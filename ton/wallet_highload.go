package ton

import (
	"time"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/ton/wallet"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// codeHashHighloadV3 is the representation hash of the code of highload wallet V3
// (github.com/ton-blockchain/highload-wallet-contract-v3, build/HighloadWalletV3.compiled.json).
const codeHashHighloadV3 = "11acad7955844090f283bf238bc1449871f783e7cc0979408d3f4859483e8525"

const (
	subwalletHighload = 0x10ad // recommended by the contract's README
	highloadTimeout   = 3600   // seconds; the README's, and part of the address
	maxHighload       = 254    // the action list has 255 places, and the contract adds set_code as the last
	maxQueryBit       = 1022   // bits of a cell: 1,023, so number 1,023 can never be stored
	opInternalSend    = 0xae42e5a4
)

// HighloadTimeout is how long an own HighloadV3 wallet takes a payload after its created_at. It remembers a query id for
// one to two of it.
const HighloadTimeout = highloadTimeout * time.Second

// highloadCarrier is what a batch brings along to its own account, in nanotons. Its second transaction uses 1,756 units
// of gas whatever the number of messages, which is below 2,000,000; fees may rise. What is left stays in the account.
const highloadCarrier = 50_000_000

// layoutHighload sends one message, or one to itself that brings up to 254:
//
//	signature:bits512 ^[subwallet_id:uint32 ^MessageRelaxed mode:uint8 query_id:(shift:13 bit:10) created_at:uint64 timeout:uint22]
//	internal_transfer#ae42e5a4 query_id:uint64 actions:^OutList
//
// There is no seqno: a query id runs once within created_at and created_at + timeout, whatever else runs before it.
var layoutHighload = layout{
	code: codeOf(HighloadV3, codeHashHighloadV3, wallet.ConfigHighloadV3{}), maxMessages: maxHighload,
	ids: plainIDs(subwalletHighload), data: dataHighload,
	head: headHighload, read: readHighload, encode: encodeHighload, join: joinAround, split: splitAround,
}

// headHighload reads all of an order but what it sends.
func headHighload(r *reader) (o order) {
	o, _, _ = readQuery(r)
	return o
}

func readQuery(r *reader) (o order, m *cell.Cell, mode uint8) {
	o.walletID = uint32(r.uint(32))
	m, mode = r.ref(), uint8(r.uint(8))
	o.seqno = uint32(r.uint(23))
	created, timeout := r.uint(64), r.uint(22)
	if r.err == nil && (created > 1<<32-1-highloadTimeout || timeout != highloadTimeout) {
		r.err = refuse(CodeWallet, "payload was created at %d for a timeout of %d s, this wallet's is %d s", created, timeout, highloadTimeout)
	}
	o.validUntil = uint32(created + timeout)
	return o, m, mode
}

func readHighload(w Wallet, root *cell.Cell) (order, error) {
	r := read(root)
	o, m, mode := readQuery(r)
	switch {
	case r.err != nil:
		return o, r.refusal("payload")
	case o.walletID != w.ID:
		return o, refuse(CodeWalletID, "payload is for wallet id %08x, this wallet is %08x", o.walletID, w.ID)
	case o.seqno&1023 > maxQueryBit:
		return o, refuse(CodeNotCanonical, "query id has bit %d, at most %d can be stored", o.seqno&1023, maxQueryBit)
	}
	carrier, err := readEnvelope(m, mode)
	if err != nil {
		return o, err
	}
	if w.carries(carrier) {
		return o, o.readBatch(w, carrier)
	}
	return o, o.readSingle(m, mode)
}

func (o *order) readSingle(c *cell.Cell, mode uint8) error {
	m, err := readOutMsg(c, mode)
	if err != nil {
		return err
	}
	if m.init != nil {
		return refuse(CodeStateInit, "the contract sends a StateInit only in a batch")
	}
	o.msgs = []outMsg{m}
	return nil
}

// carries reports whether m is a message to w itself that w runs a list of actions for.
func (w Wallet) carries(m outMsg) bool {
	r := read(m.body)
	return m.To == w.Address && uint32(r.uint(32)) == opInternalSend && r.err == nil
}

// readBatch reads the list that a carrier brings. A carrier within it would bring a list that nobody read.
func (o *order) readBatch(w Wallet, carrier outMsg) (err error) {
	r := read(carrier.body)
	r.uint(32)
	query, list := r.uint(64), r.ref()
	if !r.done() || query != uint64(o.seqno) || carrier.init != nil {
		return refuse(CodeNotCanonical, "the message that brings the batch is not exactly an internal_transfer of this query id")
	}
	if o.msgs, err = readOutList(list, maxHighload); err != nil {
		return err
	}
	for _, m := range o.msgs {
		if w.carries(m) {
			return refuse(CodeOperationUnknown, "a batch within a batch")
		}
	}
	o.carrier = &carrier
	return nil
}

// batchOf returns the query id of the batch that a message from w to itself brings, and whether it brings one. The contract
// runs nobody else's.
func (w Wallet) batchOf(m *tlb.InternalMessage) (query uint32, brings bool) {
	from, err := fromTonutils(m.SrcAddr)
	to, err2 := fromTonutils(m.DstAddr)
	if w.Version != HighloadV3 || err != nil || err2 != nil || from != w.Address || to != w.Address || m.Bounced {
		return 0, false
	}
	r := read(m.Body)
	op, id := uint32(r.uint(32)), r.uint(64)
	return uint32(id), r.err == nil && op == opInternalSend
}

// readBatch finds out whether a transaction ran a batch that the wallet had sent itself.
func (e *Executed) readBatch(w Wallet, in *tlb.Message) {
	if in.MsgType != tlb.MsgTypeInternal {
		return
	}
	if query, brings := w.batchOf(in.AsInternal()); brings {
		e.QueryID, e.Batch = query, true
	}
}

func encodeHighload(w Wallet, o order) *cell.Cell {
	var sent outMsg
	if o.carrier == nil {
		sent = o.msgs[0]
	} else {
		sent = *o.carrier
		sent.body = batchBody(o.seqno, o.msgs)
	}
	return cell.BeginCell().
		MustStoreUInt(uint64(w.ID), 32).
		MustStoreRef(sent.encode()).
		MustStoreUInt(uint64(sent.Mode), 8).
		MustStoreUInt(uint64(o.seqno), 23).
		MustStoreUInt(uint64(o.validUntil)-highloadTimeout, 64).
		MustStoreUInt(highloadTimeout, 22).
		EndCell()
}

func batchBody(query uint32, msgs []outMsg) *cell.Cell {
	return cell.BeginCell().MustStoreUInt(opInternalSend, 32).MustStoreUInt(uint64(query), 64).MustStoreRef(outList(msgs)).EndCell()
}

// dataHighload is the data before the first query:
//
//	public_key:bits256 subwallet_id:uint32 old_queries:(HashmapE 13 ^Cell) queries:(HashmapE 13 ^Cell)
//	last_clean_time:uint64 timeout:uint22
func dataHighload(id, _ uint32, pub [32]byte) *cell.Cell {
	return cell.BeginCell().
		MustStoreSlice(pub[:], 256).
		MustStoreUInt(uint64(id), 32).
		MustStoreUInt(0, 1+1+64).
		MustStoreUInt(highloadTimeout, 22).
		EndCell()
}
