package contracts

import "fmt"

// Exit is an exit code of the contract. The zero value is success, so it is never in a Refusal.
type Exit int32

// The exit codes, in the order of layout.tolk.
const (
	ExitCut         Exit = 9   // TVM: a cell is cut, has a surplus, or an address is not a standard one
	ExitOp          Exit = 130 // a signed payload is not a spend
	ExitFrozen      Exit = 131
	ExitSender      Exit = 132 // an owner's operation from somebody else
	ExitSeqno       Exit = 133
	ExitWalletID    Exit = 134 // another network or subwallet
	ExitSignature   Exit = 135
	ExitExpired     Exit = 136
	ExitAccount     Exit = 137 // signed for another contract
	ExitValidity    Exit = 138 // valid_until is further ahead than max_validity
	ExitPerTx       Exit = 200
	ExitPerDay      Exit = 201
	ExitDestination Exit = 202 // not on the list
	ExitKind        Exit = 203 // on the list, but not for this kind of message
	ExitOpNotListed Exit = 204
	ExitShortBody   Exit = 205 // shorter than an operation, or an exotic cell
	ExitCount       Exit = 206
	ExitReserve     Exit = 207
	ExitJettonBody  Exit = 208 // not exactly a transfer to a listed payee with excesses to the wallet
	ExitJettonLimit Exit = 209
	ExitBadPolicy   Exit = 210
	ExitMode        Exit = 211
)

// Refusal says why the contract would refuse, and with which exit code.
type Refusal struct {
	Exit   Exit
	Reason string
}

func (r *Refusal) Error() string { return fmt.Sprintf("exit %d: %s", r.Exit, r.Reason) }

func refuse(exit Exit, format string, args ...any) *Refusal {
	return &Refusal{Exit: exit, Reason: fmt.Sprintf(format, args...)}
}
