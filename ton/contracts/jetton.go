package contracts

import (
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

const opJettonTransfer = 0x0f8a7ea5

// admit checks a transfer of TEP-74 against the limits of its jetton, in the contract's order. The forward payload is
// the payee's business.
//
//	transfer#0f8a7ea5 query_id:uint64 amount:Coins destination:MsgAddress response_destination:MsgAddress
//	  custom_payload:(Maybe ^Cell) forward_ton_amount:Coins forward_payload:(Either Cell ^Cell)
func (j *JettonRule) admit(a Account, s Spend, now time.Time) error {
	r := read(s.Body)
	r.uint(32) // operation
	r.uint(64) // query_id
	amount := r.coins()
	if r.err == nil && amount.Cmp(j.PerTx) > 0 {
		return refuse(ExitJettonLimit, "transfer of %s units exceeds %s a transaction", amount.Format(0), j.PerTx.Format(0))
	}
	if err := j.checkParties(r, a.Address); err != nil {
		return err
	}
	custom, forward := r.uint(1), r.coins()
	switch {
	case custom == 1:
		return refuse(ExitJettonBody, "transfer has a custom payload")
	case r.err != nil:
		return refuse(ExitCut, "body is not a jetton transfer: %v", r.err)
	case forward.Cmp(s.Amount) > 0:
		return refuse(ExitJettonBody, "transfer forwards %s, only %s are attached", forward, s.Amount)
	}
	if spent, _ := j.Window.At(now).Sum(); exceeds(spent, amount, j.PerDay) {
		return refuse(ExitJettonLimit, "transfer of %s units and %s spent exceed %s a day", amount.Format(0), spent.Format(0), j.PerDay.Format(0))
	}
	return nil
}

// jettonAmount returns what a jetton transfer moves, and whether a body is one.
func jettonAmount(body *cell.Cell) (amount ton.Nano, is bool) {
	r := read(body)
	op := r.uint(32)
	r.uint(64) // query_id
	amount = r.coins()
	return amount, r.err == nil && op == opJettonTransfer
}

// checkParties reads the payee, who must be listed, and where excesses go, which must be the wallet itself.
func (j *JettonRule) checkParties(r *reader, wallet ton.Address) error {
	if head := r.uint(11); r.err == nil && head != addrStdBasechain {
		return refuse(ExitJettonBody, "payee is not a standard address in workchain 0")
	}
	if payee := r.bits256(); r.err == nil && !j.Payees[payee] {
		return refuse(ExitJettonBody, "payee 0:%x is not on the list", payee)
	}
	head, response := r.uint(11), r.bits256()
	if r.err != nil {
		return refuse(ExitCut, "body is not a jetton transfer: %v", r.err)
	}
	if head != addrStdBasechain || response != wallet.Hash {
		return refuse(ExitJettonBody, "excesses of the transfer don't go to the wallet itself")
	}
	return nil
}

// addrStdBasechain is addr_std without anycast in workchain 0 (block.tlb), up to the hash.
const addrStdBasechain = 0b100_00000000
