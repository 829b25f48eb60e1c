package contracts

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Check says what the contract says, with the same exit code, for random wallets and spends near every limit.
func TestCheckAgreesWithTheContract(t *testing.T) {
	seen := make(map[Exit]int)
	for seed := range uint64(3000) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		s := randomState(rnd)
		w := newWallet(t, s, 3*one)
		if s.Config.Reserve.Cmp(ton.NanoOf(2*one)) >= 0 { // nothing near the edge that fees would blur
			w = newWallet(t, s, uint64(rnd.IntN(4))*one+500*milli)
		}
		w.now = testNow.Add(time.Duration(rnd.IntN(3)) * slotTime)
		spend := w.randomSpend(rnd)
		want := Exit(0)
		if err := Check(w.asSeen(), spend, w.now); err != nil {
			var refusal *Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("seed %d: %v", seed, err)
			}
			want = refusal.Exit
		}
		if r := w.execute(spend); r.exit != want || r.accepted != (want == 0) {
			t.Errorf("seed %d: the contract says %d, Check %d: %+v", seed, r.exit, want, spend)
		}
		seen[want]++
	}
	for _, exit := range []Exit{
		0, ExitCut, ExitFrozen, ExitSeqno, ExitWalletID, ExitExpired, ExitAccount, ExitValidity, ExitPerTx, ExitPerDay, ExitDestination, ExitKind,
		ExitOpNotListed, ExitShortBody, ExitCount, ExitReserve, ExitJettonBody, ExitJettonLimit,
	} {
		if seen[exit] == 0 {
			t.Errorf("exit %d never came up", exit)
		}
	}
}

func pick[T any](rnd *rand.Rand, of ...T) T { return of[rnd.IntN(len(of))] }

// often is true but for one in n.
func often(rnd *rand.Rand, n int) bool { return rnd.IntN(n) > 0 }

func randomState(rnd *rand.Rand) State {
	s := testState()
	s.Frozen, s.Seqno = !often(rnd, 40), rnd.Uint32N(3)
	s.Config.MaxCount, s.Config.Reserve = pick[uint16](rnd, 3, 6, 500), pick(rnd, ton.NanoOf(100*milli), ton.NanoOf(100*milli), ton.NanoOf(2*one))
	s.Config.Ops = pick(rnd, nil, []uint32{opStake}, []uint32{1, 2, opStake, 1 << 31})
	slices.Sort(s.Config.Ops)
	s.Window = randomWindow(rnd, one)
	for _, to := range [][32]byte{bob, pool, jettons} {
		rule := Rule{Kinds: Kinds(1 + rnd.IntN(7))}
		if rule.Kinds&KindJetton != 0 {
			rule.Jetton = &JettonRule{PerTx: ton.NanoOf(5), PerDay: ton.NanoOf(20), Window: randomWindow(rnd, 3), Payees: map[[32]byte]bool{payee: true}}
		}
		s.Rules[to] = rule
	}
	return s
}

func randomWindow(rnd *rand.Rand, unit uint64) (w Window) {
	w.Number = uint32(slotOf(testNow)) - rnd.Uint32N(7)
	for i := range w.Slots {
		if rnd.IntN(2) == 0 {
			w.Slots[i] = Slot{Amount: rnd.Uint64N(4) * unit, Count: uint16(rnd.IntN(2))}
		}
	}
	return w
}

func (w *wallet) randomSpend(rnd *rand.Rand) Spend {
	s := w.spend(pick(rnd, bob, pool, jettons), pick[uint64](rnd, 0, 1, one-1, one), w.randomBody(rnd))
	if often(rnd, 3) {
		return s
	}
	switch rnd.IntN(7) {
	case 0:
		s.WalletID++
	case 1:
		s.Seqno++
	case 2:
		s.Account[0]++
	case 3:
		s.To[0]++
	case 4:
		s.ValidUntil = w.now.Add(pick[time.Duration](rnd, 0, 1, 300, 301) * time.Second)
	case 5:
		s.Amount = ton.NanoOf(one + 1)
	case 6:
		s.ValidUntil = w.now.Add(-time.Hour)
	}
	return s
}

func (w *wallet) randomBody(rnd *rand.Rand) *cell.Cell {
	transfer := w.transfer(rnd.Uint64N(8), func(j *jettonBody) {
		switch rnd.IntN(12) {
		case 0:
			j.to = pick(rnd, ton.Address{Hash: bob}, ton.Address{}, ton.Address{Workchain: -1, Hash: payee})
		case 1:
			j.response = pick(rnd, ton.Address{Hash: bob}, ton.Address{}, ton.Address{Workchain: -1, Hash: w.addr.Hash})
		case 2:
			j.custom = op(1)
		case 3:
			j.forward = pick[uint64](rnd, 0, 1, one, one+1)
		}
	})
	if rnd.IntN(8) == 0 { // cut anywhere
		bits := rnd.UintN(transfer.BitsSize())
		transfer = cell.BeginCell().MustStoreSlice(transfer.MustBeginParse().MustLoadSlice(bits), bits).EndCell()
	}
	return pick(rnd, nil, cell.BeginCell().EndCell(), comment("x"), op(opStake), op(rnd.Uint64N(4)), transfer, transfer, transfer,
		cell.BeginCell().MustStoreUInt(0, uint(rnd.IntN(32))).EndCell(), cell.BeginCell().MustStoreRef(op(0)).EndCell(), libraryCell(op(0)))
}
