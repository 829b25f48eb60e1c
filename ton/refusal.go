package ton

import "fmt"

// Code names why bytes were refused. Codes are stable: they are reason codes of the guard and appear in its audit.
type Code string

const (
	CodeUndecodable      Code = "undecodable"       // not one complete bag of cells with the wallet's layout
	CodeTooLarge         Code = "payload_too_large" // beyond a cap of limits.go
	CodeExoticCell       Code = "exotic_cell"       // a pruned, library, Merkle or unknown cell
	CodeNotCanonical     Code = "not_canonical"     // surplus bits or references, non-minimal numbers
	CodeWallet           Code = "wallet_mismatch"   // not the wallet's version, address, key, code or settings
	CodeWalletID         Code = "wallet_id"         // made for another network or subwallet
	CodeOperationUnknown Code = "operation_unknown" // a request, action or message that is never signed
	CodeNoMessage        Code = "no_message"        // nothing would be sent
	CodeSendMode         Code = "send_mode"         // other than exactly 3
	CodeStateInit        Code = "state_init"        // a StateInit that is not the destination's own, or has more than code and data
	CodeMessageHeader    Code = "message_header"    // fields that only the chain may set
	CodeExtraCurrency    Code = "extra_currency"    // value in other than the native coin
	CodeAddress          Code = "address"           // anycast, external, variable or in an unknown workchain
	CodeComment          Code = "comment"           // too long, not UTF-8, or not in the layout of a comment
	CodeBody             Code = "body"              // not the layout of its operation, or a part of it that is never signed
	CodeForeignAddress   Code = "foreign_address"   // what is left, sent back or bought would go to another account
	CodeForward          Code = "forward_amount"    // more coins go on than are attached
	CodeSwap             Code = "swap"              // without a minimum, too long valid, or with too high a fee
	CodeFacts            Code = "facts_missing"     // what the operation means depends on contracts that were not proven
	CodeJettonLocked     Code = "jetton_locked"     // the own jetton wallet may not send now
	CodeJettonBalance    Code = "jetton_balance"    // the own jetton wallet doesn't hold as much
	CodeDelivery         Code = "hop"               // what the own jetton wallet or item does isn't what was decoded, or nobody has run it
	CodeGasless          Code = "gasless"           // not one payment and at most one fee of the same jetton
	CodeBounce           Code = "bounce"            // against what the destination's form and state ask for
)

// Refusal is the error of everything here that judges bytes. Its Reason is a sentence for people.
type Refusal struct {
	Code   Code
	Reason string
}

func (r *Refusal) Error() string { return string(r.Code) + ": " + r.Reason }

func refuse(code Code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Reason: fmt.Sprintf(format, args...)}
}
