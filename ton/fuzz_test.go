package ton

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// plain writes a bag of cells without a checksum, which would stop the fuzzer at the door.
func plain(c *cell.Cell) []byte { return c.ToBOCWithOptions(cell.BOCSerializeOptions{}) }

// checkDecoded holds for every payload that anyone can make up: it is refused with a code, or it is exactly the
// encoding of what Decode says.
func checkDecoded(t *testing.T, w Wallet, payload []byte) {
	t.Helper()
	tx, err := Decode(w, payload)
	if err != nil {
		var r *Refusal
		if !errors.As(err, &r) || r.Code == "" || r.Reason == "" || !reflect.DeepEqual(tx, Transaction{}) {
			t.Fatalf("refused with %#v and %+v", err, tx)
		}
		return
	}
	if tx.SigningHash != [32]byte(mustCell(t, payload).HashKey()) || tx.WalletID != w.ID || tx.Wallet != w.Address ||
		tx.Kind != External || len(tx.Messages) == 0 || len(tx.Messages) > mostOf[w.Version] {
		t.Fatalf("decoded to %+v", tx)
	}
	var transfers []Transfer
	for _, m := range tx.Messages {
		checkMessage(t, m)
		if m.Op != OpTransfer {
			return // Transfer can't say it again
		}
		transfers = append(transfers, Transfer{To: m.To, Value: m.Value, Bounce: m.Bounce, Comment: m.Comment})
	}
	checkRebuilt(t, w, tx, transfers)
}

// checkMessage holds for every message that was decoded, of whatever operation.
func checkMessage(t *testing.T, m Message) {
	t.Helper()
	plain := m.Opcode == 0 && m.Detail == nil && m.Init == [32]byte{}
	if m.Op == OpUnknown || m.Mode != 3 || !utf8.ValidString(m.Comment) || len(m.Comment) > maxCommentBytes ||
		plain != (m.Op == OpTransfer) || (m.Init != [32]byte{}) != (m.Op == OpDeploy) || m.Opcode != 0 && m.Comment != "" ||
		m.Init != [32]byte{} && m.Init != m.To.Hash {
		t.Fatalf("decoded to %+v", m)
	}
	if m.Detail == nil && m.Opcode != 0 && m.Op != OpContractCall && m.Op != OpDeploy {
		t.Fatalf("%s without its fields: %+v", m.Op, m)
	}
}

// checkRebuilt builds what was decoded and decodes it again. Where a snake is cut, and the message that brings a batch,
// is the builder's choice; all else is the same.
func checkRebuilt(t *testing.T, w Wallet, tx Transaction, transfers []Transfer) {
	t.Helper()
	if w.Version == HighloadV3 && (tx.Carrier != Message{}) != (len(transfers) > 1) {
		return // a batch of one
	}
	rebuilt, err := Build(w, tx.Seqno+tx.QueryID, tx.ValidUntil, transfers)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Decode(w, rebuilt)
	if err != nil {
		t.Fatal(err)
	}
	for i := range tx.Messages {
		again.Messages[i].Body = tx.Messages[i].Body
	}
	again.SigningHash, again.Carrier = tx.SigningHash, tx.Carrier
	if !reflect.DeepEqual(again, tx) {
		t.Fatalf("decoded to %+v, built again %+v", tx, again)
	}
}

func FuzzDecode(f *testing.F) {
	for _, v := range ownVersions {
		w := walletOf(f, v)
		for _, transfers := range [][]Transfer{
			{{To: bob, Value: ton1}},
			{{To: bob, Value: MaxNano, Comment: strings.Repeat("é", 500), Bounce: true}},
			{{To: bob, Value: NanoOf(0), Comment: "a"}, {To: w.Address, Value: NanoOf(1)}, {To: bob, Value: ton1}},
		} {
			f.Add(plain(mustCell(f, mustBuild(f, w, 7, transfers...))))
		}
		for _, o := range operations() {
			if payload, err := withBody(f, w, o.body); err == nil {
				f.Add(plain(mustCell(f, payload)))
			}
		}
	}
	f.Add(plain(library(f)))
	p := validRaw(testWallet(f), validMsg())
	p.extended = putBits(2, 8)
	f.Add(plain(p.cell()))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, v := range ownVersions {
			checkDecoded(t, walletOf(t, v), b)
		}
	})
}

// FuzzDecodeCells fills the cells of a payload's tree with any bits, so that every byte that is tried reaches the
// layout. cut says how many bits each cell lacks of its last byte.
func FuzzDecodeCells(f *testing.F) {
	w := testWallet(f)
	data := func(c *cell.Cell) (b []byte, cut uint64) {
		s := c.MustBeginParse()
		n := s.BitsLeft()
		return s.MustLoadSlice(n), uint64(-n & 7)
	}
	m := validMsg()
	m.inRef, m.body = true, commentBody(strings.Repeat("x", 200))
	root := validRaw(w, m).cell()
	action := root.MustPeekRef(0)
	msg := action.MustPeekRef(1)
	body := msg.MustPeekRef(0)
	var parts [5][]byte
	var cuts uint64
	for i, c := range []*cell.Cell{root, action, msg, body, body.MustPeekRef(0)} {
		var cut uint64
		parts[i], cut = data(c)
		cuts |= cut << (4 * i)
	}
	f.Add(parts[0], parts[1], parts[2], parts[3], parts[4], cuts)
	f.Fuzz(func(t *testing.T, root, action, msg, body, tail []byte, cuts uint64) {
		store := func(i int, b []byte) *cell.Builder {
			b = b[:min(len(b), 127)]
			n := uint(len(b)) * 8
			return cell.BeginCell().MustStoreSlice(b, n-min(n, uint(cuts>>(4*i)&7)))
		}
		c := store(3, body).MustStoreRef(store(4, tail).EndCell()).EndCell()
		c = store(2, msg).MustStoreRef(c).EndCell()
		c = store(1, action).MustStoreRef(emptyCell()).MustStoreRef(c).EndCell()
		checkDecoded(t, testWallet(t), store(0, root).MustStoreRef(c).EndCell().ToBOC())
	})
}

// FuzzBody fills the cells of a body with any bits: it is refused, or one of the known operations, and CheckOperations
// says something about it.
func FuzzBody(f *testing.F) {
	data := func(c *cell.Cell) []byte {
		s := c.MustBeginParse()
		return s.MustLoadSlice(s.BitsLeft())
	}
	for _, o := range operations() {
		var child []byte
		if o.body.RefsNum() > 0 {
			child = data(o.body.MustPeekRef(0))
		}
		f.Add(data(o.body), child, uint8(-o.body.BitsSize()&7), uint8(o.body.RefsNum()))
	}
	f.Fuzz(func(t *testing.T, body, child []byte, cut, refs uint8) {
		body = body[:min(len(body), 127)]
		n := uint(len(body)) * 8
		b := cell.BeginCell().MustStoreSlice(body, n-min(n, uint(cut&7)))
		child = child[:min(len(child), 127)]
		inner := cell.BeginCell().MustStoreSlice(child, uint(len(child))*8).MustStoreRef(emptyCell()).EndCell()
		for range refs & 3 {
			b.MustStoreRef(inner)
		}
		got, err := readBody(b.EndCell())
		if err != nil {
			return
		}
		m := Message{Op: got.op, Opcode: got.opcode, Comment: got.comment, Detail: got.detail, Mode: 3, To: pool, Value: ton1}
		checkMessage(t, m)
		if err := m.check(own, until); err == nil && m.Opcode != 0 {
			t.Fatalf("an operation without bounce passed: %+v", m)
		}
	})
}

func FuzzReadExecuted(f *testing.F) {
	e := devEmulator(f)
	for _, v := range ownVersions {
		w := walletOf(f, v)
		payload := mustBuild(f, w, 7, Transfer{To: bob, Value: ton1, Comment: "rent"})
		for _, x := range []struct {
			acc Account
			msg *cell.Cell
		}{
			{activeOf(f, w, NanoOf(5e9), 7), mustCell(f, mustAssemble(f, w, payload, false))},
			{activeOf(f, w, NanoOf(5e9), 7), internal(f, w.Address, 1e9, signed(mustCell(f, payload), testKey))},
			{mustAccount(f, w.Address, nil), internal(f, w.Address, 1e9, emptyCell())},
		} {
			res, err := apply(f, e, x.acc, x.msg)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(plain(res.TransactionCell))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := cell.FromBOC(b)
		if err != nil {
			return
		}
		for _, v := range ownVersions {
			got, err := ReadExecuted(walletOf(t, v), c)
			if err == nil && (got.Consumed && got.Payload == [32]byte{} || got.QueryID != 0 && v != HighloadV3 || got.Seqno != 0 && v == HighloadV3) {
				t.Fatalf("%s: %+v", v, got)
			}
		}
	})
}

func FuzzNewAccount(f *testing.F) {
	last := []byte("0123456789abcdef0123456789abcdef")
	for _, v := range ownVersions {
		w := walletOf(f, v)
		for _, acc := range []Account{activeOf(f, w, ton1, 7), uninit(f, w.Address, ton1), mustAccount(f, w.Address, nil)} {
			f.Add(plain(acc.shard.Account), last, uint32(7))
		}
	}
	w, e := walletOf(f, HighloadV3), devEmulator(f)
	res, err := apply(f, e, activeOf(f, w, NanoOf(5e9), 0), mustCell(f, mustAssemble(f, w, mustBuild(f, w, 7, Transfer{To: bob, Value: ton1}), false)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain(res.NextAccount.ShardAccount().Account), last, uint32(7))
	f.Fuzz(func(t *testing.T, b, lastHash []byte, query uint32) {
		c, err := cell.FromBOC(b)
		if err != nil {
			return
		}
		for _, v := range ownVersions {
			w := walletOf(t, v)
			acc, err := NewAccount(w.Address, &tlb.ShardAccount{Account: c, LastTransHash: lastHash, LastTransLT: 9}, 1, testNow, true)
			if err == nil && acc.Status == StatusActive && acc.CheckOwn(w) == nil && acc.CodeHash != [32]byte(layoutOf(v).code.HashKey()) {
				t.Fatalf("taken for the own wallet: %+v", acc)
			}
			acc.QueryUsed(query&(1<<23-1), testNow)
		}
	})
}

func FuzzExternalHash(f *testing.F) {
	w := testWallet(f)
	payload := mustBuild(f, w, 0, Transfer{To: bob, Value: ton1})
	f.Add(plain(mustCell(f, mustAssemble(f, w, payload, true))))
	f.Add(plain(mustCell(f, mustAssemble(f, w, payload, false))))
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := ExternalHash(b); err == nil && h == [32]byte{} {
			t.Fatal("no hash and no error")
		}
	})
}

func FuzzParseAddress(f *testing.F) {
	for s := range tep2Form {
		f.Add(s, true)
	}
	f.Add(tep2.String(), false)
	f.Fuzz(func(t *testing.T, s string, testnet bool) {
		a, form, err := ParseAddress(s, testnet)
		if err != nil {
			return
		}
		back := map[Form]string{FormRaw: a.String(), FormBounceable: a.Friendly(true, false), FormNonBounceable: a.Friendly(false, false)}[form]
		if again, _, err := ParseAddress(back, testnet); err != nil || again != a {
			t.Fatalf("%q is %s, which is %s, %v", s, a, again, err)
		}
		if form != FormRaw && len(s) != 48 || form == FormRaw && !strings.EqualFold(s, back) {
			t.Fatalf("%q was read as %s", s, back)
		}
	})
}
