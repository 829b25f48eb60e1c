package ton

import (
	"testing"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// rawPayload writes payloads that Build never would. Its zero value is not valid; validRaw is.
type rawPayload struct {
	op, id, until, seqno uint64
	list                 *cell.Cell // nil: none
	listMissing          bool       // the bit says there is one
	extended             func(*cell.Builder)
	tail                 func(*cell.Builder)
}

func (p rawPayload) cell() *cell.Cell {
	b := cell.BeginCell().MustStoreUInt(p.op, 32).MustStoreUInt(p.id, 32).MustStoreUInt(p.until, 32).MustStoreUInt(p.seqno, 32).
		MustStoreBoolBit(p.list != nil || p.listMissing).MustStoreBoolBit(p.extended != nil)
	if p.list != nil {
		b.MustStoreRef(p.list)
	}
	for _, more := range []func(*cell.Builder){p.extended, p.tail} {
		if more != nil {
			more(b)
		}
	}
	return b.EndCell()
}

// rawMsg is an internal message with every field of block.tlb open.
type rawMsg struct {
	external, ihr, bounce, bounced bool
	src, dest, value, fees         func(*cell.Builder) // fees: extra_flags and fwd_fee
	currencies                     *cell.Cell
	lt, at                         uint64
	init                           func(*cell.Builder)
	inRef                          bool
	body                           *cell.Cell
	tail                           func(*cell.Builder)
}

func (m rawMsg) cell() *cell.Cell {
	b := cell.BeginCell().MustStoreBoolBit(m.external).MustStoreBoolBit(!m.ihr).MustStoreBoolBit(m.bounce).MustStoreBoolBit(m.bounced)
	m.src(b)
	m.dest(b)
	m.value(b)
	b.MustStoreMaybeRef(m.currencies)
	m.fees(b)
	b.MustStoreUInt(m.lt, 64).MustStoreUInt(m.at, 32)
	m.init(b)
	if b.MustStoreBoolBit(m.inRef); m.inRef {
		b.MustStoreRef(m.body)
	} else {
		b.MustStoreBuilder(m.body.ToBuilder())
	}
	if m.tail != nil {
		m.tail(b)
	}
	return b.EndCell()
}

// putBits returns what stores v in n bits.
func putBits(v uint64, n uint) func(*cell.Builder) {
	return func(b *cell.Builder) { b.MustStoreUInt(v, n) }
}

func stdAddress(wc int64, hash [32]byte) func(*cell.Builder) {
	return func(b *cell.Builder) { b.MustStoreUInt(0b100, 3).MustStoreInt(wc, 8).MustStoreSlice(hash[:], 256) }
}

func validMsg() rawMsg {
	return rawMsg{
		src: putBits(0, 2), dest: stdAddress(0, bob.Hash), fees: putBits(0, 8), init: putBits(0, 1), body: commentBody("rent"),
		value: func(b *cell.Builder) { b.MustStoreCoins(1_500_000_000) },
	}
}

func rawAction(tag, mode uint64, prev, msg *cell.Cell) *cell.Cell {
	return cell.BeginCell().MustStoreRef(prev).MustStoreUInt(tag, 32).MustStoreUInt(mode, 8).MustStoreRef(msg).EndCell()
}

func emptyCell() *cell.Cell { return cell.BeginCell().EndCell() }

// validRaw is a payload of w that sends one message.
func validRaw(w Wallet, m rawMsg) rawPayload {
	return rawPayload{
		op: opExternalSigned, id: uint64(w.ID), until: uint64(until.Unix()), seqno: 7,
		list: rawAction(tagSendMsg, 3, emptyCell(), m.cell()),
	}
}

func TestRawPayloadOfTheTestsIsValid(t *testing.T) {
	w := testWallet(t)
	got := validRaw(w, validMsg()).cell()
	want := mustCell(t, mustBuild(t, w, 7, Transfer{To: bob, Value: NanoOf(15e8), Comment: "rent"}))
	if got.HashKey() != want.HashKey() {
		t.Errorf("got\n%s\nwant\n%s", got.Dump(), want.Dump())
	}
}

// What an encoder is free to choose doesn't change the meaning.
func TestBodyInARefIsTheSameTransfer(t *testing.T) {
	w, m := testWallet(t), validMsg()
	inline, err := Decode(w, validRaw(w, m).cell().ToBOC())
	if err != nil {
		t.Fatal(err)
	}
	m.inRef = true
	ref, err := Decode(w, validRaw(w, m).cell().ToBOC())
	if err != nil {
		t.Fatal(err)
	}
	if inline.Messages[0] != ref.Messages[0] {
		t.Errorf("inline %+v, in a reference %+v", inline.Messages[0], ref.Messages[0])
	}
	if inline.SigningHash == ref.SigningHash {
		t.Error("two cells have one hash")
	}
}

func cellOf(v uint64) *cell.Cell { return cell.BeginCell().MustStoreUInt(v, 64).EndCell() }
