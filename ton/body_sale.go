package ton

// Operations of getgems' sales and auctions (github.com/getgems-io/nft-contracts) and of Telegram's collectibles
// (github.com/TelegramMessenger/telemint).
const (
	opSaleBuy        = 2
	opSaleCancel     = 3
	opSalePriceV4    = 0xfd135f7b
	opSalePriceV3    = 0x6c6c2080
	opAuctionBid     = 0x344ef025
	opAuctionFinish  = 0xf373ace5
	opAuctionCancel  = 0xb820e9c2
	opTelemintStart  = 0x487a8e81
	opTelemintCancel = 0x371638ae
	opTelemintDNS    = 0x4eb1f0f9
)

// Sale is what a body asks of a sale, an auction or a collectible that can be auctioned.
type Sale struct {
	Action      string // buy, cancel, change_price, bid, finish, start_auction, change_dns
	QueryID     uint64
	Price       Nano    // change_price: the new one; start_auction: the lowest bid
	MaxBid      Nano    // start_auction: the bid that ends it; 0: none
	Fees        [2]Nano // change_price of version 3: the marketplace's and the creator's
	Step        uint8   // start_auction: percent
	Extend      uint32  // start_auction: seconds after the last bid
	Duration    uint32  // start_auction: seconds
	Beneficiary Address // start_auction: who is paid
	Key, Value  [32]byte
}

func (s Sale) own() []party {
	if s.Action == "start_auction" {
		return []party{{name: "beneficiary", address: s.Beneficiary}}
	}
	return nil
}

func readSaleAct(op Op, action string) func(*reader) (Op, Detail) {
	return func(r *reader) (Op, Detail) { return op, Sale{Action: action, QueryID: r.uint(64)} }
}

// readSalePriceV4 reads new_price:Coins and a dictionary of prices in jettons, which must be empty.
func readSalePriceV4(r *reader) (Op, Detail) {
	s := Sale{Action: "change_price", QueryID: r.uint(64), Price: r.amount()}
	r.none("price in jettons")
	return OpNFTList, s
}

func readSalePriceV3(r *reader) (Op, Detail) {
	return OpNFTList, Sale{Action: "change_price", QueryID: r.uint(64), Price: r.amount(), Fees: [2]Nano{r.amount(), r.amount()}}
}

// readTelemintStart reads query_id:uint64 ^[beneficiary:MsgAddress initial_min_bid:Coins max_bid:Coins
// min_bid_step:uint8 min_extend_time:uint32 duration:uint32].
func readTelemintStart(r *reader) (Op, Detail) {
	s := Sale{Action: "start_auction", QueryID: r.uint(64)}
	r.inner("an auction", func(in *reader) {
		s.Beneficiary, s.Price, s.MaxBid = in.std(), in.amount(), in.amount()
		s.Step, s.Extend, s.Duration = uint8(in.uint(8)), uint32(in.uint(32)), uint32(in.uint(32))
	})
	return OpNFTList, s
}

// readTelemintDNS reads query_id:uint64 key:bits256 and, unless the record is to be deleted, ^DNSRecord.
func readTelemintDNS(r *reader) (Op, Detail) {
	s := Sale{Action: "change_dns", QueryID: r.uint(64), Key: r.bits256()}
	if r.err == nil && r.s.RefsNum() == 1 {
		s.Value = [32]byte(r.ref().HashKey())
	}
	return OpContractCall, s
}
