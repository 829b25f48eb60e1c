package ton

const (
	opSingleWithdraw = 0x1000     // github.com/orbs-network/single-nominator
	opTonstakers     = 0x47d54391 // github.com/ton-blockchain/liquid-staking-contract
	opJettonVote     = 0x69fb306c // its jetton's wallet
	opWhalesDeposit  = 0x7bcd1fef // github.com/tonwhales/ton-nominators
	opWhalesWithdraw = 0xda803efd
	opBemo           = 0x4253c4d5
	opHipo           = 0x3d3761a6
)

// Program is a kind of staking contract.
type Program string

const (
	SingleNominator Program = "single_nominator"
	NominatorPool   Program = "nominator_pool" // understands comments only
	Tonstakers      Program = "tonstakers"
	Whales          Program = "whales"
	Bemo            Program = "bemo"
	Hipo            Program = "hipo"
)

// Stake are the fields of a deposit or withdrawal. What a deposit stakes is the message's value, less its fees.
type Stake struct {
	Program  Program
	QueryID  uint64
	Amount   Nano    // withdrawal: how much, Whales: 0 for all; Hipo: the deposit
	Assigned Nano    // Hipo
	Gas      Nano    // Whales: gas_limit; bemo: what goes on with the new jettons
	Partner  uint64  // Tonstakers; 0: none
	Owner    Address // Hipo: who gets the new jettons
	Referrer Address // Hipo; zero: none
	Payload  Payload // bemo: what goes on with the new jettons
}

func (s Stake) own() []party {
	if s.Program == Hipo {
		return []party{{name: "owner", address: s.Owner}}
	}
	return nil
}

func readSingleWithdraw(r *reader) (Op, Detail) {
	return OpUnstake, Stake{Program: SingleNominator, QueryID: r.uint(64), Amount: r.amount()}
}

// readTonstakers reads query_id:uint64 and, without a bit that says so, partner:uint64.
func readTonstakers(r *reader) (Op, Detail) {
	s := Stake{Program: Tonstakers, QueryID: r.uint(64)}
	if r.err == nil && r.s.BitsLeft() > 0 {
		s.Partner = r.uint(64)
		if r.err == nil && s.Partner == 0 {
			r.err = refuse(CodeNotCanonical, "a partner of 0, which stands for none")
		}
	}
	return OpStake, s
}

func readWhalesDeposit(r *reader) (Op, Detail) {
	return OpStake, Stake{Program: Whales, QueryID: r.whalesQuery(), Gas: r.amount()}
}

func readWhalesWithdraw(r *reader) (Op, Detail) {
	return OpUnstake, Stake{Program: Whales, QueryID: r.whalesQuery(), Gas: r.amount(), Amount: r.amount()}
}

// whalesQuery reads a query id, which the pool wants above 0.
func (r *reader) whalesQuery() uint64 {
	id := r.uint(64)
	if r.err == nil && id == 0 {
		r.err = refuse(CodeBody, "a query id of 0, which the pool refuses")
	}
	return id
}

func readBemo(r *reader) (Op, Detail) {
	s := Stake{Program: Bemo, QueryID: r.uint(64), Gas: r.amount()}
	if c := r.maybeRef(); c != nil && r.err == nil {
		s.Payload, r.err = readPayload(c)
	}
	return OpStake, s
}

func readHipo(r *reader) (Op, Detail) {
	return OpStake, Stake{
		Program: Hipo, QueryID: r.uint(64), Owner: r.std(), Amount: r.amount(), Assigned: r.amount(), Referrer: r.address(),
	}
}

// Vote is a vote with the jettons of the wallet that the message goes to.
type Vote struct {
	QueryID uint64
	Voting  Address
	Expires uint64 // Unix seconds, 48 bits
	Yes     bool
	Confirm bool // asks for a confirmation
}

func (Vote) own() []party { return nil }

func readVote(r *reader) (Op, Detail) {
	return OpVote, Vote{QueryID: r.uint(64), Voting: r.std(), Expires: r.uint(48), Yes: r.bit(), Confirm: r.bit()}
}
