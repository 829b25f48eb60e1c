package ton

import (
	"testing"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// carrying writes a payload of w around one message, whatever is in it; batch says how HighloadV3 sends it.
func carrying(w Wallet, m *cell.Cell, batch bool) *cell.Cell {
	switch w.Version {
	case V3R2, V4R2:
		b := cell.BeginCell().MustStoreUInt(uint64(w.ID), 32).MustStoreUInt(uint64(until.Unix()), 32).MustStoreUInt(7, 32)
		if w.Version == V4R2 {
			b.MustStoreUInt(0, 8)
		}
		return b.MustStoreUInt(3, 8).MustStoreRef(m).EndCell()
	case V5R1:
		p := validRaw(w, validMsg())
		p.list = rawAction(tagSendMsg, 3, emptyCell(), m)
		return p.cell()
	}
	q := validQuery(w)
	q.msg = m
	if batch {
		q.msg = carrierOf(w, transferBody(opInternalSend, 7, rawAction(tagSendMsg, 3, emptyCell(), m))).cell()
	}
	return q.cell()
}

// bomb is 500 cells with 4^500 paths.
func bomb() *cell.Cell {
	c := emptyCell()
	for range 500 {
		c = cell.BeginCell().MustStoreRef(c).MustStoreRef(c).MustStoreRef(c).MustStoreRef(c).EndCell()
	}
	return c
}

// TestBadMessagesOfEveryVersion sends each thing that is always refused through each wallet's way of sending.
func TestBadMessagesOfEveryVersion(t *testing.T) {
	msg := func(change func(*rawMsg)) *cell.Cell {
		m := validMsg()
		change(&m)
		return m.cell()
	}
	body := func(c *cell.Cell) *cell.Cell { return msg(func(m *rawMsg) { m.body, m.inRef = c, true }) }
	for name, c := range map[string]struct {
		msg  *cell.Cell
		code Code
	}{
		"external":             {msg(func(m *rawMsg) { m.external = true }), CodeOperationUnknown},
		"bounced":              {msg(func(m *rawMsg) { m.bounced = true }), CodeMessageHeader},
		"source":               {msg(func(m *rawMsg) { m.src = stdAddress(0, bob.Hash) }), CodeMessageHeader},
		"destination none":     {msg(func(m *rawMsg) { m.dest = nobody }), CodeAddress},
		"destination external": {msg(func(m *rawMsg) { m.dest = putBits(0b01_000000000, 11) }), CodeAddress},
		"destination variable": {msg(func(m *rawMsg) { m.dest = variable }), CodeAddress},
		"destination anycast":  {msg(func(m *rawMsg) { m.dest = anycast }), CodeAddress},
		"workchain 1":          {msg(func(m *rawMsg) { m.dest = stdAddress(1, bob.Hash) }), CodeAddress},
		"extra currencies":     {msg(func(m *rawMsg) { m.currencies = emptyCell() }), CodeExtraCurrency},
		"extra_flags":          {msg(func(m *rawMsg) { m.fees = putBits(0x1_01_0, 16) }), CodeMessageHeader},
		"fwd_fee":              {msg(func(m *rawMsg) { m.fees = putBits(0x0_1_01, 16) }), CodeMessageHeader},
		"created_lt":           {msg(func(m *rawMsg) { m.lt = 1 }), CodeMessageHeader},
		"created_at":           {msg(func(m *rawMsg) { m.at = 1 }), CodeMessageHeader},
		"ihr enabled":          {msg(func(m *rawMsg) { m.ihr = true }), CodeNotCanonical},
		"amount not minimal":   {msg(func(m *rawMsg) { m.value = putBits(0x2_00_01, 20) }), CodeNotCanonical},
		"bits behind":          {msg(func(m *rawMsg) { m.inRef, m.tail = true, putBits(0, 1) }), CodeNotCanonical},
		"reference behind":     {msg(func(m *rawMsg) { m.inRef, m.tail = true, storeRef }), CodeNotCanonical},
		"StateInit of another": {msg(func(m *rawMsg) {
			m.init = func(b *cell.Builder) { putBits(0b11, 2)(b); b.MustStoreRef(walletOfKey(V4R2).StateInit()) }
		}), CodeStateInit},
		"StateInit inline, none": {msg(func(m *rawMsg) { m.init = putBits(0b10_00000, 7) }), CodeStateInit},
		"StateInit, library":     {msg(func(m *rawMsg) { m.init = func(b *cell.Builder) { putBits(0b11, 2)(b); b.MustStoreRef(library(t)) } }), CodeExoticCell},
		"library":                {library(t), CodeExoticCell},
		"library as body":        {body(library(t)), CodeExoticCell},
		"paths":                  {body(bomb()), CodeTooLarge},
		"too many cells":         {body(row(maxMessageCells)), CodeTooLarge},
		"header cut":             {cutHeader(), CodeUndecodable},
		"body cut":               {cutBody(), CodeUndecodable},
		"comment not UTF-8":      {body(commentBody("a\xff")), CodeComment},
		"jetton body cut":        {body(put(putBits(opJettonTransfer, 32), query)), CodeBody},
		"jetton body, surplus":   {body(jettonBody(5, 1, bob, own, yes, putRef(emptyCell()), no)), CodeNotCanonical},
		"send_raw_message":       {body(put(putBits(0x7702, 32), query)), CodeOperationUnknown},
	} {
		for _, v := range ownVersions {
			for _, batch := range []bool{false, true} {
				w := walletOf(t, v)
				_, err := Decode(w, carrying(w, c.msg, batch).ToBOC())
				if wantCode(t, err, c.code); t.Failed() {
					t.Fatalf("%s: %s, batch %t", name, v, batch)
				}
			}
		}
	}
	for _, v := range ownVersions {
		for _, batch := range []bool{false, true} {
			if _, err := Decode(walletOf(t, v), carrying(walletOf(t, v), validMsg().cell(), batch).ToBOC()); err != nil {
				t.Errorf("%s: the message that every row changes is not valid: %v", v, err)
			}
		}
	}
}

// shifted returns a cell's bits moved by one place, with its references.
func shifted(c *cell.Cell, at uint) *cell.Cell {
	s := c.MustBeginParse()
	head := s.MustLoadSlice(at)
	n := s.BitsLeft()
	b := cell.BeginCell().MustStoreSlice(head, at).MustStoreUInt(0, 1)
	if n > 0 {
		b.MustStoreSlice(s.MustLoadSlice(n-1), n-1)
	}
	for range c.RefsNum() {
		b.MustStoreRef(s.MustLoadRef().MustToCell())
	}
	return b.EndCell()
}

// Fields moved by a bit, at every place: refused, or another hash with another meaning.
func TestShiftedFields(t *testing.T) {
	for _, v := range ownVersions {
		w := walletOf(t, v)
		for _, body := range []*cell.Cell{commentBody("rent"), operations()["jetton transfer"].body, operations()["DeDust native"].body} {
			m := validMsg()
			m.bounce, m.inRef, m.body = true, true, body
			good, err := Decode(w, carrying(w, m.cell(), false).ToBOC())
			if err != nil {
				t.Fatal(err)
			}
			for at := range body.BitsSize() {
				x := m
				if x.body = shifted(body, at); x.body.HashKey() == body.HashKey() {
					continue // zeros
				}
				checkOther(t, w, good, carrying(w, x.cell(), false))
			}
			whole := carrying(w, m.cell(), false)
			for at := range whole.BitsSize() {
				if c := shifted(whole, at); c.HashKey() != whole.HashKey() {
					checkOther(t, w, good, c)
				}
			}
		}
	}
}

func checkOther(t *testing.T, w Wallet, good Transaction, payload *cell.Cell) {
	t.Helper()
	got, err := Decode(w, payload.ToBOC())
	if err != nil {
		return
	}
	a, b := got.Messages[0], good.Messages[0]
	same := a.Op == b.Op && a.Detail == b.Detail && a.Comment == b.Comment && a.To == b.To && a.Value == b.Value && a.Opcode == b.Opcode
	if got.SigningHash == good.SigningHash || same && got.Seqno == good.Seqno && got.QueryID == good.QueryID && got.ValidUntil.Equal(good.ValidUntil) {
		t.Errorf("%s: another payload with the same meaning: %+v", w.Version, got)
	}
}
