package ton

import "github.com/xssnick/tonutils-go/tvm/cell"

const (
	opSTON1        = 0x25938561 // github.com/ston-fi/dex-core
	opSTON2        = 0x6664de2a // github.com/ston-fi/dex-core-v2
	opSTON2Cross   = 0x69cf1a5b
	opPTON         = 0x01f3835d // github.com/ston-fi/pton, version 2
	opDedustNative = 0xea06185d // docs.dedust.io, version 2
	opDedustJetton = 0xe3a0d482
)

// Venue is an exchange's contract version. The zero value is none.
type Venue string

const (
	STON1  Venue = "ston_v1"
	STON2  Venue = "ston_v2"
	DeDust Venue = "dedust_v2"
)

// Swap are the fields of an exchange, however deep they were nested.
type Swap struct {
	Venue    Venue
	QueryID  uint64  // of a native offer
	Offer    Nano    // coins offered; 0: the jettons of the transfer that this is the payload of
	Refund   Address // pTON: who gets the coins if the exchange is refused
	Deadline uint64  // Unix seconds; 0: none
	Hops     [maxHops]Hop
	Count    int // of Hops
}

// Hop is one exchange on the way.
type Hop struct {
	Pool      Address // DeDust: the pool; STON: the router's jetton wallet of what is asked for
	MinOut    Nano    // only that of the last hop binds
	Recipient Address // zero: the sender
	Refund    Address // STON 2
	Excess    Address // STON 2
	Referral  Address // zero: none
	Fee       uint16  // STON 2: the referral's, in hundredths of a percent
	Gas       Nano    // STON 2: coins that go on to the recipient
	RefundGas Nano    // STON 2: coins that go with a refund
}

func (s Swap) own() []party { return s.parties() }

func (s Swap) parties() (list []party) {
	if s.Venue == STON2 && !s.Offer.IsZero() {
		list = append(list, party{name: "refund", address: s.Refund})
	}
	for _, h := range s.Hops[:s.Count] {
		list = append(list, party{name: "recipient", address: h.Recipient, optional: true})
		if s.Venue == STON2 {
			list = append(list, party{name: "refund", address: h.Refund}, party{name: "excesses", address: h.Excess})
		}
	}
	return list
}

// MinOut returns the least that the last hop may give.
func (s Swap) MinOut() Nano {
	if s.Count == 0 {
		return Nano{}
	}
	return s.Hops[s.Count-1].MinOut
}

// readSwapPayload reads what an exchange is told along with the coins or jettons. The zero Swap stands for an operation
// that isn't one.
func readSwapPayload(op uint32, r *reader) (s Swap, err error) {
	switch op {
	case opSTON1:
		s.Venue = STON1
		s.readSTON1(r)
	case opSTON2, opSTON2Cross:
		s.Venue = STON2
		s.readSTON2(r)
	case opDedustJetton:
		s.Venue = DeDust
		s.readDedust(r)
	default:
		return Swap{}, nil
	}
	return s, r.end("a swap")
}

func (s *Swap) add(r *reader, h Hop) {
	if r.err == nil && s.Count == maxHops {
		r.err = refuse(CodeTooLarge, "a swap of more than %d hops", maxHops)
	}
	if r.err == nil {
		s.Hops[s.Count] = h
		s.Count++
	}
}

// readSTON1 reads token_wallet:MsgAddress min_out:Coins to:MsgAddress has_ref:(## 1) ref:has_ref?MsgAddress.
func (s *Swap) readSTON1(r *reader) {
	h := Hop{Pool: r.std(), MinOut: r.amount(), Recipient: r.std()}
	if r.bit() {
		h.Referral = r.std()
	}
	s.add(r, h)
}

// readSTON2 reads token_wallet1 refund_address excesses_address:MsgAddress tx_deadline:uint64 ^[…], and in its custom
// payload the hop that follows.
func (s *Swap) readSTON2(r *reader) {
	h := Hop{Pool: r.std(), Refund: r.std(), Excess: r.std()}
	deadline := r.uint(64)
	if r.err == nil && s.Count > 0 && deadline != s.Deadline {
		r.err = refuse(CodeBody, "hops of a swap have different deadlines")
	}
	s.Deadline = deadline
	var next *cell.Cell
	r.inner("a swap", func(in *reader) {
		h.MinOut, h.Recipient, h.Gas = in.amount(), in.address(), in.amount()
		next, h.RefundGas = in.maybeRef(), in.amount()
		in.none("refund payload")
		h.Fee, h.Referral = uint16(in.uint(16)), in.address()
	})
	s.add(r, h)
	if next != nil && r.err == nil {
		s.follow(r, next)
	}
}

func (s *Swap) follow(r *reader, next *cell.Cell) {
	in := read(next)
	if op := in.uint(32); in.err == nil && op != opSTON2 && op != opSTON2Cross {
		r.err = refuse(CodeBody, "a swap's custom payload is operation %08x, not another hop", op)
		return
	}
	s.readSTON2(in)
	if err := in.end("a swap"); err != nil {
		r.err = err
	}
}

// readDedust reads step:SwapStep ^SwapParams. The hops share one recipient and referral.
func (s *Swap) readDedust(r *reader) {
	s.readStep(r)
	var recipient, referral Address
	r.inner("swap parameters", func(in *reader) {
		s.Deadline = in.uint(32)
		recipient, referral = in.address(), in.address()
		in.none("fulfil payload")
		in.none("reject payload")
	})
	for i := range s.Count {
		s.Hops[i].Recipient, s.Hops[i].Referral = recipient, referral
	}
}

// readStep reads pool:MsgAddress kind:(## 1)=0 limit:Coins next:(Maybe ^SwapStep).
func (s *Swap) readStep(r *reader) {
	h := Hop{Pool: r.std()}
	if r.bit() && r.err == nil {
		r.err = refuse(CodeBody, "a swap step of an unknown kind")
	}
	h.MinOut = r.amount()
	s.add(r, h)
	if r.bit() && r.err == nil {
		r.inner("a swap step", s.readStep)
	}
}

func readDedustNative(r *reader) (Op, Detail) {
	s := Swap{Venue: DeDust, QueryID: r.uint(64), Offer: r.amount()}
	s.readDedust(r)
	return OpSwap, s
}

// readPTON reads query_id:uint64 ton_amount:Coins refund_address:MsgAddress forward_payload:(Either Cell ^Cell), which
// must be a swap of version 2.
func readPTON(r *reader) (Op, Detail) {
	query, offer, refund := r.uint(64), r.amount(), r.std()
	s := readForward(r).Swap
	if r.err == nil && s.Venue != STON2 {
		r.err = refuse(CodeBody, "coins go to an exchange without a swap")
	}
	s.QueryID, s.Offer, s.Refund = query, offer, refund
	return OpSwap, s
}
