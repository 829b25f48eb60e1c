package ton_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tvm/cell"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/contracts"
)

const mainnet = -239

var (
	now  = time.Unix(1_790_000_000, 0).UTC()
	bob  = ton.Address{Hash: [32]byte{0xb0}}
	boss = ton.Address{Hash: [32]byte{0x0e}}
	coin = ton.NanoOf(1_000_000_000)
)

func policyState() contracts.State {
	id, err := contracts.WalletID(mainnet, 0)
	if err != nil {
		panic(err)
	}
	return contracts.State{
		Config: contracts.Config{WalletID: id, Spender: [32]byte{1}, PerTx: coin, PerDay: coin, Reserve: coin, MaxCount: 9, MaxValidity: 300},
		Rules:  contracts.Rules{bob.Hash: {Kinds: contracts.KindPlain}}, Owner: boss,
	}
}

func policyWallet(t testing.TB) ton.Wallet {
	t.Helper()
	w, err := ton.NewPolicyWallet(policyState().Data(), mainnet)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func pay(change func(*ton.Transfer)) ton.Transfer {
	t := ton.Transfer{To: bob, Value: coin, Comment: "rent", Bounce: true}
	change(&t)
	return t
}

func asItIs(*ton.Transfer) {}

func build(t testing.TB, w ton.Wallet, p ton.Transfer) []byte {
	t.Helper()
	b, err := ton.Build(w, 7, now.Add(time.Minute), []ton.Transfer{p})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPolicyWalletIsWhereItsStateSays(t *testing.T) {
	w := policyWallet(t)
	if want, err := policyState().Address(); err != nil || w.Address != want {
		t.Errorf("%s, want %s, %v", w.Address, want, err)
	}
	again, err := ton.ReadPolicyWallet(policyState().Data().ToBOC(), mainnet)
	if err != nil || again.Address != w.Address || again.PublicKey != [32]byte{1} || again.Version != ton.PolicyV1 {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestSpendIsBuiltAndDecoded(t *testing.T) {
	w := policyWallet(t)
	for name, p := range map[string]ton.Transfer{"comment": pay(asItIs), "empty": pay(func(t *ton.Transfer) { t.Comment = "" })} {
		boc := build(t, w, p)
		tx, err := ton.Decode(w, boc)
		if err != nil || len(tx.Messages) != 1 || tx.Seqno != 7 || !tx.ValidUntil.Equal(now.Add(time.Minute)) {
			t.Fatalf("%s: %+v, %v", name, tx, err)
		}
		m := tx.Messages[0]
		if m.To != bob || m.Value != coin || !m.Bounce || m.Mode != 3 || m.Comment != p.Comment || m.Op != ton.OpTransfer {
			t.Errorf("%s: %+v", name, m)
		}
		spend, err := ton.DecodeSpend(boc)
		if err != nil || spend.SigningHash() != tx.SigningHash || spend.Account != w.Address.Hash {
			t.Errorf("%s: %+v, %v", name, spend, err)
		}
	}
}

func TestPolicyWalletBuildsNothingElse(t *testing.T) {
	init := policyWallet(t).StateInit()
	for name, c := range map[string]struct {
		change func(*ton.Transfer)
		want   ton.Code
	}{
		"without bounce":      {func(t *ton.Transfer) { t.Bounce = false }, ton.CodeBounce},
		"another workchain":   {func(t *ton.Transfer) { t.To.Workchain = -1 }, ton.CodeAddress},
		"another mode":        {func(t *ton.Transfer) { t.Mode = 128 }, ton.CodeSendMode},
		"code for another":    {func(t *ton.Transfer) { t.Init = init }, ton.CodeStateInit},
		"a body of 31 bits":   {func(t *ton.Transfer) { t.Comment, t.Body = "", cell.BeginCell().MustStoreUInt(1, 31).EndCell() }, ton.CodeOperationUnknown},
		"too large a message": {func(t *ton.Transfer) { t.Comment, t.Body = "", deep(80) }, ton.CodeTooLarge},
	} {
		_, err := ton.Build(policyWallet(t), 7, now.Add(time.Minute), []ton.Transfer{pay(c.change)})
		if code(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if _, err := ton.Build(policyWallet(t), 7, now, nil); code(err) != ton.CodeNoMessage {
		t.Errorf("nothing: %v", err)
	}
	if _, err := ton.Build(policyWallet(t), 7, now, []ton.Transfer{pay(asItIs), pay(asItIs)}); code(err) != ton.CodeTooLarge {
		t.Errorf("two messages: %v", err)
	}
}

func deep(cells int) *cell.Cell {
	c := cell.BeginCell().EndCell()
	for range cells {
		c = cell.BeginCell().MustStoreUInt(7, 32).MustStoreRef(c).EndCell()
	}
	return c
}

func code(err error) ton.Code {
	var r *ton.Refusal
	errors.As(err, &r)
	if r == nil {
		return ""
	}
	return r.Code
}

func TestForeignSpendsAreRefused(t *testing.T) {
	w := policyWallet(t)
	good, err := ton.DecodeSpend(build(t, w, pay(asItIs)))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*ton.Spend)
		want   ton.Code
	}{
		"another subwallet": {func(s *ton.Spend) { s.WalletID ^= 1 }, ton.CodeWalletID},
		"another account":   {func(s *ton.Spend) { s.Account[0]++ }, ton.CodeWallet},
		"a large body":      {func(s *ton.Spend) { s.Body = deep(80) }, ton.CodeTooLarge},
		"a cut comment":     {func(s *ton.Spend) { s.Body = cell.BeginCell().MustStoreUInt(0, 33).EndCell() }, ton.CodeComment},
	} {
		s := good
		if c.change(&s); true {
			if _, err := ton.Decode(w, s.Cell().ToBOC()); code(err) != c.want {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
		}
	}
}

func TestDecodeSpendRefuses(t *testing.T) {
	s, err := ton.DecodeSpend(build(t, policyWallet(t), pay(asItIs)))
	if err != nil {
		t.Fatal(err)
	}
	head := func(op uint64) *cell.Builder { return cell.BeginCell().MustStoreUInt(op, 32) }
	long := head(0x706f6c01).MustStoreUInt(0, 96).MustStoreSlice(s.Account[:], 256).MustStoreSlice(s.To[:], 256).
		MustStoreUInt(2, 4).MustStoreUInt(1, 16).MustStoreMaybeRef(nil).EndCell()
	for name, c := range map[string]struct {
		boc  []byte
		want ton.Code
	}{
		"nothing":     {nil, ton.CodeUndecodable},
		"no cells":    {[]byte("x"), ton.CodeUndecodable},
		"another op":  {head(0x7369676e).EndCell().ToBOC(), ton.CodeOperationUnknown},
		"only an op":  {head(0x706f6c01).EndCell().ToBOC(), ton.CodeUndecodable},
		"surplus":     {s.Cell().ToBuilder().MustStoreBoolBit(false).EndCell().ToBOC(), ton.CodeNotCanonical},
		"long amount": {long.ToBOC(), ton.CodeNotCanonical},
		"too large":   {make([]byte, 60<<10+1), ton.CodeTooLarge},
	} {
		if got, err := ton.DecodeSpend(c.boc); code(err) != c.want {
			t.Errorf("%s: %+v, %v, want %s", name, got, err, c.want)
		}
	}
}

func TestPolicyWalletIsRefused(t *testing.T) {
	spent, zero := policyState(), policyState()
	spent.Seqno = 1
	zero.Config.WalletID ^= 1 << 20 // no subwallet of this network
	for name, data := range map[string]*cell.Cell{
		"nothing": nil, "an empty cell": cell.BeginCell().EndCell(), "one that has spent": spent.Data(), "another network's": zero.Data(),
	} {
		if w, err := ton.NewPolicyWallet(data, mainnet); err == nil {
			t.Errorf("%s: %+v", name, w)
		}
	}
	if _, err := ton.ReadPolicyWallet(make([]byte, ton.MaxPolicyData+1), mainnet); code(err) != ton.CodeTooLarge {
		t.Errorf("too large: %v", err)
	}
	if w, err := ton.NewWallet(ton.PolicyV1, [32]byte{1}, mainnet, 0); err == nil {
		t.Errorf("by its key alone: %+v", w)
	}
	w := policyWallet(t)
	payload := build(t, w, pay(asItIs))
	for name, spoil := range map[string]func(*ton.Wallet){
		"without its data":  func(w *ton.Wallet) { w.Data = nil },
		"with another key":  func(w *ton.Wallet) { w.PublicKey[0]++ },
		"with another id":   func(w *ton.Wallet) { w.ID ^= 1 },
		"at another place":  func(w *ton.Wallet) { w.Address = bob },
		"a W5, with data":   func(w *ton.Wallet) { w.Version = ton.V5R1 },
		"on another's data": func(w *ton.Wallet) { w.Data = zero.Data() },
	} {
		other := w
		if spoil(&other); code(second(ton.Assemble(other, payload, [64]byte{}, true))) == "" {
			t.Errorf("%s: taken", name)
		}
	}
}

func second(_ []byte, err error) error { return err }

// The most that is read can be deployed: StateInit, payload and header together stay within what the chain takes.
func TestDeployedDataFitsTheFirstMessage(t *testing.T) {
	s := policyState()
	for i := range byte(255) {
		s.Rules[[32]byte{i, 1}] = contracts.Rule{Kinds: contracts.KindPlain}
	}
	if len(s.Rules) != contracts.MaxRules {
		t.Fatalf("%d destinations", len(s.Rules))
	}
	w, err := ton.ReadPolicyWallet(s.Data().ToBOC(), mainnet)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("x", 1024)
	boc, err := ton.Assemble(w, build(t, w, pay(func(t *ton.Transfer) { t.Comment = text })), [64]byte{}, true)
	if err != nil || len(boc) > 64<<10 {
		t.Errorf("%d bytes, %v", len(boc), err)
	}
}

// What a policy wallet's owner sends is written and read by the same rules as what a payload sends.
func TestMessageIsEncodedAndDecoded(t *testing.T) {
	c, err := ton.EncodeMessage(pay(asItIs))
	if err != nil {
		t.Fatal(err)
	}
	m, err := ton.DecodeMessage(c)
	if err != nil || m.To != bob || m.Value != coin || m.Comment != "rent" || !m.Bounce {
		t.Errorf("%+v, %v", m, err)
	}
	long, err := ton.EncodeMessage(pay(func(t *ton.Transfer) { t.Comment = strings.Repeat("x", 500) })) // its body is in a cell of its own
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]*cell.Cell{
		"a bit more": long.ToBuilder().MustStoreBoolBit(true).EndCell(), "nothing": cell.BeginCell().EndCell(),
	} {
		if m, err := ton.DecodeMessage(other); err == nil {
			t.Errorf("%s: %+v", name, m)
		}
	}
	if _, err := ton.EncodeMessage(pay(func(t *ton.Transfer) { t.Comment = strings.Repeat("x", 1025) })); code(err) != ton.CodeComment {
		t.Errorf("a long comment: %v", err)
	}
}
