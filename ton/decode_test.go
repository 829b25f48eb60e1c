package ton

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// library is an exotic cell that stands for code kept elsewhere.
func library(t testing.TB) *cell.Cell {
	t.Helper()
	c, err := cell.BeginCell().MustStoreUInt(2, 8).MustStoreSlice(make([]byte, 32), 256).EndCellSpecial(true)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestAlwaysRefused has a row for each thing no policy can allow. The reason must say what it was.
func TestAlwaysRefused(t *testing.T) {
	w := testWallet(t)
	msg := func(change func(*rawMsg)) func(*rawPayload) {
		return func(p *rawPayload) {
			m := validMsg()
			change(&m)
			p.list = rawAction(tagSendMsg, 3, emptyCell(), m.cell())
		}
	}
	body := func(c *cell.Cell) func(*rawPayload) {
		return msg(func(m *rawMsg) { m.body, m.inRef = c, true })
	}
	mode := func(mode uint64) func(*rawPayload) {
		return func(p *rawPayload) { p.list = rawAction(tagSendMsg, mode, emptyCell(), validMsg().cell()) }
	}
	action := func(tag uint64) func(*rawPayload) {
		return func(p *rawPayload) { p.list = rawAction(tag, 3, emptyCell(), validMsg().cell()) }
	}
	extended := func(tag uint64) func(*rawPayload) {
		return func(p *rawPayload) { p.extended = putBits(tag, 8) }
	}
	op := func(op uint64) func(*rawPayload) {
		return body(cell.BeginCell().MustStoreUInt(op, 32).MustStoreUInt(1, 64).EndCell())
	}
	for name, c := range map[string]struct {
		change func(*rawPayload)
		code   Code
		says   string
	}{
		"internal_signed":         {func(p *rawPayload) { p.op = opInternalSigned }, CodeOperationUnknown, "internal_signed"},
		"extension operation":     {func(p *rawPayload) { p.op = opExtension }, CodeOperationUnknown, "extension"},
		"V4 layout":               {func(p *rawPayload) { p.op = 698983191 }, CodeOperationUnknown, "operation 29a9a317"},
		"wallet id of testnet":    {func(p *rawPayload) { p.id = 0x7ffffffd }, CodeWalletID, "7ffffffd"},
		"wallet id, subwallet 1":  {func(p *rawPayload) { p.id ^= 1 }, CodeWalletID, ""},
		"add extension":           {extended(2), CodeOperationUnknown, "add_extension"},
		"remove extension":        {extended(3), CodeOperationUnknown, "remove_extension"},
		"signature auth":          {extended(4), CodeOperationUnknown, "set_signature_allowed"},
		"unknown extended action": {extended(9), CodeOperationUnknown, "09"},
		"cut extended action":     {func(p *rawPayload) { p.extended = func(*cell.Builder) {} }, CodeOperationUnknown, "cut"},
		"action list missing":     {func(p *rawPayload) { p.list, p.listMissing = nil, true }, CodeUndecodable, "list"},
		"no action list":          {func(p *rawPayload) { p.list = nil }, CodeNoMessage, ""},
		"empty action list":       {func(p *rawPayload) { p.list = emptyCell() }, CodeNoMessage, ""},
		"set_code":                {action(0xad4de08e), CodeOperationUnknown, "set_code"},
		"reserve_currency":        {action(0x36e6b809), CodeOperationUnknown, "reserve_currency"},
		"change_library":          {action(0x26fa1dd4), CodeOperationUnknown, "change_library"},
		"unknown action":          {action(0x0ec3c86c), CodeOperationUnknown, "0ec3c86c"},
		"mode 0":                  {mode(0), CodeSendMode, "lacks 1 (pay fees separately), lacks 2"},
		"mode 1":                  {mode(1), CodeSendMode, "lacks 2"},
		"mode 2":                  {mode(2), CodeSendMode, "lacks 1"},
		"mode 19":                 {mode(19), CodeSendMode, "bounce on failure"},
		"mode 35":                 {mode(35), CodeSendMode, "destroy"},
		"mode 67":                 {mode(67), CodeSendMode, "incoming"},
		"mode 131":                {mode(131), CodeSendMode, "all of the balance"},
		"mode 7":                  {mode(7), CodeSendMode, "undefined"},
		"external outbound":       {msg(func(m *rawMsg) { m.external = true }), CodeOperationUnknown, "external"},
		"bounced":                 {msg(func(m *rawMsg) { m.bounced = true }), CodeMessageHeader, "bounced"},
		"source":                  {msg(func(m *rawMsg) { m.src = stdAddress(0, w.Address.Hash) }), CodeMessageHeader, "from"},
		"destination none":        {msg(func(m *rawMsg) { m.dest = putBits(0, 2) }), CodeAddress, "standard"},
		"destination external":    {msg(func(m *rawMsg) { m.dest = putBits(0b01_000000000, 11) }), CodeAddress, "standard"},
		"destination variable":    {msg(func(m *rawMsg) { m.dest = variable }), CodeAddress, "standard"},
		"destination anycast":     {msg(func(m *rawMsg) { m.dest = anycast }), CodeAddress, "anycast"},
		"destination workchain 1": {msg(func(m *rawMsg) { m.dest = stdAddress(1, bob.Hash) }), CodeAddress, "workchain 1"},
		"extra currencies":        {msg(func(m *rawMsg) { m.currencies = emptyCell() }), CodeExtraCurrency, ""},
		"extra_flags":             {msg(func(m *rawMsg) { m.fees = putBits(0x1_01_0, 16) }), CodeMessageHeader, "extra_flags"},
		"fwd_fee":                 {msg(func(m *rawMsg) { m.fees = putBits(0x0_1_01, 16) }), CodeMessageHeader, "fees"},
		"created_lt":              {msg(func(m *rawMsg) { m.lt = 1 }), CodeMessageHeader, "creation"},
		"created_at":              {msg(func(m *rawMsg) { m.at = 1 }), CodeMessageHeader, "creation"},
		"StateInit inline":        {msg(func(m *rawMsg) { m.init = putBits(0b10_00000, 7) }), CodeStateInit, ""},
		"StateInit in a ref": {msg(func(m *rawMsg) {
			m.init = func(b *cell.Builder) { b.MustStoreUInt(0b11, 2).MustStoreRef(w.StateInit()) }
		}), CodeStateInit, ""},
		"ihr enabled":           {msg(func(m *rawMsg) { m.ihr = true }), CodeNotCanonical, ""},
		"amount not minimal":    {msg(func(m *rawMsg) { m.value = putBits(0x2_00_01, 20) }), CodeNotCanonical, ""},
		"zero of one byte":      {msg(func(m *rawMsg) { m.value = putBits(0x1_00, 12) }), CodeNotCanonical, ""},
		"fee not minimal":       {msg(func(m *rawMsg) { m.fees = putBits(0x0_1_00, 16) }), CodeNotCanonical, ""},
		"bits behind a message": {msg(func(m *rawMsg) { m.inRef, m.tail = true, putBits(0, 1) }), CodeNotCanonical, ""},
		"cell behind a message": {msg(func(m *rawMsg) { m.inRef, m.tail = true, storeRef }), CodeNotCanonical, ""},
		"bits behind a payload": {func(p *rawPayload) { p.tail = putBits(0, 1) }, CodeNotCanonical, ""},
		"cell behind a payload": {func(p *rawPayload) { p.tail = storeRef }, CodeNotCanonical, ""},
		"signature in payload":  {func(p *rawPayload) { p.tail = func(b *cell.Builder) { b.MustStoreSlice(make([]byte, 64), 512) } }, CodeNotCanonical, ""},
		"bits behind an action": {func(p *rawPayload) {
			p.list = cell.BeginCell().MustStoreBuilder(p.list.ToBuilder()).MustStoreUInt(0, 1).EndCell()
		}, CodeNotCanonical, ""},
		"cell behind an action": {func(p *rawPayload) {
			p.list = cell.BeginCell().MustStoreBuilder(p.list.ToBuilder()).MustStoreRef(emptyCell()).EndCell()
		}, CodeNotCanonical, ""},
		"jetton transfer, cut":   {op(0x0f8a7ea5), CodeBody, "jetton transfer"},
		"NFT transfer, cut":      {op(0x5fcc3d14), CodeBody, "NFT transfer"},
		"jetton burn, cut":       {op(0x595f07bc), CodeBody, "jetton burn"},
		"single nominator 7702":  {op(0x7702), CodeOperationUnknown, "send_raw_message"},
		"single nominator 9903":  {op(0x9903), CodeOperationUnknown, "upgrade"},
		"body of 31 bits":        {body(cell.BeginCell().MustStoreUInt(0, 31).EndCell()), CodeOperationUnknown, "shorter"},
		"body of a ref only":     {body(cell.BeginCell().MustStoreRef(emptyCell()).EndCell()), CodeOperationUnknown, "shorter"},
		"comment of half a byte": {body(cell.BeginCell().MustStoreUInt(0, 36).EndCell()), CodeComment, "broken"},
		"comment with two refs":  {body(commentBody("a").ToBuilder().MustStoreRef(commentBody("b")).MustStoreRef(emptyCell()).EndCell()), CodeComment, "more than one"},
		"comment, empty tail":    {body(commentBody("a").ToBuilder().MustStoreRef(emptyCell()).EndCell()), CodeComment, "empty"},
		"comment, broken tail":   {body(commentBody("a").ToBuilder().MustStoreRef(cell.BeginCell().MustStoreUInt(1, 7).EndCell()).EndCell()), CodeComment, "broken"},
		"comment not UTF-8":      {body(commentBody("a\xff")), CodeComment, "UTF-8"},
		"comment too long":       {body(commentBody(strings.Repeat("x", 1025))), CodeComment, "1024"},
		"library as message":     {func(p *rawPayload) { p.list = rawAction(tagSendMsg, 3, emptyCell(), library(t)) }, CodeExoticCell, ""},
		"library as body":        {body(library(t)), CodeExoticCell, ""},
		"library as list end":    {func(p *rawPayload) { p.list = rawAction(tagSendMsg, 3, library(t), validMsg().cell()) }, CodeExoticCell, ""},
		"library far behind":     {func(p *rawPayload) { p.tail = func(b *cell.Builder) { b.MustStoreRef(library(t)) } }, CodeExoticCell, ""},
		"message cut": {func(p *rawPayload) {
			p.list = rawAction(tagSendMsg, 3, emptyCell(), cell.BeginCell().MustStoreUInt(0b0110_00, 6).EndCell())
		}, CodeUndecodable, ""},
		"header cut":   {func(p *rawPayload) { p.list = rawAction(tagSendMsg, 3, emptyCell(), cutHeader()) }, CodeUndecodable, "header"},
		"body missing": {func(p *rawPayload) { p.list = rawAction(tagSendMsg, 3, emptyCell(), cutBody()) }, CodeUndecodable, "body"},
		"action cut": {func(p *rawPayload) {
			p.list = cell.BeginCell().MustStoreRef(emptyCell()).MustStoreUInt(tagSendMsg, 32).EndCell()
		}, CodeUndecodable, "list"},
	} {
		t.Run(name, func(t *testing.T) {
			p := validRaw(w, validMsg())
			c.change(&p)
			_, err := Decode(w, p.cell().ToBOC())
			if wantCode(t, err, c.code); err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v does not say %q", err, c.says)
			}
		})
	}
}

func storeRef(b *cell.Builder) { b.MustStoreRef(emptyCell()) }

// anycast is addr_std$10 anycast:(just$1 depth:5 prefix) workchain hash: tonutils prints it like the plain address.
func anycast(b *cell.Builder) {
	b.MustStoreUInt(0b101, 3).MustStoreUInt(1, 5).MustStoreUInt(1, 1).MustStoreInt(0, 8).MustStoreSlice(bob.Hash[:], 256)
}

// variable is addr_var$11 anycast:nothing$0 addr_len:9 workchain:32 address.
func variable(b *cell.Builder) {
	b.MustStoreUInt(0b110, 3).MustStoreUInt(256, 9).MustStoreInt(0, 32).MustStoreSlice(bob.Hash[:], 256)
}

func cutHeader() *cell.Cell {
	b := cell.BeginCell().MustStoreUInt(0b0110_00, 6)
	stdAddress(0, bob.Hash)(b)
	return b.MustStoreCoins(1).EndCell()
}

func cutBody() *cell.Cell {
	m := validMsg()
	m.body = emptyCell()
	s := m.cell().MustBeginParse()
	all := s.BitsLeft() - 1 // without the bit that says where the body is
	return cell.BeginCell().MustStoreSlice(s.MustLoadSlice(all), all).EndCell()
}

func TestMessagesAreInOrderOfExecution(t *testing.T) {
	w := testWallet(t)
	tx, err := Decode(w, mustBuild(t, w, 0, Transfer{To: bob, Value: NanoOf(1)}, Transfer{To: bob, Value: NanoOf(2)}))
	if err != nil || len(tx.Messages) != 2 || tx.Messages[0].Value != NanoOf(1) || tx.Messages[1].Value != NanoOf(2) {
		t.Errorf("got %+v, %v", tx.Messages, err)
	}
}

func TestOutflowOverflowIsAnError(t *testing.T) {
	w := testWallet(t)
	tx, err := Decode(w, mustBuild(t, w, 0, Transfer{To: bob, Value: MaxNano}, Transfer{To: bob, Value: NanoOf(1)}))
	if err != nil {
		t.Fatal(err)
	}
	if sum, err := tx.Outflow(); err == nil {
		t.Errorf("2^120 was summed up to %s", sum)
	}
}

func TestBytesThatAreNoPayload(t *testing.T) {
	w := testWallet(t)
	good := mustBuild(t, w, 0, Transfer{To: bob, Value: ton1})
	two := cell.ToBOCWithOptions([]*cell.Cell{mustCell(t, good), mustCell(t, mustBuild(t, w, 1, Transfer{To: bob, Value: ton1}))}, cell.BOCSerializeOptions{})
	for name, b := range map[string][]byte{
		"nothing":        nil,
		"text":           []byte("hello"),
		"cut":            good[:len(good)-1],
		"trailing byte":  append(append([]byte{}, good...), 0),
		"doubled":        append(append([]byte{}, good...), good...),
		"two roots":      two,
		"wrong checksum": append(append([]byte{}, good[:len(good)-1]...), good[len(good)-1]^1),
		"empty cell":     emptyCell().ToBOC(),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode(w, b)
			wantCode(t, err, CodeUndecodable)
		})
	}
}

// tree returns n distinct cells below one root, each holding its number and text, four to a cell or in a row.
func tree(n int, deep bool) *cell.Cell {
	cells := make([]*cell.Builder, n)
	fanout := 4
	if deep {
		fanout = 1
	}
	for i := n - 1; i >= 0; i-- {
		cells[i] = cell.BeginCell().MustStoreUInt(uint64(i), 16)
		for child := i*fanout + 1; child <= i*fanout+fanout && child < n; child++ {
			cells[i].MustStoreRef(cells[child].EndCell())
		}
	}
	return cells[0].EndCell()
}

// row is a comment of n cells with one character each.
func row(n int) *cell.Cell {
	text := func() *cell.Builder { return cell.BeginCell().MustStoreUInt('x', 8) }
	c := text()
	for range n - 2 {
		c = text().MustStoreRef(c.EndCell())
	}
	return cell.BeginCell().MustStoreUInt(0, 32).MustStoreRef(c.EndCell()).EndCell()
}

func TestCapsHoldAtTheirEdge(t *testing.T) {
	w := testWallet(t)
	withBody := func(c *cell.Cell) error {
		m := validMsg()
		m.body, m.inRef = c, true
		_, err := Decode(w, validRaw(w, m).cell().ToBOC())
		return err
	}
	withTail := func(c *cell.Cell) error {
		p := validRaw(w, validMsg())
		p.tail = func(b *cell.Builder) { b.MustStoreRef(c) }
		_, err := Decode(w, p.cell().ToBOC())
		return err
	}
	// Decode reads a tail that is within the caps, and then finds that it doesn't belong there.
	wantCode(t, withTail(tree(maxPayloadDepth, true)), CodeNotCanonical)
	wantCode(t, withTail(tree(maxPayloadDepth+1, true)), CodeTooLarge)
	wantCode(t, withTail(tree(maxPayloadCells-4, false)), CodeNotCanonical) // and root, action, list end, message
	wantCode(t, withTail(tree(maxPayloadCells-3, false)), CodeUndecodable)
	if err := withBody(row(maxMessageCells - 1)); err != nil {
		t.Errorf("a message of %d cells: %v", maxMessageCells, err)
	}
	wantCode(t, withBody(row(maxMessageCells)), CodeTooLarge)
	_, err := Decode(w, make([]byte, maxPayloadBytes))
	wantCode(t, err, CodeUndecodable)
	_, err = Decode(w, make([]byte, maxPayloadBytes+1))
	wantCode(t, err, CodeTooLarge)
	if _, err := Decode(w, mustBuild(t, w, 0, Transfer{To: bob, Value: ton1, Comment: strings.Repeat("x", maxCommentBytes)})); err != nil {
		t.Errorf("a comment of %d bytes: %v", maxCommentBytes, err)
	}
}

func TestTooManyMessages(t *testing.T) {
	w := testWallet(t)
	list := func(n int) *cell.Cell {
		c, m := emptyCell(), validMsg().cell()
		for range n {
			c = rawAction(tagSendMsg, 3, c, m)
		}
		return c
	}
	p := validRaw(w, validMsg())
	p.list = list(maxMessages)
	if tx, err := Decode(w, p.cell().ToBOC()); err != nil || len(tx.Messages) != maxMessages {
		t.Errorf("%d messages, %v", len(tx.Messages), err)
	}
	p.list = list(maxMessages + 1)
	_, err := Decode(w, p.cell().ToBOC())
	wantCode(t, err, CodeTooLarge)
}

// Each cell refers four times to the next: 500 cells, 4^500 paths.
func TestPathsAreNotWalkedTwice(t *testing.T) {
	c := emptyCell()
	for range 500 {
		c = cell.BeginCell().MustStoreRef(c).MustStoreRef(c).MustStoreRef(c).MustStoreRef(c).EndCell()
	}
	w := testWallet(t)
	p := validRaw(w, validMsg())
	p.tail = func(b *cell.Builder) { b.MustStoreRef(c) }
	_, err := Decode(w, p.cell().ToBOC())
	wantCode(t, err, CodeNotCanonical)
}

// flipped returns a copy of the tree of cells with one bit changed, counted in order of visit, and nil when there are
// fewer bits.
func flipped(c *cell.Cell, n *int) *cell.Cell {
	s := c.MustBeginParse()
	size := s.BitsLeft()
	data := s.MustLoadSlice(size)
	hit := *n >= 0 && *n < int(size)
	if hit {
		data[*n/8] ^= 0x80 >> (*n % 8)
	}
	*n -= int(size)
	b := cell.BeginCell().MustStoreSlice(data, size)
	for s.RefsNum() > 0 {
		ref := s.MustLoadRef().MustToCell()
		if child := flipped(ref, n); child != nil {
			ref, hit = child, true
		}
		b.MustStoreRef(ref)
	}
	if !hit {
		return nil
	}
	return b.EndCell()
}

func TestEveryFlippedBitChangesHashAndMeaning(t *testing.T) {
	w := testWallet(t)
	payload := mustBuild(t, w, 7, Transfer{To: bob, Value: ton1, Comment: strings.Repeat("rent ", 30)}, Transfer{To: w.Address, Value: NanoOf(1), Bounce: true})
	want, err := Decode(w, payload)
	if err != nil {
		t.Fatal(err)
	}
	decoded := 0
	for i := 0; ; i++ {
		n := i
		c := flipped(mustCell(t, payload), &n)
		if c == nil {
			t.Logf("%d bits flipped, %d decode to something else", i, decoded)
			break
		}
		got, err := Decode(w, c.ToBOC())
		if err != nil {
			continue
		}
		decoded++
		if got.SigningHash == want.SigningHash {
			t.Errorf("bit %d: same hash", i)
		}
		got.SigningHash = want.SigningHash
		if reflect.DeepEqual(got, want) {
			t.Errorf("bit %d: another hash with the same meaning", i)
		}
	}
	if decoded == 0 {
		t.Error("no flipped payload decoded: the test shows nothing")
	}
}

// In the bytes there are bits that say how the bag was written. They may flip without effect, but then without any.
func TestEveryFlippedByteBitIsHarmless(t *testing.T) {
	w := testWallet(t)
	for _, withCRC := range []bool{true, false} {
		root := mustCell(t, mustBuild(t, w, 7, Transfer{To: bob, Value: ton1, Comment: "rent"}))
		payload := root.ToBOCWithOptions(cell.BOCSerializeOptions{WithCRC32C: withCRC})
		want, err := Decode(w, payload)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 8 * len(payload) {
			b := append([]byte{}, payload...)
			b[i/8] ^= 1 << (i % 8)
			got, err := Decode(w, b)
			if err == nil && withCRC {
				t.Errorf("bit %d: decoded with a wrong checksum", i)
			}
			same := reflect.DeepEqual(got, want)
			if err == nil && (got.SigningHash == want.SigningHash) != same {
				t.Errorf("bit %d: hash and meaning don't go together: %+v", i, got)
			}
		}
	}
}

func TestValidUntilIsUTC(t *testing.T) {
	tx, err := Decode(testWallet(t), mustBuild(t, testWallet(t), 0, Transfer{To: bob, Value: ton1}))
	if err != nil || tx.ValidUntil.Location() != time.UTC || !tx.ValidUntil.Equal(until) {
		t.Errorf("valid until %s, %v", tx.ValidUntil, err)
	}
}
