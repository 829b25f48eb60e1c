package ton

import (
	"fmt"
	"time"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// maxGasless is how long a relayer may hold a payload: anyone can deliver it at any moment, and a failure leaves its
// seqno unused.
const maxGasless = 300 * time.Second

// DecodeGasless reads a V5R1 payload that a relayer carries to the wallet in an internal message and pays for
// (internal_signed). Its shape is checked too: one payment, and at most one fee for the relayer in the same jetton.
func DecodeGasless(w Wallet, payload []byte, now time.Time) (Transaction, error) {
	t, err := ReadGasless(w, payload)
	if err != nil {
		return Transaction{}, err
	}
	if t.ValidUntil.After(now.Add(maxGasless)) || !t.ValidUntil.After(now) {
		return Transaction{}, refuse(CodeGasless, "valid until %s, want later than now and at most %s", t.ValidUntil, maxGasless)
	}
	if err := t.checkGasless(); err != nil {
		return Transaction{}, err
	}
	return t, nil
}

// BuildGasless is Build for a payload that a relayer carries: one payment, and at most one fee, of a jetton.
func BuildGasless(w Wallet, seqno uint32, validUntil time.Time, t []Transfer) ([]byte, error) {
	if w.Version != V5R1 {
		return nil, refuse(CodeGasless, "%s takes no payload from a relayer", w.Version)
	}
	payload, err := build(w, opInternalSigned, seqno, validUntil, t)
	if err != nil {
		return nil, err
	}
	read, err := ReadGasless(w, payload)
	if err == nil {
		err = read.checkGasless()
	}
	return payload, err
}

// ReadGasless reads what DecodeGasless does, whenever it was valid and however it is shaped: to explain what was executed.
func ReadGasless(w Wallet, payload []byte) (Transaction, error) { return decode(w, payload, Gasless) }

// AssembleGasless returns the body that carries payload and sig to the wallet in a relayer's internal message, as a bag of
// cells. Neither is checked, as with Assemble.
func AssembleGasless(w Wallet, payload []byte, sig [64]byte) ([]byte, error) {
	if w.Version != V5R1 {
		return nil, refuse(CodeGasless, "%s takes no payload from a relayer", w.Version)
	}
	root, err := readCells(payload)
	if err != nil {
		return nil, err
	}
	body, err := joinBehind(root, sig)
	if err != nil {
		return nil, err
	}
	return body.ToBOC(), nil
}

func (t Transaction) checkGasless() error {
	fees := 0
	for _, m := range t.Messages {
		j, ok := m.Detail.(Jetton)
		switch {
		case !ok || m.Op != OpJettonTransfer || j.Payload.Swap.Venue != "" || j.Custom != Custom{}:
			return refuse(CodeGasless, "a message is not the payment of a jetton")
		case m.To != t.Messages[0].To:
			return refuse(CodeGasless, "messages go to different jetton wallets")
		case !m.Bounce:
			return refuse(CodeBounce, "a gasless payment does not bounce")
		}
		if j.RelayerFee() {
			fees++
		}
	}
	if payments := len(t.Messages) - fees; payments != 1 || fees > 1 {
		return refuse(CodeGasless, "%d payments and %d relayer fees", payments, fees)
	}
	return nil
}

// RelayerFee reports whether a transfer is a relayer's fee, which says so in its forward payload.
func (j Jetton) RelayerFee() bool { return j.Payload.Opcode == opRelayerFee }

// CheckRelayer refuses a gasless payload of which coins that are left, or the fee, go to another account than the wallet
// or the relayer that was declared, or whose fee is above most, in the jetton's smallest unit.
func (t Transaction) CheckRelayer(relayer Address, most Nano) error {
	if t.Kind != Gasless {
		return refuse(CodeGasless, "payload is %s", fmt.Sprint(t.Kind))
	}
	for _, m := range t.Messages {
		j, _ := m.Detail.(Jetton)
		if j.Response != t.Wallet && j.Response != relayer {
			return refuse(CodeForeignAddress, "the response address is %s, neither the wallet nor the relayer", j.Response)
		}
		if !j.Forward.IsZero() && j.Forward.Cmp(m.Value) >= 0 {
			return refuse(CodeForward, "%s TON go on, %s TON are attached", j.Forward, m.Value)
		}
		if j.RelayerFee() && (j.Destination != relayer || j.Amount.Cmp(most) > 0) {
			return refuse(CodeGasless, "a fee of %s smallest units to %s, at most %s to the relayer", j.Amount.Big(), j.Destination, most.Big())
		}
	}
	return nil
}

// RunGasless shows what payload, which DecodeGasless has read, would do if a relayer delivered it with that many coins,
// in a block at the time now, if its signature were good. Accepted says that the seqno was used up: a V5R1 wallet takes
// the coins in silence if it doesn't like what came with them. Fees are what the wallet and the relayer paid together.
func (e *Emulator) RunGasless(w Wallet, acc Account, payload []byte, value Nano, now time.Time) (Outcome, error) {
	if w.Version != V5R1 {
		return Outcome{}, refuse(CodeGasless, "%s takes no payload from a relayer", w.Version)
	}
	root, err := readCells(payload)
	if err != nil {
		return Outcome{}, err
	}
	if err := acc.CheckOwn(w); err != nil {
		return Outcome{}, err
	}
	msg, err := deliver(w, root, value, acc, now)
	if err != nil {
		return Outcome{}, fmt.Errorf("emulate: %w", err)
	}
	out, err := (&run{e: e, w: w, now: now, lt: int64(acc.LastLT + 2)}).outcome(acc, msg, root, value)
	out.Accepted = out.Accepted && out.SeqnoAfter == acc.Seqno+1
	return out, err
}

// deliver writes the internal message that a relayer sends. From where doesn't matter to the wallet; what bounces goes
// back there.
func deliver(w Wallet, payload *cell.Cell, value Nano, acc Account, now time.Time) (*cell.Cell, error) {
	body, err := joinBehind(payload, standIn)
	if err != nil {
		return nil, err
	}
	msg := tlb.InternalMessage{
		IHRDisabled: true, Bounce: true, SrcAddr: toTonutils(Address{}), DstAddr: toTonutils(w.Address),
		Amount: tlb.FromNanoTON(value.Big()), CreatedLT: acc.LastLT + 1, CreatedAt: uint32(now.Unix()), Body: body,
	}
	if acc.Status != StatusActive {
		msg.StateInit = &tlb.StateInit{Code: layoutV5.code, Data: dataV5R1(w.ID, 0, w.PublicKey)}
	}
	return tlb.ToCell(&msg)
}
