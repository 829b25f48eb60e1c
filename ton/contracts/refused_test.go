package contracts

import (
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Every exit code of a spend, each with the nearest spend that passes.
func TestSpendIsRefused(t *testing.T) {
	other := func(change func(*Spend)) func(*wallet) Spend {
		return func(w *wallet) Spend { s := w.spend(bob, one, nil); change(&s); return s }
	}
	with := func(to [32]byte, amount uint64, body *cell.Cell) func(*wallet) Spend {
		return func(w *wallet) Spend { return w.spend(to, amount, body) }
	}
	for name, c := range map[string]struct {
		spend func(*wallet) Spend
		want  Exit
	}{
		"good":                    {with(bob, one, nil), 0},
		"wallet id":               {other(func(s *Spend) { s.WalletID ^= 1 }), ExitWalletID},
		"seqno ahead":             {other(func(s *Spend) { s.Seqno++ }), ExitSeqno},
		"another account":         {other(func(s *Spend) { s.Account[31] ^= 1 }), ExitAccount},
		"last second":             {other(func(s *Spend) { s.ValidUntil = testNow.Add(time.Second) }), 0},
		"expired":                 {other(func(s *Spend) { s.ValidUntil = testNow }), ExitExpired},
		"longest validity":        {other(func(s *Spend) { s.ValidUntil = testNow.Add(300 * time.Second) }), 0},
		"too long a validity":     {other(func(s *Spend) { s.ValidUntil = testNow.Add(301 * time.Second) }), ExitValidity},
		"over per_tx":             {with(bob, one+1, nil), ExitPerTx},
		"not listed":              {with(payee, one, nil), ExitDestination},
		"itself":                  {other(func(s *Spend) { s.To = s.Account }), ExitDestination},
		"operation to plain":      {with(bob, one, op(opStake)), ExitKind},
		"jetton to plain":         {with(bob, one, op(opJettonTransfer)), ExitKind},
		"jetton to operations":    {with(pool, one, op(opJettonTransfer)), ExitKind},
		"plain to operations":     {with(pool, one, nil), ExitKind},
		"empty to operations":     {with(pool, one, cell.BeginCell().EndCell()), ExitKind},
		"comment to operations":   {with(pool, one, comment("d")), ExitKind},
		"plain to jetton":         {with(jettons, one, nil), ExitKind},
		"operation to jetton":     {with(jettons, one, op(opStake)), ExitKind},
		"operation not listed":    {with(pool, one, op(opStake+1)), ExitOpNotListed},
		"31 bits":                 {with(bob, one, cell.BeginCell().MustStoreUInt(0, 31).EndCell()), ExitShortBody},
		"only a reference":        {with(bob, one, cell.BeginCell().MustStoreRef(op(0)).EndCell()), ExitShortBody},
		"library body":            {with(bob, one, libraryCell(op(0))), ExitShortBody},
		"library body to pool":    {with(pool, one, libraryCell(op(opStake))), ExitShortBody},
		"transfer that is cut":    {with(jettons, one, op(opJettonTransfer)), ExitCut},
		"amount beyond all types": {other(func(s *Spend) { s.Amount = ton.MaxNano }), ExitPerTx},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWallet(t, testState(), 5*one)
			w.wantExit(c.spend(w), c.want)
		})
	}
}

func TestJettonTransferIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		units  uint64
		change func(*jettonBody)
		want   Exit
	}{
		"good":                    {5 * usdt, nil, 0},
		"nothing":                 {0, nil, 0},
		"over per_tx":             {5*usdt + 1, nil, ExitJettonLimit},
		"unlisted payee":          {1, func(j *jettonBody) { j.to.Hash = bob }, ExitJettonBody},
		"masterchain payee":       {1, func(j *jettonBody) { j.to.Workchain = -1 }, ExitJettonBody},
		"excesses to payee":       {1, func(j *jettonBody) { j.response.Hash = payee }, ExitJettonBody},
		"excesses to masterchain": {1, func(j *jettonBody) { j.response.Workchain = -1 }, ExitJettonBody},
		"excesses to nobody":      {1, func(j *jettonBody) { j.response = ton.Address{} }, ExitCut},
		"custom payload":          {1, func(j *jettonBody) { j.custom = op(0) }, ExitJettonBody},
		"forwards all":            {1, func(j *jettonBody) { j.forward = 50 * milli }, 0},
		"forwards more":           {1, func(j *jettonBody) { j.forward = 50*milli + 1 }, ExitJettonBody},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWallet(t, testState(), 5*one)
			w.wantExit(w.spend(jettons, 50*milli, w.transfer(c.units, c.change)), c.want)
		})
	}
}

func TestSpendIsRefusedBySignature(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	s := w.spend(bob, one, nil)
	sig := sign(s)
	sig[0] ^= 1
	if r := w.deliver(mustCell(t, assemble(s, sig, nil))); r.exit != ExitSignature || r.accepted {
		t.Errorf("%+v", r)
	}
	changed := s
	changed.Amount = ton.NanoOf(one - 1)
	if r := w.deliver(mustCell(t, assemble(changed, sign(s), nil))); r.exit != ExitSignature || r.accepted {
		t.Errorf("%+v", r)
	}
}

// What isn't a spend in its layout is not accepted, whatever the signature.
func TestBodiesThatAreNoSpend(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	good := w.spend(bob, one, nil)
	sig := sign(good)
	signed := func(payload *cell.Cell) *cell.Builder {
		return cell.BeginCell().MustStoreSlice(sig[:], 512).MustStoreRef(payload)
	}
	for name, c := range map[string]struct {
		body *cell.Cell
		want Exit
	}{
		"nothing":         {cell.BeginCell().EndCell(), ExitCut},
		"half signature":  {cell.BeginCell().MustStoreSlice(sig[:], 256).EndCell(), ExitCut},
		"no payload":      {cell.BeginCell().MustStoreSlice(sig[:], 512).EndCell(), ExitCut},
		"a bit more":      {signed(good.Cell()).MustStoreBoolBit(false).EndCell(), ExitCut},
		"a reference":     {signed(good.Cell()).MustStoreRef(op(0)).EndCell(), ExitCut},
		"another op":      {signed(cell.BeginCell().MustStoreUInt(0x7369676e, 32).EndCell()).EndCell(), ExitOp},
		"no op":           {signed(cell.BeginCell().EndCell()).EndCell(), ExitOp},
		"only an op":      {signed(op(0x706f6c01)).EndCell(), ExitCut},
		"library payload": {signed(libraryCell(good.Cell())).EndCell(), ExitCut},
	} {
		if r := w.external(c.body); r.accepted || r.exit != c.want {
			t.Errorf("%s: exit %d, accepted %t, want %d", name, r.exit, r.accepted, c.want)
		}
	}
	if r := w.external(signed(good.Cell()).EndCell()); !r.accepted || r.exit != 0 {
		t.Errorf("the good one: %+v", r)
	}
}

// libraryCell stands for content that a library of the masterchain would have to hold.
func libraryCell(content *cell.Cell) *cell.Cell {
	c, err := cell.BeginCell().MustStoreUInt(2, 8).MustStoreSlice(content.Hash(), 256).EndCellSpecial(true)
	if err != nil {
		panic(err)
	}
	return c
}
