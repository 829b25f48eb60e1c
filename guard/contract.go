package guard

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/contracts"
)

// CustodyContract: the parties' key is the spender of a policy wallet, which its owner binds on chain. The guards refuse
// what the contract would refuse, before anything is signed; and the contract refuses it also when guards are wrong.
const CustodyContract Custody = "smart_contract"

// NewContractWallet is the record of a policy wallet that is deployed in the state initial, whose spender is a key that the
// parties share. Address, owner, guardian and first policy follow from that state.
func NewContractWallet(id, key string, epoch uint32, initial contracts.State, globalID int32) (WalletRecord, error) {
	if _, err := initial.StateInit(); err != nil {
		return WalletRecord{}, err
	}
	data := initial.Data().ToBOC()
	w, err := ton.ReadPolicyWallet(data, globalID)
	if err != nil {
		return WalletRecord{}, err
	}
	first, err := contracts.WalletID(globalID, 0)
	return WalletRecord{
		ID: id, Custody: CustodyContract, Key: key, Epoch: epoch, Version: w.Version, PublicKey: w.PublicKey, GlobalID: globalID,
		Subwallet: uint16(w.ID ^ first), WalletID: w.ID, Address: w.Address, Data: base64.StdEncoding.EncodeToString(data),
	}, err
}

// Contract returns the state that a policy wallet is deployed in.
func (r WalletRecord) Contract() (contracts.State, error) {
	w := r.TON()
	if w.Data == nil {
		return contracts.State{}, errors.New("the wallet is no policy wallet, or its data can't be read")
	}
	return contracts.ReadState(w.Data)
}

// ContractAt returns the state of a policy wallet in acc, its own account: the one it is deployed in as long as nothing is.
func (r WalletRecord) ContractAt(acc ton.Account) (contracts.State, error) {
	initial, err := r.Contract()
	if err != nil || acc.Status != ton.StatusActive {
		return initial, err
	}
	data, err := acc.Data()
	if err != nil {
		return contracts.State{}, err
	}
	s, err := contracts.ReadState(data)
	if err == nil && (s.Owner != initial.Owner || s.Guardian != initial.Guardian) {
		err = errors.New("the account has another owner or guardian than the wallet's record")
	}
	return s, err
}

// policyWalletOf reads a record's data into w; what can't be read stays away, and package ton refuses such a wallet.
func policyWalletOf(r WalletRecord, w ton.Wallet) ton.Wallet {
	data, err := base64.StdEncoding.Strict().DecodeString(r.Data)
	if err != nil {
		return w
	}
	if p, err := ton.ReadPolicyWallet(data, r.GlobalID); err == nil {
		w.Data = p.Data
	}
	return w
}

// ContractCase is a spend of a policy wallet and the state it meets, read. A list of 256 destinations takes milliseconds, for
// which no ledger transaction should wait.
type ContractCase struct {
	state contracts.State
	spend ton.Spend
	terms [32]byte // of state
	after [32]byte // hash of the data that the spend leaves
	err   error    // why they can't be read
}

// ReadContract reads the payload of a policy wallet and its proven account; nil for another wallet.
func ReadContract(w WalletRecord, acc ton.Account, payload []byte) *ContractCase {
	if w.Custody != CustodyContract {
		return nil
	}
	c := &ContractCase{}
	if c.state, c.err = w.ContractAt(acc); c.err != nil {
		return c
	}
	if c.spend, c.err = ton.DecodeSpend(payload); c.err != nil {
		return c
	}
	c.terms, c.after = termsOf(c.state), [32]byte(c.state.After(c.spend, acc.Time).Data().HashKey())
	return c
}

// loadContract takes what the caller has read, or reads it now.
func (e *evaluation) loadContract(Tx) error {
	if e.wallet == nil || e.wallet.Custody != CustodyContract || e.c.Refusal != nil {
		return nil
	}
	if e.contract = e.c.Contract; e.contract == nil {
		e.contract = ReadContract(*e.wallet, e.c.Account, e.c.Payload)
	}
	if c := *e.contract; c.err == nil && c.spend.SigningHash() != e.c.Tx.SigningHash {
		e.contract = &ContractCase{err: errors.New("the payload's bytes are not those that were read")}
	}
	return nil
}

// onChain says what the policy wallet itself would refuse.
func (e *evaluation) onChain() []Verdict {
	c := e.contract
	switch {
	case c == nil:
		return nil
	case c.err != nil:
		return []Verdict{deny(ReasonPolicyWalletState, c.err.Error(), "")}
	case e.c.Facts[0].Account.Status != ton.StatusActive:
		return []Verdict{deny(Reason(ton.CodeBounce), "nothing is deployed at "+e.c.Tx.Messages[0].To.String(), "a policy wallet's messages bounce")}
	}
	err := contracts.Account{State: c.state, Address: e.wallet.Address, Balance: e.c.Account.Balance}.Admit(c.spend, e.at)
	var refusal *contracts.Refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refusal):
		return []Verdict{deny(exitReason(refusal.Exit), refusal.Reason, "exit "+strconv.Itoa(int(refusal.Exit)))}
	}
	return []Verdict{deny(ReasonPolicyWalletState, err.Error(), "")}
}

// rejected is the reason of a payload that the wallet did not accept in emulation. A policy wallet says why.
func (e *evaluation) rejected(exit int32) Reason {
	if e.contract == nil {
		return ReasonSimulationRejected
	}
	return exitReason(contracts.Exit(exit))
}

// counted checks that a policy wallet's data would become exactly what its rules make of this spend.
func (e *evaluation) counted(o ton.Outcome) []Verdict {
	c := e.contract
	if c == nil || c.err != nil {
		return nil // layer 5 refuses what can't be read
	}
	if o.Data != c.after {
		return []Verdict{deny(ReasonSimulationState, fmt.Sprintf("data %x", o.Data), fmt.Sprintf("data %x", c.after))}
	}
	return nil
}

// exits says which reason stands for an exit code of the contract. Those that are missing can't be met by a payload that
// passed the layers before, unless the two disagree about it.
var exits = map[contracts.Exit]Reason{
	contracts.ExitFrozen:      ReasonPolicyWalletFrozen,
	contracts.ExitPerTx:       ReasonPolicyWalletTransaction,
	contracts.ExitPerDay:      ReasonPolicyWalletDay,
	contracts.ExitCount:       ReasonPolicyWalletCount,
	contracts.ExitReserve:     ReasonPolicyWalletReserve,
	contracts.ExitValidity:    ReasonPolicyWalletValidity,
	contracts.ExitDestination: ReasonPolicyWalletDestination,
	contracts.ExitKind:        ReasonPolicyWalletKind,
	contracts.ExitOpNotListed: ReasonPolicyWalletOperation,
	contracts.ExitJettonBody:  ReasonPolicyWalletJetton,
	contracts.ExitJettonLimit: ReasonPolicyWalletJettonLimit,
}

func exitReason(x contracts.Exit) Reason {
	if r, ok := exits[x]; ok {
		return r
	}
	return ReasonPolicyWalletRefused
}
