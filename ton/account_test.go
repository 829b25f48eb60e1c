package ton

import (
	"testing"

	"github.com/xssnick/tonutils-go/address"
	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/ton/wallet"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// dataOf writes V5R1 data with each field open.
func dataOf(allowed bool, seqno, id uint32, pub [32]byte, extensions *cell.Cell) *cell.Cell {
	return cell.BeginCell().MustStoreBoolBit(allowed).MustStoreUInt(uint64(seqno), 32).MustStoreUInt(uint64(id), 32).
		MustStoreSlice(pub[:], 256).MustStoreMaybeRef(extensions).EndCell()
}

func TestAccountStates(t *testing.T) {
	w := testWallet(t)
	foreign := cell.BeginCell().MustStoreUInt(0xf800, 16).EndCell()
	frozen := shardOf(t, bob, ton1, nil, nil)
	var st tlb.AccountState
	if err := tlb.Parse(&st, frozen.Account); err != nil {
		t.Fatal(err)
	}
	st.Status, st.StateHash = tlb.AccountStatusFrozen, make([]byte, 32)
	frozen.Account, _ = st.ToCell()

	likeV4 := cell.BeginCell().MustStoreUInt(9, 32).MustStoreUInt(0, 32).MustStoreSlice(w.PublicKey[:], 256).MustStoreBoolBit(false).EndCell()
	codeless := shardOf(t, bob, ton1, foreign, emptyCell())
	if err := tlb.Parse(&st, codeless.Account); err != nil {
		t.Fatal(err)
	}
	st.StateInit.Code = nil
	codeless.Account, _ = st.ToCell()

	for name, c := range map[string]struct {
		shard *tlb.ShardAccount
		want  Account
	}{
		"absent":          {nil, Account{Status: StatusAbsent}},
		"deleted":         {&tlb.ShardAccount{Account: absentShard().Account, LastTransHash: make([]byte, 32), LastTransLT: 5}, Account{Status: StatusAbsent, LastLT: 5}},
		"uninit":          {shardOf(t, bob, ton1, nil, nil), Account{Status: StatusUninit, Balance: ton1, LastLT: 1000, LastHash: [32]byte{7}}},
		"frozen":          {frozen, Account{Status: StatusFrozen, Balance: ton1, LastLT: 1000, LastHash: [32]byte{7}}},
		"wallet":          {shardOf(t, bob, ton1, layoutV5.code, dataV5R1(w.ID, 9, w.PublicKey)), Account{Status: StatusActive, Balance: ton1, LastLT: 1000, LastHash: [32]byte{7}, CodeHash: hash(codeHashV5R1), Seqno: 9, Known: V5R1}},
		"contract":        {shardOf(t, bob, ton1, foreign, emptyCell()), Account{Status: StatusActive, Balance: ton1, LastLT: 1000, LastHash: [32]byte{7}, CodeHash: [32]byte(foreign.HashKey())}},
		"not wallet data": {shardOf(t, bob, ton1, layoutV5.code, emptyCell()), Account{Status: StatusActive, Balance: ton1, LastLT: 1000, LastHash: [32]byte{7}, CodeHash: hash(codeHashV5R1)}},
		"surplus data":    {shardOf(t, bob, ton1, layoutV5.code, dataV5R1(w.ID, 9, w.PublicKey).ToBuilder().MustStoreUInt(0, 1).EndCell()), Account{Status: StatusActive, Balance: ton1, LastLT: 1000, LastHash: [32]byte{7}, CodeHash: hash(codeHashV5R1)}},
		"like a wallet":   {shardOf(t, bob, ton1, foreign, likeV4), Account{Status: StatusActive, Balance: ton1, LastLT: 1000, LastHash: [32]byte{7}, CodeHash: [32]byte(foreign.HashKey())}},
		"extended wallet": {shardOf(t, bob, ton1, layoutV5.code, dataOf(true, 9, w.ID, w.PublicKey, emptyCell())), Account{Status: StatusActive, Balance: ton1, LastLT: 1000, LastHash: [32]byte{7}, CodeHash: hash(codeHashV5R1), Seqno: 9, Known: V5R1}},
		"no code":         {codeless, Account{Status: StatusActive, Balance: ton1, LastLT: 1000, LastHash: [32]byte{7}}},
		"no data":         {shardOf(t, bob, ton1, layoutV5.code, nil), Account{Status: StatusActive, Balance: ton1, LastLT: 1000, LastHash: [32]byte{7}, CodeHash: hash(codeHashV5R1)}},
	} {
		got := mustAccount(t, bob, c.shard)
		if got.MCSeqno != 42 || !got.Time.Equal(testNow) || !got.Proven || got.Address != bob {
			t.Errorf("%s: %+v has another origin", name, got)
		}
		got.Address, got.MCSeqno, got.Time, got.Proven, got.shard = Address{}, 0, c.want.Time, false, nil
		if got.Known != "" {
			got.data = walletData{}
		}
		if got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, c.want)
		}
	}
}

func TestSeqnoOfEveryPinnedWallet(t *testing.T) {
	for v, config := range map[Version]wallet.VersionConfig{V3R1: wallet.V3R1, V3R2: wallet.V3R2, V4R1: wallet.V4R1, V4R2: wallet.V4R2} {
		init, err := wallet.GetStateInit(make([]byte, 32), config, 0)
		if err != nil {
			t.Fatal(err)
		}
		s := init.Data.MustBeginParse()
		s.MustLoadUInt(32)
		data := cell.BeginCell().MustStoreUInt(77, 32).MustStoreBuilder(s.ToBuilder()).EndCell()
		if acc := mustAccount(t, bob, shardOf(t, bob, ton1, init.Code, data)); acc.Known != v || acc.Seqno != 77 {
			t.Errorf("%s was read as %q with seqno %d", v, acc.Known, acc.Seqno)
		}
	}
}

func TestNewAccountRefuses(t *testing.T) {
	other := shardOf(t, Address{Hash: [32]byte{1}}, ton1, nil, nil)
	workchain := shardOf(t, Address{Workchain: -1, Hash: bob.Hash}, ton1, nil, nil)
	cut := shardOf(t, bob, ton1, nil, nil)
	cut.Account = cell.BeginCell().MustStoreUInt(1, 1).EndCell()
	noHash := shardOf(t, bob, ton1, nil, nil)
	noHash.LastTransHash = nil
	cast := shardOf(t, bob, ton1, nil, nil)
	var st tlb.AccountState
	if err := tlb.Parse(&st, cast.Account); err != nil {
		t.Fatal(err)
	}
	st.Address = st.Address.WithAnycast(address.NewAnycast(1, []byte{0x80}))
	cast.Account, _ = st.ToCell()

	for name, shard := range map[string]*tlb.ShardAccount{
		"another account": other, "another workchain": workchain, "cut state": cut, "no hash": noHash, "anycast": cast,
		"no state": {LastTransHash: make([]byte, 32)},
	} {
		if acc, err := NewAccount(bob, shard, 1, testNow, true); err == nil {
			t.Errorf("%s: read as %+v", name, acc)
		}
	}
}

func TestCheckOwn(t *testing.T) {
	w := testWallet(t)
	v4, err := wallet.GetStateInit(w.PublicKey[:], wallet.V4R2, 0)
	if err != nil {
		t.Fatal(err)
	}
	at := func(code, data *cell.Cell) Account {
		return mustAccount(t, w.Address, shardOf(t, w.Address, ton1, code, data))
	}
	for name, acc := range map[string]Account{
		"active": active(t, w, ton1, 3), "uninit": uninit(t, w.Address, ton1), "absent": mustAccount(t, w.Address, nil),
	} {
		if err := acc.CheckOwn(w); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	frozen := active(t, w, ton1, 3)
	frozen.Status = StatusFrozen
	for name, c := range map[string]struct {
		acc  Account
		code Code
	}{
		"zero":            {Account{}, CodeWallet},
		"state not known": {Account{Address: w.Address}, CodeWallet},
		"another account": {uninit(t, bob, ton1), CodeWallet},
		"frozen":          {frozen, CodeWallet},
		"another code":    {at(v4.Code, v4.Data), CodeWallet},
		"unknown code":    {at(emptyCell(), emptyCell()), CodeWallet},
		"another key":     {at(layoutV5.code, dataOf(true, 0, w.ID, [32]byte{1}, nil)), CodeWallet},
		"another id":      {at(layoutV5.code, dataOf(true, 0, w.ID^1, w.PublicKey, nil)), CodeWalletID},
		"extensions":      {at(layoutV5.code, dataOf(true, 0, w.ID, w.PublicKey, emptyCell())), CodeWallet},
		"no signatures":   {at(layoutV5.code, dataOf(false, 0, w.ID, w.PublicKey, nil)), CodeWallet},
	} {
		t.Run(name, func(t *testing.T) { wantCode(t, c.acc.CheckOwn(w), c.code) })
	}
}
