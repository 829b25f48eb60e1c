package ton

import (
	"strings"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// put writes fields one after the other.
func put(fields ...func(*cell.Builder)) *cell.Cell {
	b := cell.BeginCell()
	for _, f := range fields {
		f(b)
	}
	return b.EndCell()
}

func putCoins(n uint64) func(*cell.Builder) { return func(b *cell.Builder) { b.MustStoreCoins(n) } }
func putRef(c *cell.Cell) func(*cell.Builder) {
	return func(b *cell.Builder) { b.MustStoreRef(c) }
}
func putAddress(a Address) func(*cell.Builder) { return stdAddress(int64(a.Workchain), a.Hash) }

var (
	yes, no  = putBits(1, 1), putBits(0, 1)
	nobody   = putBits(0, 2)
	query    = putBits(7, 64)
	own      = walletOfKey(V5R1).Address
	pool     = Address{Hash: [32]byte{0x90}}
	ally     = Address{Hash: [32]byte{0xa1}}
	deadline = uint64(until.Unix()) + 60
)

func walletOfKey(v Version) Wallet {
	w, err := NewWallet(v, [32]byte(testKey[32:]), mainnet, 0)
	if err != nil {
		panic(err)
	}
	return w
}

func jettonBody(amount, forward uint64, to, response Address, payload ...func(*cell.Builder)) *cell.Cell {
	fields := append([]func(*cell.Builder){putBits(opJettonTransfer, 32), query, putCoins(amount), putAddress(to), putAddress(response), no, putCoins(forward)}, payload...)
	return put(fields...)
}

func ston1(to Address) *cell.Cell {
	return put(putBits(opSTON1, 32), putAddress(pool), putCoins(90), putAddress(to), yes, putAddress(ally))
}

// ston2 is a swap of version 2 with another behind it, nil for none.
func ston2(op, minOut uint64, receiver, refund, excess Address, next *cell.Cell) *cell.Cell {
	more := no
	if next != nil {
		more = func(b *cell.Builder) { yes(b); b.MustStoreRef(next) }
	}
	return put(putBits(op, 32), putAddress(pool), putAddress(refund), putAddress(excess), putBits(deadline, 64),
		putRef(put(putCoins(minOut), putAddress(receiver), putCoins(3), more, putCoins(0), no, putBits(10, 16), putAddress(ally))))
}

func step(limit uint64, next *cell.Cell) []func(*cell.Builder) {
	fields := []func(*cell.Builder){putAddress(pool), no, putCoins(limit)}
	if next == nil {
		return append(fields, no)
	}
	return append(fields, yes, putRef(next))
}

func dedust(head []func(*cell.Builder), recipient Address, steps []func(*cell.Builder)) *cell.Cell {
	params := put(putBits(deadline, 32), putAddress(recipient), putAddress(ally), no, no)
	return put(append(append(head, steps...), putRef(params))...)
}

func ston2Hop(minOut uint64) Hop {
	return Hop{Pool: pool, MinOut: NanoOf(minOut), Recipient: own, Refund: own, Excess: own, Referral: ally, Fee: 10, Gas: NanoOf(3)}
}

type operation struct {
	body   *cell.Cell
	op     Op
	detail Detail
}

// operations are one or more valid bodies of every layout, written by hand from the contracts' sources.
func operations() map[string]operation {
	dedustHop := Hop{Pool: pool, MinOut: NanoOf(90), Recipient: own, Referral: ally}
	first := dedustHop
	first.MinOut = Nano{}
	native := []func(*cell.Builder){putBits(opDedustNative, 32), query, putCoins(50)}
	s1, s2 := ston1(own), ston2(opSTON2, 5, own, own, own, ston2(opSTON2Cross, 90, own, own, own, nil))
	note := commentBody("rent")
	claim := put(putBits(opMintless, 32), putRef(cellOf(1)))
	return map[string]operation{
		"jetton transfer": {jettonBody(5, 1, bob, own, no), OpJettonTransfer, Jetton{QueryID: 7, Amount: NanoOf(5), Destination: bob, Response: own, Forward: NanoOf(1)}},
		"jetton transfer, comment": {jettonBody(5, 1, bob, own, yes, putRef(note)), OpJettonTransfer, Jetton{QueryID: 7, Amount: NanoOf(5), Destination: bob, Response: own,
			Forward: NanoOf(1), Payload: Payload{Comment: "rent", Hash: [32]byte(note.HashKey())}}},
		"jetton transfer, claim": {put(putBits(opJettonTransfer, 32), query, putCoins(5), putAddress(bob), putAddress(own), yes, putRef(claim), putCoins(0), no),
			OpJettonTransfer, Jetton{QueryID: 7, Amount: NanoOf(5), Destination: bob, Response: own, Custom: Custom{Mintless: [32]byte(cellOf(1).HashKey())}}},
		"STON 1": {jettonBody(5, 1, ally, own, yes, putRef(s1)), OpJettonTransfer, Jetton{QueryID: 7, Amount: NanoOf(5), Destination: ally, Response: own, Forward: NanoOf(1),
			Payload: Payload{Opcode: opSTON1, Hash: [32]byte(s1.HashKey()), Swap: Swap{Venue: STON1, Count: 1,
				Hops: [maxHops]Hop{{Pool: pool, MinOut: NanoOf(90), Recipient: own, Referral: ally}}}}}},
		"STON 2": {jettonBody(5, 1, ally, own, yes, putRef(s2)), OpJettonTransfer, Jetton{QueryID: 7, Amount: NanoOf(5), Destination: ally, Response: own, Forward: NanoOf(1),
			Payload: Payload{Opcode: opSTON2, Hash: [32]byte(s2.HashKey()), Swap: Swap{Venue: STON2, Deadline: deadline, Count: 2, Hops: [maxHops]Hop{ston2Hop(5), ston2Hop(90)}}}}},
		"pTON 2": {put(putBits(opPTON, 32), query, putCoins(50), putAddress(own), yes, putRef(ston2(opSTON2, 90, own, own, own, nil))), OpSwap,
			Swap{Venue: STON2, QueryID: 7, Offer: NanoOf(50), Refund: own, Deadline: deadline, Count: 1, Hops: [maxHops]Hop{ston2Hop(90)}}},
		"DeDust native": {dedust(native, own, step(0, put(step(90, nil)...))), OpSwap,
			Swap{Venue: DeDust, QueryID: 7, Offer: NanoOf(50), Deadline: deadline, Count: 2, Hops: [maxHops]Hop{first, dedustHop}}},
		"jetton burn": {put(putBits(opJettonBurn, 32), query, putCoins(5), putAddress(own), no), OpJettonBurn, Jetton{QueryID: 7, Amount: NanoOf(5), Response: own}},
		"Tonstakers burn": {put(putBits(opJettonBurn, 32), query, putCoins(5), putAddress(own), yes, putRef(put(no, yes))), OpJettonBurn,
			Jetton{QueryID: 7, Amount: NanoOf(5), Response: own, Custom: Custom{LiquidStaking: true, FillOrKill: true}}},
		"NFT transfer": {put(putBits(opNFTTransfer, 32), query, putAddress(bob), putAddress(own), no, putCoins(1), no), OpNFTTransfer, NFT{QueryID: 7, NewOwner: bob, Response: own, Forward: NanoOf(1)}},
		"sale buy":     {put(putBits(opSaleBuy, 32), query), OpNFTBuy, Sale{Action: "buy", QueryID: 7}},
		"sale cancel":  {put(putBits(opSaleCancel, 32), query), OpNFTCancel, Sale{Action: "cancel", QueryID: 7}},
		"sale price 4": {put(putBits(opSalePriceV4, 32), query, putCoins(9), no), OpNFTList, Sale{Action: "change_price", QueryID: 7, Price: NanoOf(9)}},
		"sale price 3": {put(putBits(opSalePriceV3, 32), query, putCoins(9), putCoins(2), putCoins(1)), OpNFTList,
			Sale{Action: "change_price", QueryID: 7, Price: NanoOf(9), Fees: [2]Nano{NanoOf(2), NanoOf(1)}}},
		"auction bid":    {put(putBits(opAuctionBid, 32), query), OpNFTBuy, Sale{Action: "bid", QueryID: 7}},
		"auction finish": {put(putBits(opAuctionFinish, 32), query), OpContractCall, Sale{Action: "finish", QueryID: 7}},
		"auction cancel": {put(putBits(opAuctionCancel, 32), query), OpNFTCancel, Sale{Action: "cancel", QueryID: 7}},
		"telemint start": {put(putBits(opTelemintStart, 32), query, putRef(put(putAddress(own), putCoins(9), putCoins(99), putBits(5, 8), putBits(60, 32), putBits(600, 32)))), OpNFTList,
			Sale{Action: "start_auction", QueryID: 7, Beneficiary: own, Price: NanoOf(9), MaxBid: NanoOf(99), Step: 5, Extend: 60, Duration: 600}},
		"telemint cancel":  {put(putBits(opTelemintCancel, 32), query), OpNFTCancel, Sale{Action: "cancel", QueryID: 7}},
		"telemint DNS":     {put(putBits(opTelemintDNS, 32), query, func(b *cell.Builder) { b.MustStoreSlice(pool.Hash[:], 256) }), OpContractCall, Sale{Action: "change_dns", QueryID: 7, Key: pool.Hash}},
		"single withdraw":  {put(putBits(opSingleWithdraw, 32), query, putCoins(5)), OpUnstake, Stake{Program: SingleNominator, QueryID: 7, Amount: NanoOf(5)}},
		"Tonstakers":       {put(putBits(opTonstakers, 32), query), OpStake, Stake{Program: Tonstakers, QueryID: 7}},
		"Tonstakers, part": {put(putBits(opTonstakers, 32), query, putBits(3, 64)), OpStake, Stake{Program: Tonstakers, QueryID: 7, Partner: 3}},
		"Whales deposit":   {put(putBits(opWhalesDeposit, 32), query, putCoins(1)), OpStake, Stake{Program: Whales, QueryID: 7, Gas: NanoOf(1)}},
		"Whales withdraw":  {put(putBits(opWhalesWithdraw, 32), query, putCoins(1), putCoins(5)), OpUnstake, Stake{Program: Whales, QueryID: 7, Gas: NanoOf(1), Amount: NanoOf(5)}},
		"bemo":             {put(putBits(opBemo, 32), query, putCoins(1), no), OpStake, Stake{Program: Bemo, QueryID: 7, Gas: NanoOf(1)}},
		"Hipo": {put(putBits(opHipo, 32), query, putAddress(own), putCoins(5), putCoins(4), putAddress(ally)), OpStake,
			Stake{Program: Hipo, QueryID: 7, Owner: own, Amount: NanoOf(5), Assigned: NanoOf(4), Referrer: ally}},
		"vote": {put(putBits(opJettonVote, 32), query, putAddress(pool), putBits(99, 48), yes, no), OpVote, Vote{QueryID: 7, Voting: pool, Expires: 99, Yes: true}},
	}
}

// jettonDedust is a transfer to DeDust's vault of that jetton, which TestOperations adds to the table above.
func jettonDedust(recipient Address, steps []func(*cell.Builder)) *cell.Cell {
	return dedust([]func(*cell.Builder){putBits(opDedustJetton, 32)}, recipient, steps)
}

func withBody(t testing.TB, w Wallet, body *cell.Cell) ([]byte, error) {
	t.Helper()
	return Build(w, 7, until, []Transfer{{To: pool, Value: NanoOf(1e8), Bounce: true, Body: body}})
}

// Every layout is read field by field, by every wallet version.
func TestOperations(t *testing.T) {
	table := operations()
	swap := jettonDedust(own, step(90, nil))
	table["DeDust jetton"] = operation{jettonBody(5, 1, ally, own, yes, putRef(swap)), OpJettonTransfer, Jetton{QueryID: 7, Amount: NanoOf(5), Destination: ally, Response: own, Forward: NanoOf(1),
		Payload: Payload{Opcode: opDedustJetton, Hash: [32]byte(swap.HashKey()), Swap: Swap{Venue: DeDust, Deadline: deadline, Count: 1,
			Hops: [maxHops]Hop{{Pool: pool, MinOut: NanoOf(90), Recipient: own, Referral: ally}}}}}}
	for name, o := range table {
		for _, v := range ownVersions {
			w := walletOf(t, v)
			payload, err := withBody(t, w, o.body)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				break
			}
			tx, err := Decode(w, payload)
			if err != nil {
				t.Fatal(err)
			}
			opcode := uint32(o.body.MustBeginParse().MustLoadUInt(32))
			if m := tx.Messages[0]; m.Op != o.op || m.Detail != o.detail || m.Opcode != opcode || m.Comment != "" {
				t.Errorf("%s: %s %+v,\nwant %s %+v", name, m.Op, m.Detail, o.op, o.detail)
			}
			if v == V5R1 { // whose address the bodies name
				if err := tx.CheckOperations(); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
}

// A body with one bit or reference more, or one bit less, is refused or something else: it never reads the same.
func TestOperationsAreReadToTheLastBit(t *testing.T) {
	for name, o := range operations() {
		if o.detail == (Sale{Action: "change_dns", QueryID: 7, Key: pool.Hash}) {
			continue // a reference is its optional value
		}
		for _, c := range []*cell.Cell{o.body.ToBuilder().MustStoreUInt(0, 1).EndCell(), o.body.ToBuilder().MustStoreUInt(1, 1).EndCell()} {
			if got, err := readBody(c); err == nil && got.detail == o.detail {
				t.Errorf("%s: a surplus bit was not seen", name)
			}
		}
		if o.body.RefsNum() < 4 {
			if got, err := readBody(o.body.ToBuilder().MustStoreRef(emptyCell()).EndCell()); err == nil && got.detail == o.detail {
				t.Errorf("%s: a surplus reference was not seen", name)
			}
		}
		s := o.body.MustBeginParse()
		n := s.BitsLeft() - 1
		cut := cell.BeginCell().MustStoreSlice(s.MustLoadSlice(n), n)
		for range o.body.RefsNum() {
			cut.MustStoreRef(s.MustLoadRef().MustToCell())
		}
		if got, err := readBody(cut.EndCell()); err == nil && got.detail == o.detail {
			t.Errorf("%s: a missing bit was not seen", name)
		}
	}
}

// Every bit of every body says something: flipped, it is refused or shown, and it never becomes a plain transfer.
func TestEveryFlippedBitOfAnOperationIsSeen(t *testing.T) {
	accepted := 0
	for name, o := range operations() {
		opcode := uint32(o.body.MustBeginParse().MustLoadUInt(32))
		for i := 0; ; i++ {
			n := i
			c := flipped(o.body, &n)
			if c == nil {
				break
			}
			got, err := readBody(c)
			if err != nil {
				continue
			}
			accepted++
			comment := c.MustBeginParse().MustLoadUInt(32) == 0 // that bit of the opcode is all that is between
			if (got.op == OpTransfer) != comment || got.opcode == opcode && got.detail == o.detail {
				t.Errorf("%s: bit %d: read as %+v", name, i, got)
			}
		}
	}
	if accepted == 0 {
		t.Error("nothing was read: the test shows nothing")
	}
	t.Logf("%d flipped bodies were read as something else", accepted)
}

func TestUnknownOperationIsAContractCall(t *testing.T) {
	for _, op := range []uint64{1, 0x2167da4b, 0xdeadbeef, 0x1001, opInternalSend, opInternalSigned} {
		got, err := readBody(put(putBits(op, 32), query, no))
		if err != nil || got.op != OpContractCall || got.opcode != uint32(op) || got.detail != nil {
			t.Errorf("%08x: %+v, %v", op, got, err)
		}
	}
}

func TestBadBodies(t *testing.T) {
	w := walletOf(t, V5R1)
	deep := jettonDedust(own, step(1, put(step(1, put(step(1, put(step(90, nil)...))...))...)))
	hops := ston2(opSTON2, 90, own, own, own, nil)
	for range 3 {
		hops = ston2(opSTON2Cross, 1, own, own, own, hops)
	}
	head := []func(*cell.Builder){putBits(opJettonTransfer, 32), query}
	jetton := func(fields ...func(*cell.Builder)) *cell.Cell { return put(append(head[:2:2], fields...)...) }
	for name, c := range map[string]struct {
		body *cell.Cell
		code Code
	}{
		"amount not minimal":       {jetton(putBits(0x2_00_01, 20), putAddress(bob), putAddress(own), no, putCoins(0), no), CodeNotCanonical},
		"destination none":         {jetton(putCoins(5), nobody, putAddress(own), no, putCoins(0), no), CodeAddress},
		"destination anycast":      {jetton(putCoins(5), anycast, putAddress(own), no, putCoins(0), no), CodeAddress},
		"destination variable":     {jetton(putCoins(5), variable, putAddress(own), no, putCoins(0), no), CodeAddress},
		"destination workchain 5":  {jetton(putCoins(5), stdAddress(5, bob.Hash), putAddress(own), no, putCoins(0), no), CodeAddress},
		"destination zero":         {jetton(putCoins(5), putAddress(Address{}), putAddress(own), no, putCoins(0), no), CodeAddress},
		"response zero":            {jetton(putCoins(5), putAddress(bob), putAddress(Address{}), no, putCoins(0), no), CodeAddress},
		"custom payload":           {jetton(putCoins(5), putAddress(bob), putAddress(own), yes, putRef(cellOf(1)), putCoins(0), no), CodeBody},
		"custom payload of a burn": {jetton(putCoins(5), putAddress(bob), putAddress(own), yes, putRef(put(no, no)), putCoins(0), no), CodeBody},
		"custom payload, surplus":  {jetton(putCoins(5), putAddress(bob), putAddress(own), yes, putRef(put(putBits(opMintless, 32), putRef(cellOf(1)), no)), putCoins(0), no), CodeNotCanonical},
		"burn with a claim":        {put(putBits(opJettonBurn, 32), query, putCoins(5), putAddress(own), yes, putRef(put(putBits(opMintless, 32), putRef(cellOf(1))))), CodeBody},
		"forward payload short":    {jettonBody(5, 1, bob, own, no, putBits(1, 5)), CodeBody},
		"forward comment broken":   {jettonBody(5, 1, bob, own, yes, putRef(put(putBits(0, 36)))), CodeComment},
		"forward library":          {jettonBody(5, 1, bob, own, yes, putRef(library(t))), CodeExoticCell},
		"NFT custom payload":       {put(putBits(opNFTTransfer, 32), query, putAddress(bob), putAddress(own), yes, putRef(cellOf(1)), putCoins(0), no), CodeBody},
		"prices in jettons":        {put(putBits(opSalePriceV4, 32), query, putCoins(9), yes, putRef(cellOf(1))), CodeBody},
		"Whales query 0":           {put(putBits(opWhalesDeposit, 32), putBits(0, 64), putCoins(1)), CodeBody},
		"Tonstakers partner 0":     {put(putBits(opTonstakers, 32), query, putBits(0, 64)), CodeNotCanonical},
		"swap of 4 hops, DeDust":   {jettonBody(5, 1, ally, own, yes, putRef(deep)), CodeTooLarge},
		"swap of 4 hops, STON":     {jettonBody(5, 1, ally, own, yes, putRef(hops)), CodeTooLarge},
		"swap step of kind 1": {jettonBody(5, 1, ally, own, yes, putRef(jettonDedust(own,
			[]func(*cell.Builder){putAddress(pool), yes, putCoins(90), no}))), CodeBody},
		"swap with another payload": {jettonBody(5, 1, ally, own, yes, putRef(ston2(opSTON2, 90, own, own, own, jettonBody(5, 0, bob, bob, no)))), CodeBody},
		"swap with fulfil payload": {jettonBody(5, 1, ally, own, yes, putRef(put(append(append([]func(*cell.Builder){putBits(opDedustJetton, 32)}, step(90, nil)...),
			putRef(put(putBits(deadline, 32), putAddress(own), nobody, yes, putRef(cellOf(1)), no)))...))), CodeBody},
		"swap with reject payload": {jettonBody(5, 1, ally, own, yes, putRef(put(append(append([]func(*cell.Builder){putBits(opDedustJetton, 32)}, step(90, nil)...),
			putRef(put(putBits(deadline, 32), putAddress(own), nobody, no, yes, putRef(cellOf(1)))))...))), CodeBody},
		"hops of different deadlines": {jettonBody(5, 1, ally, own, yes, putRef(ston2(opSTON2, 5, own, own, own,
			put(putBits(opSTON2Cross, 32), putAddress(pool), putAddress(own), putAddress(own), putBits(deadline+1, 64),
				putRef(put(putCoins(90), putAddress(own), putCoins(3), no, putCoins(0), no, putBits(10, 16), nobody)))))), CodeBody},
		"coins without a swap": {put(putBits(opPTON, 32), query, putCoins(50), putAddress(own), no), CodeBody},
	} {
		t.Run(name, func(t *testing.T) {
			m := validMsg()
			m.bounce, m.inRef, m.body = true, true, c.body
			_, err := Decode(w, validRaw(w, m).cell().ToBOC())
			wantCode(t, err, c.code)
		})
	}
}

// What the rules refuse although it is well formed.
func TestCheckOperationsRefuses(t *testing.T) {
	swap := func(c *cell.Cell) *cell.Cell { return jettonBody(5, 1, ally, own, yes, putRef(c)) }
	late := put(putBits(opDedustJetton, 32), putAddress(pool), no, putCoins(90), no,
		putRef(put(putBits(uint64(until.Add(15*time.Minute).Unix())+1, 32), putAddress(own), nobody, no, no)))
	fee := put(putBits(opSTON2, 32), putAddress(pool), putAddress(own), putAddress(own), putBits(deadline, 64),
		putRef(put(putCoins(90), putAddress(own), putCoins(0), no, putCoins(0), no, putBits(101, 16), nobody)))
	for name, c := range map[string]struct {
		body *cell.Cell
		code Code
	}{
		"response":                {jettonBody(5, 1, bob, bob, no), CodeForeignAddress},
		"response none":           {put(putBits(opJettonTransfer, 32), query, putCoins(5), putAddress(bob), nobody, no, putCoins(0), no), CodeForeignAddress},
		"burn response":           {put(putBits(opJettonBurn, 32), query, putCoins(5), putAddress(bob), no), CodeForeignAddress},
		"NFT response":            {put(putBits(opNFTTransfer, 32), query, putAddress(bob), putAddress(bob), no, putCoins(1), no), CodeForeignAddress},
		"Hipo owner":              {put(putBits(opHipo, 32), query, putAddress(bob), putCoins(5), putCoins(4), nobody), CodeForeignAddress},
		"auction's beneficiary":   {put(putBits(opTelemintStart, 32), query, putRef(put(putAddress(bob), putCoins(9), putCoins(99), putBits(5, 8), putBits(60, 32), putBits(600, 32)))), CodeForeignAddress},
		"STON 1 recipient":        {swap(ston1(bob)), CodeForeignAddress},
		"STON 2 recipient":        {swap(ston2(opSTON2, 90, bob, own, own, nil)), CodeForeignAddress},
		"STON 2 refund":           {swap(ston2(opSTON2, 90, own, bob, own, nil)), CodeForeignAddress},
		"STON 2 excesses":         {swap(ston2(opSTON2, 90, own, own, bob, nil)), CodeForeignAddress},
		"STON 2 second recipient": {swap(ston2(opSTON2, 5, own, own, own, ston2(opSTON2Cross, 90, bob, own, own, nil))), CodeForeignAddress},
		"STON 2 third refund": {swap(ston2(opSTON2, 5, own, own, own, ston2(opSTON2Cross, 5, own, own, own, ston2(opSTON2Cross, 90, own, bob, own, nil)))),
			CodeForeignAddress},
		"pTON refund":           {put(putBits(opPTON, 32), query, putCoins(50), putAddress(bob), yes, putRef(ston2(opSTON2, 90, own, own, own, nil))), CodeForeignAddress},
		"DeDust recipient":      {swap(jettonDedust(bob, step(90, nil))), CodeForeignAddress},
		"DeDust deep recipient": {swap(jettonDedust(bob, step(0, put(step(0, put(step(90, nil)...))...)))), CodeForeignAddress},
		"forward of all":        {jettonBody(5, 1e8, bob, own, no), CodeForward},
		"NFT forward of all":    {put(putBits(opNFTTransfer, 32), query, putAddress(bob), putAddress(own), no, putCoins(1e8), no), CodeForward},
		"offer of all":          {put(putBits(opPTON, 32), query, putCoins(1e8), putAddress(own), yes, putRef(ston2(opSTON2, 90, own, own, own, nil))), CodeForward},
		"minimum 1":             {swap(jettonDedust(own, step(1, nil))), CodeSwap},
		"last minimum 0":        {swap(jettonDedust(own, step(90, put(step(0, nil)...)))), CodeSwap},
		"late":                  {swap(late), CodeSwap},
		"referral fee":          {swap(fee), CodeSwap},
	} {
		t.Run(name, func(t *testing.T) {
			payload, err := withBody(t, walletOf(t, V5R1), c.body)
			if err != nil {
				t.Fatal(err)
			}
			tx, err := Decode(walletOf(t, V5R1), payload)
			if err != nil {
				t.Fatal(err)
			}
			wantCode(t, tx.CheckOperations(), c.code)
		})
	}
	for name, o := range operations() {
		payload, err := Build(walletOf(t, V5R1), 7, until, []Transfer{{To: pool, Value: NanoOf(1e8), Body: o.body}})
		if err != nil {
			t.Fatal(err)
		}
		tx, err := Decode(walletOf(t, V5R1), payload)
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.CheckOperations(); err == nil || !strings.Contains(err.Error(), "bounce") {
			t.Errorf("%s without bounce: %v", name, err)
		}
	}
}

// A message may deploy only what its own address is the hash of.
func TestDeploy(t *testing.T) {
	child := walletOf(t, V4R2)
	for _, v := range []Version{V3R2, V4R2, V5R1} {
		w := walletOf(t, v)
		payload, err := Build(w, 7, until, []Transfer{{To: child.Address, Value: ton1, Init: child.StateInit()}})
		if err != nil {
			t.Fatal(err)
		}
		tx, err := Decode(w, payload)
		if err != nil || tx.Messages[0].Op != OpDeploy || tx.Messages[0].Init != child.Address.Hash {
			t.Errorf("%s: %+v, %v", v, tx.Messages, err)
		}
		_, err = Build(w, 7, until, []Transfer{{To: bob, Value: ton1, Init: child.StateInit()}})
		wantCode(t, err, CodeStateInit)
		if v == V5R1 { // most of its bits are the code's
			checkFlips(t, w, payload)
		}
	}
	init := func(flags uint64, more func(*cell.Builder)) *cell.Cell {
		b := cell.BeginCell().MustStoreUInt(flags, 5).MustStoreRef(layoutV4.code).MustStoreRef(emptyCell())
		more(b)
		return b.EndCell()
	}
	for name, c := range map[string]*cell.Cell{
		"no data": cell.BeginCell().MustStoreUInt(0b00100, 5).MustStoreRef(layoutV4.code).EndCell(), "library": init(0b00111, storeRef),
		"code and libraries": init(0b00101, func(*cell.Builder) {}), "data and libraries": init(0b00011, func(*cell.Builder) {}),
		"special": init(0b01110, putBits(0, 2)), "split_depth": init(0b10110, putBits(0, 5)), "surplus": init(0b00110, putBits(0, 1)),
	} {
		_, err := Build(walletOf(t, V5R1), 7, until, []Transfer{{To: Address{Hash: [32]byte(c.HashKey())}, Value: ton1, Init: c}})
		if wantCode(t, err, CodeStateInit); err != nil && !strings.Contains(err.Error(), "other than code and data") {
			t.Errorf("%s: %v", name, err)
		}
	}
	inline, m := walletOf(t, V5R1), validMsg()
	m.dest, m.body = stdAddress(0, child.Address.Hash), emptyCell()
	m.init = func(b *cell.Builder) { b.MustStoreUInt(0b10, 2).MustStoreBuilder(child.StateInit().ToBuilder()) }
	if tx, err := Decode(inline, validRaw(inline, m).cell().ToBOC()); err != nil || tx.Messages[0].Op != OpDeploy {
		t.Errorf("inline StateInit: %+v, %v", tx, err)
	}
}
