package ton

import (
	"errors"
	"fmt"
	"strings"
)

// Vouched is what a party's policy says about a contract, and its admins answer for. These are the roots from which
// other contracts are proven, and those that nothing derives: what a contract says about itself proves nothing. The
// zero value vouches for nothing.
type Vouched struct {
	Address  Address  // the contract; zero: every one with the code
	CodeHash [32]byte // the code it must run; zero: any, so whoever may change its code is trusted too
	Role     Role
	Program  Program // of a staking pool, or of the jetton that stands for a stake
	Venue    Venue   // of an exchange's contract
}

// Check refuses what can't be vouched for: a role that must be derived, an exchange's or a jetton's contract by its code
// alone, which anybody can deploy with data of his own, or a program or venue that the role doesn't have.
func (v Vouched) Check() error {
	rule, ok := vouchers[v.Role]
	switch {
	case !ok:
		return fmt.Errorf("role %q can't be vouched for", v.Role)
	case v.Address.IsZero() && v.CodeHash == [32]byte{}:
		return errors.New("neither an address nor a code hash")
	case v.Address.IsZero() && !rule.byCode:
		return fmt.Errorf("%s needs an address: anybody can deploy the code with other data", v.Role)
	case rule.program && !programs[v.Program], v.Program != "" && !programs[v.Program]:
		return fmt.Errorf("program %q is not known", v.Program)
	case v.Program != "" && !rule.program && !rule.staked:
		return fmt.Errorf("%s has no program", v.Role)
	}
	for _, venue := range rule.venues {
		if v.Venue == venue {
			return nil
		}
	}
	if v.Venue != "" || rule.venues != nil {
		return fmt.Errorf("%s of venue %q is not known", v.Role, v.Venue)
	}
	return nil
}

// Is reports whether acc, which was proven, is the contract that v vouches for.
func (v Vouched) Is(acc Account) bool {
	return v.Check() == nil && acc.Status == StatusActive &&
		(v.Address.IsZero() || v.Address == acc.Address) &&
		(v.CodeHash == [32]byte{} || v.CodeHash == acc.CodeHash)
}

// voucher says how a role is vouched for.
type voucher struct {
	byCode  bool    // the code alone is enough: what else counts is read from its data
	program bool    // names a program
	staked  bool    // may name a program
	venues  []Venue // names one of them
}

// vouchers are the roles that can be vouched for; the others are derived from these.
var vouchers = map[Role]voucher{
	RoleJetton:     {staked: true},
	RoleCollection: {},
	RoleNFTItem:    {},
	RoleTelemint:   {byCode: true},
	RoleSale:       {byCode: true},
	RoleAuction:    {byCode: true},
	RoleMarket:     {},
	RolePool:       {byCode: true, program: true},
	RoleRouter:     {venues: []Venue{STON1, STON2}},
	RolePTONMaster: {venues: []Venue{STON1, STON2}},
	RoleFactory:    {venues: []Venue{DeDust}},
}

// programs are those that can be named.
var programs = map[Program]bool{SingleNominator: true, NominatorPool: true, Tonstakers: true, Whales: true, Bemo: true, Hipo: true}

// Claim is what a request says about the contracts of a message, as asset ids and addresses. It guides the search for
// proof and proves nothing; it is zero for plain messages.
type Claim struct {
	Asset      string  // the jetton that is sent, burned, voted with or offered
	Collection Address // of the item that is sent, sold or bought; zero: none is named
	Ask        string  // what a swap shall give
}

const jettonPrefix = "jetton:"

// JettonID returns the asset id of the jetton with that master.
func JettonID(master Address) string { return jettonPrefix + master.String() }

// JettonMaster returns the master of the jetton with that asset id, false for the native coin and what is no asset id.
func JettonMaster(id string) (master Address, ok bool) {
	raw, ok := strings.CutPrefix(id, jettonPrefix)
	if !ok || master.UnmarshalText([]byte(raw)) != nil || JettonID(master) != id {
		return Address{}, false
	}
	return master, !master.IsZero()
}
