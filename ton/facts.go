package ton

import "encoding/hex"

// Role is what an account was proven to be. The zero value is nothing, on which no operation is understood.
type Role string

const (
	RoleNone         Role = ""
	RoleJettonWallet Role = "jetton_wallet"
	RoleJetton       Role = "jetton_master"
	RoleNFTItem      Role = "nft_item"
	RoleCollection   Role = "nft_collection"
	RoleSale         Role = "nft_sale"    // getgems, at a fixed price
	RoleAuction      Role = "nft_auction" // getgems
	RoleMarket       Role = "nft_market"  // in whose name they are deployed
	RoleTelemint     Role = "telemint_item"
	RolePool         Role = "staking_pool" // of Facts.Program
	RolePTON         Role = "pton_wallet"  // a STON.fi router's
	RolePTONMaster   Role = "pton_master"  // of which that is a wallet
	RoleRouter       Role = "swap_router"  // STON.fi router or DeDust jetton vault, of Facts.Venue
	RoleNativeVault  Role = "native_vault" // DeDust
	RoleFactory      Role = "swap_factory" // DeDust, from which its vaults and pools follow
)

// Facts are what this node has proven about the account a message goes to. It is for whoever fills them in to prove
// them on one state of the chain (ton/chain); here they are believed.
type Facts struct {
	Account    Account // the destination's state
	Role       Role
	Owner      Address // jetton wallet, item: whose it is; sale, auction: who sells; single nominator: who may withdraw
	Master     Address // jetton wallet: its jetton
	Balance    Nano    // jetton wallet: what it holds, in the jetton's smallest unit
	Locked     bool    // jetton wallet: its governor has stopped transfers
	Collection Address // item, sale, auction: of the item; zero if the item isn't proven to be of the one named
	Item       Address // sale, auction: what is sold
	Price      Nano    // sale: what buys it; 0: not in native coins
	Program    Program // staking pool; jetton wallet: whose staked coins the jetton is, "" for none
	Venue      Venue   // router, vault or pTON wallet
	Receiver   Receiver
	Unproven   string           // why there is no role, or nothing expected, for people; "" if none was looked for
	Ask        string           // swap: asset id of what the last hop gives; "" if that isn't proven
	Expected   Nano             // swap: what the last hop gives by the state of the pools; 0 if that can't be computed
	Pools      [maxHops]Address // swap: each hop's pool; zero if it isn't proven to be the exchange's
}

// Receiver is what was proven about the account that a jetton or an item goes on to.
type Receiver struct {
	Account Account
	Role    Role
	Venue   Venue
	Wallet  Address // of a jetton: the receiver's own wallet of it
	Owner   Address // sale, auction: who sells
	Item    Address // sale, auction: what is sold
	Price   Nano    // sale: what buys it, 0: not in native coins; auction: the least that it can go for
	Fees    Nano    // sale, auction: what of that price others than the seller get
	Jettons bool    // sale: the item is also sold for jettons, at prices that are not read
}

// inert reports whether nothing happens at a that a body could ask for.
func inert(a Account, want Address) bool {
	return Meaning(Message{Op: OpTransfer, To: want}, a) == OpTransfer
}

// Meaning says what m, a message of the account own, does at a destination of which f was proven. It is OpUnknown with
// a *Refusal as long as that isn't certain, and OpContractCall for what is certainly something, but nothing known.
func (f Facts) Meaning(m Message, own Address) (Op, error) {
	if f.Account.Address != m.To {
		return OpUnknown, refuse(CodeFacts, "facts are about %s, the message goes to %s", f.Account.Address, m.To)
	}
	switch m.Op {
	case OpTransfer:
		return f.comment(m, own)
	case OpContractCall:
		return OpContractCall, nil
	case OpDeploy:
		return f.deploy()
	}
	switch d := m.Detail.(type) {
	case Jetton:
		return f.jetton(m, d, own)
	case NFT:
		return f.nft(m, d, own)
	case Sale:
		return f.sale(m, d, own)
	case Stake:
		return f.is(m.Op, f.Role == RolePool && f.Program == d.Program && f.returns(own))
	case Swap:
		return f.is(m.Op, d.Venue == DeDust && f.Role == RoleNativeVault || d.Venue == STON2 && f.Role == RolePTON && f.Venue == STON2)
	case Vote:
		return f.is(m.Op, f.Role == RoleJettonWallet && f.Owner == own)
	}
	return OpUnknown, refuse(CodeFacts, "a message without an operation")
}

func (f Facts) is(op Op, proven bool) (Op, error) {
	switch {
	case proven:
		return op, nil
	case f.Role == RoleNone && f.Unproven != "":
		return OpUnknown, refuse(CodeFacts, "%s at %s, of which nothing was proven: %s", op, f.Account.Address, f.Unproven)
	}
	return OpUnknown, refuse(CodeFacts, "%s at %s, which was proven to be %q", op, f.Account.Address, f.Role)
}

func (f Facts) deploy() (Op, error) {
	return f.is(OpDeploy, f.Account.Status == StatusAbsent || f.Account.Status == StatusUninit)
}

// comment says what an empty or comment body means: that is the receiving contract's affair.
func (f Facts) comment(m Message, own Address) (Op, error) {
	switch f.Role {
	case RoleNone:
		if f.Account.Status == StatusActive && f.Unproven == "" && !inert(f.Account, m.To) {
			return OpContractCall, nil
		}
		return f.is(OpTransfer, inert(f.Account, m.To))
	case RoleSale, RoleAuction:
		if m.Comment == "cancel" {
			return f.is(OpNFTCancel, f.Owner == own)
		}
		if m.Comment == "stop" {
			return OpContractCall, nil
		}
		return f.is(OpNFTBuy, f.Role == RoleAuction || f.pays(m))
	case RoleTelemint:
		return f.is(OpNFTBuy, m.Comment == "")
	case RolePool:
		return f.poolComment(m.Comment, own)
	}
	return OpContractCall, nil
}

// returns reports whether own can take out again what it stakes: a single nominator pays its owner alone.
func (f Facts) returns(own Address) bool { return f.Program != SingleNominator || f.Owner == own }

// poolComment knows what is written to staking pools, to the letter.
func (f Facts) poolComment(text string, own Address) (Op, error) {
	commands := map[Program]map[string]Op{
		NominatorPool:   {"d": OpStake, "w": OpUnstake},
		SingleNominator: {"": OpStake, "w": OpUnstake},
		Whales:          {"Deposit": OpStake, "Withdraw": OpUnstake},
		Bemo:            {"": OpStake},
	}
	if op, ok := commands[f.Program][text]; ok {
		return f.is(op, f.returns(own))
	}
	if f.Program == NominatorPool && len(text) == 65 && (text[0] == 'y' || text[0] == 'n') {
		if _, err := hex.DecodeString(text[1:]); err == nil {
			return OpVote, nil
		}
	}
	return OpContractCall, nil
}

// jetton needs the own jetton wallet, and to know who receives: a jetton that is sent to a contract can be an order.
func (f Facts) jetton(m Message, j Jetton, own Address) (Op, error) {
	if f.Role == RolePTON && m.Op == OpJettonTransfer && j.Payload.Swap.Venue == STON1 && f.Venue == STON1 {
		sum, err := j.Amount.Add(j.Forward)
		return f.is(OpSwap, err == nil && sum == m.Value)
	}
	if f.Role != RoleJettonWallet || f.Owner != own || f.Master.IsZero() {
		return f.is(m.Op, false)
	}
	if err := f.covers(j); err != nil {
		return OpUnknown, err
	}
	if m.Op == OpJettonBurn {
		return f.burn(j)
	}
	to := f.Receiver
	if to.Account.Address != j.Destination {
		return OpUnknown, refuse(CodeFacts, "facts are about a receiver %s, jettons go to %s", to.Account.Address, j.Destination)
	}
	switch v := j.Payload.Swap.Venue; {
	case v != "":
		return f.is(OpSwap, to.Role == RoleRouter && to.Venue == v)
	case to.Role == RoleNone && (to.Account.Status != StatusActive || inert(to.Account, j.Destination)):
		return f.is(OpJettonTransfer, inert(to.Account, j.Destination))
	}
	return OpContractCall, nil
}

// covers refuses what the own jetton wallet would, after its fees were paid.
func (f Facts) covers(j Jetton) error {
	if f.Locked {
		return refuse(CodeJettonLocked, "the jetton's governor has locked %s", f.Account.Address)
	}
	if j.Custom.Mintless == [32]byte{} && f.Balance.Cmp(j.Amount) < 0 {
		return refuse(CodeJettonBalance, "%s smallest units are sent, the jetton wallet holds %s", j.Amount.Big(), f.Balance.Big())
	}
	return nil
}

// burn withdraws a stake where the jetton stands for one, and may have Tonstakers' payload nowhere else.
func (f Facts) burn(j Jetton) (Op, error) {
	if f.Program != "" {
		return f.is(OpUnstake, !j.Custom.LiquidStaking || f.Program == Tonstakers)
	}
	return f.is(OpJettonBurn, !j.Custom.LiquidStaking)
}

// nft needs an own item, and to know who receives: an item that is sent to a sale is put up for it.
func (f Facts) nft(m Message, n NFT, own Address) (Op, error) {
	if f.Role != RoleNFTItem && f.Role != RoleTelemint || f.Owner != own {
		return f.is(OpNFTTransfer, false)
	}
	to := f.Receiver
	if to.Account.Address != n.NewOwner {
		return OpUnknown, refuse(CodeFacts, "facts are about a receiver %s, the item goes to %s", to.Account.Address, n.NewOwner)
	}
	switch to.Role {
	case RoleSale, RoleAuction:
		return f.is(OpNFTList, to.Owner == own && to.Item == m.To && !to.Jettons)
	case RoleNone:
		return f.is(OpNFTTransfer, inert(to.Account, n.NewOwner))
	}
	return OpContractCall, nil
}

// pays reports whether m carries a sale's price and something for its gas; a sale without a price is in jettons.
func (f Facts) pays(m Message) bool { return !f.Price.IsZero() && f.Price.Cmp(m.Value) < 0 }

// sale lets anyone buy, and only the seller list and cancel.
func (f Facts) sale(m Message, s Sale, own Address) (Op, error) {
	op, mine := m.Op, f.Owner == own
	switch s.Action {
	case "buy":
		return f.is(op, f.Role == RoleSale && f.pays(m))
	case "bid":
		return f.is(op, f.Role == RoleAuction)
	case "start_auction":
		return f.is(op, mine && f.Role == RoleTelemint)
	case "change_price":
		return f.is(op, mine && f.Role == RoleSale)
	}
	return f.is(op, mine && (f.Role == RoleSale || f.Role == RoleAuction || f.Role == RoleTelemint))
}
