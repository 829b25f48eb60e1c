package ton

import (
	"strings"
	"testing"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// message decodes the one message with that body that goes to the pool, where the facts of these tests are.
func message(t *testing.T, transfer Transfer) Message {
	t.Helper()
	transfer.To, transfer.Bounce = pool, true
	if transfer.Init != nil {
		transfer.To.Hash = [32]byte(transfer.Init.HashKey())
	}
	if transfer.Value.IsZero() {
		transfer.Value = NanoOf(1e8)
	}
	w := walletOf(t, V5R1)
	tx, err := Decode(w, mustBuild(t, w, 7, transfer))
	if err != nil {
		t.Fatal(err)
	}
	return tx.Messages[0]
}

// TestMeaningIsWhatFactsProve has for each operation the facts that make it certain, and shows that it is refused
// without any of them.
func TestMeaningIsWhatFactsProve(t *testing.T) {
	ops := operations()
	contract := mustAccount(t, pool, shardOf(t, pool, ton1, cellOf(1), emptyCell()))
	at := func(f Facts) Facts { f.Account = contract; return f }
	to := func(a Address) Account { return mustAccount(t, a, nil) }
	jettons := at(Facts{Role: RoleJettonWallet, Owner: own, Master: bob, Balance: MaxNano})
	with := func(f Facts, change func(*Facts)) Facts { change(&f); return f }
	receiver := func(r Receiver) Facts { return with(jettons, func(f *Facts) { f.Receiver = r }) }
	seller := func(role Role) Facts { return at(Facts{Role: role, Owner: own}) }
	item := func(r Receiver) Facts { return at(Facts{Role: RoleNFTItem, Owner: own, Receiver: r}) }
	listing := Receiver{Account: to(bob), Role: RoleSale, Owner: own, Item: pool}
	swap1 := Transfer{Value: NanoOf(6), Body: ops["STON 1"].body}
	vault := jettonBody(5, 1, ally, own, yes, putRef(jettonDedust(own, step(90, nil))))
	text := func(s string) Transfer { return Transfer{Comment: s} }
	staked := func(p Program) Facts { return at(Facts{Role: RolePool, Program: p, Owner: own}) }
	for name, c := range map[string]struct {
		transfer Transfer
		facts    Facts
		want     Op
	}{
		"jetton transfer":           {Transfer{Body: ops["jetton transfer"].body}, receiver(Receiver{Account: to(bob)}), OpJettonTransfer},
		"jetton to a contract":      {Transfer{Body: ops["jetton transfer"].body}, receiver(Receiver{Account: to(bob), Role: RoleSale}), OpContractCall},
		"jetton, receiver unproven": {Transfer{Body: ops["jetton transfer"].body}, receiver(Receiver{Account: Account{Address: bob}}), OpUnknown},
		"jetton, another receiver":  {Transfer{Body: ops["jetton transfer"].body}, receiver(Receiver{Account: to(ally)}), OpUnknown},
		"jetton of someone else":    {Transfer{Body: ops["jetton transfer"].body}, with(receiver(Receiver{Account: to(bob)}), func(f *Facts) { f.Owner = ally }), OpUnknown},
		"jetton without master":     {Transfer{Body: ops["jetton transfer"].body}, with(receiver(Receiver{Account: to(bob)}), func(f *Facts) { f.Master = Address{} }), OpUnknown},
		"jetton, nothing proven":    {Transfer{Body: ops["jetton transfer"].body}, at(Facts{}), OpUnknown},
		"jetton, another account":   {Transfer{Body: ops["jetton transfer"].body}, with(receiver(Receiver{Account: to(bob)}), func(f *Facts) { f.Account = to(bob) }), OpUnknown},
		"burn":                      {Transfer{Body: ops["jetton burn"].body}, jettons, OpJettonBurn},
		"burn of staked coins":      {Transfer{Body: ops["jetton burn"].body}, with(jettons, func(f *Facts) { f.Program = Bemo }), OpUnstake},
		"Tonstakers burn":           {Transfer{Body: ops["Tonstakers burn"].body}, with(jettons, func(f *Facts) { f.Program = Tonstakers }), OpUnstake},
		"Tonstakers burn of others": {Transfer{Body: ops["Tonstakers burn"].body}, jettons, OpUnknown},
		"burn, foreign":             {Transfer{Body: ops["jetton burn"].body}, with(jettons, func(f *Facts) { f.Owner = ally }), OpUnknown},
		"STON 1":                    {swap1, receiver(Receiver{Account: to(ally), Role: RoleRouter, Venue: STON1}), OpSwap},
		"STON 1 at DeDust":          {swap1, receiver(Receiver{Account: to(ally), Role: RoleRouter, Venue: DeDust}), OpUnknown},
		"STON 1 at nobody":          {swap1, receiver(Receiver{Account: to(ally)}), OpUnknown},
		"STON 1 at a sale":          {swap1, receiver(Receiver{Account: to(ally), Role: RoleSale, Venue: STON1}), OpUnknown},
		"STON 1 at another account": {swap1, receiver(Receiver{Account: to(bob), Role: RoleRouter, Venue: STON1}), OpUnknown},
		"Tonstakers burn at bemo":   {Transfer{Body: ops["Tonstakers burn"].body}, with(jettons, func(f *Facts) { f.Program = Bemo }), OpUnknown},
		"NFT to another account":    {Transfer{Body: ops["NFT transfer"].body}, item(Receiver{Account: to(ally), Role: RoleSale, Owner: own}), OpUnknown},
		"NFT, not ours":             {Transfer{Body: ops["NFT transfer"].body}, with(item(Receiver{Account: to(bob)}), func(f *Facts) { f.Owner = ally }), OpUnknown},
		"start another's":           {Transfer{Body: ops["telemint start"].body}, at(Facts{Role: RoleTelemint, Owner: ally}), OpUnknown},
		"price of another's":        {Transfer{Body: ops["sale price 4"].body}, at(Facts{Role: RoleSale, Owner: ally}), OpUnknown},
		"pTON 1":                    {swap1, at(Facts{Role: RolePTON, Venue: STON1}), OpSwap},
		"pTON 1, another value":     {Transfer{Body: ops["STON 1"].body}, at(Facts{Role: RolePTON, Venue: STON1}), OpUnknown},
		"pTON 2":                    {Transfer{Body: ops["pTON 2"].body}, at(Facts{Role: RolePTON, Venue: STON2}), OpSwap},
		"pTON 2 at pTON 1":          {Transfer{Body: ops["pTON 2"].body}, at(Facts{Role: RolePTON, Venue: STON1}), OpUnknown},
		"DeDust jetton":             {Transfer{Body: vault}, receiver(Receiver{Account: to(ally), Role: RoleRouter, Venue: DeDust}), OpSwap},
		"DeDust native":             {Transfer{Body: ops["DeDust native"].body}, at(Facts{Role: RoleNativeVault}), OpSwap},
		"DeDust native elsewhere":   {Transfer{Body: ops["DeDust native"].body}, at(Facts{Role: RolePTON, Venue: STON2}), OpUnknown},
		"NFT transfer":              {Transfer{Body: ops["NFT transfer"].body}, item(Receiver{Account: to(bob)}), OpNFTTransfer},
		"NFT listed":                {Transfer{Body: ops["NFT transfer"].body}, item(listing), OpNFTList},
		"NFT, also for jettons":     {Transfer{Body: ops["NFT transfer"].body}, item(Receiver{Account: to(bob), Role: RoleSale, Owner: own, Item: pool, Jettons: true}), OpUnknown},
		"NFT to a sale of another":  {Transfer{Body: ops["NFT transfer"].body}, item(Receiver{Account: to(bob), Role: RoleSale, Owner: own, Item: ally}), OpUnknown},
		"NFT to another's sale":     {Transfer{Body: ops["NFT transfer"].body}, item(Receiver{Account: to(bob), Role: RoleSale, Owner: ally, Item: pool}), OpUnknown},
		"NFT of someone else":       {Transfer{Body: ops["NFT transfer"].body}, at(Facts{Role: RoleNFTItem, Owner: ally}), OpUnknown},
		"buy":                       {Transfer{Body: ops["sale buy"].body}, at(Facts{Role: RoleSale, Owner: ally, Price: NanoOf(5)}), OpNFTBuy},
		"buy below the price":       {Transfer{Body: ops["sale buy"].body}, at(Facts{Role: RoleSale, Owner: ally, Price: NanoOf(1e8)}), OpUnknown},
		"buy elsewhere":             {Transfer{Body: ops["sale buy"].body}, at(Facts{}), OpUnknown},
		"cancel":                    {Transfer{Body: ops["sale cancel"].body}, seller(RoleSale), OpNFTCancel},
		"cancel another's":          {Transfer{Body: ops["sale cancel"].body}, at(Facts{Role: RoleSale, Owner: ally}), OpUnknown},
		"price":                     {Transfer{Body: ops["sale price 4"].body}, seller(RoleSale), OpNFTList},
		"bid":                       {Transfer{Body: ops["auction bid"].body}, at(Facts{Role: RoleAuction}), OpNFTBuy},
		"start":                     {Transfer{Body: ops["telemint start"].body}, seller(RoleTelemint), OpNFTList},
		"start elsewhere":           {Transfer{Body: ops["telemint start"].body}, seller(RoleSale), OpUnknown},
		"stake":                     {Transfer{Body: ops["Whales deposit"].body}, staked(Whales), OpStake},
		"stake in another pool":     {Transfer{Body: ops["Whales deposit"].body}, staked(Bemo), OpUnknown},
		"unstake of another's":      {Transfer{Body: ops["single withdraw"].body}, at(Facts{Role: RolePool, Program: SingleNominator, Owner: ally}), OpUnknown},
		"empty, single of another":  {Transfer{}, at(Facts{Role: RolePool, Program: SingleNominator, Owner: ally}), OpUnknown},
		"unstake":                   {Transfer{Body: ops["single withdraw"].body}, staked(SingleNominator), OpUnstake},
		"vote":                      {Transfer{Body: ops["vote"].body}, jettons, OpVote},
		"vote elsewhere":            {Transfer{Body: ops["vote"].body}, at(Facts{}), OpUnknown},
		"deploy":                    {Transfer{Init: walletOf(t, V4R2).StateInit()}, Facts{Account: to(walletOf(t, V4R2).Address)}, OpDeploy},

		"comment":                  {text("hi"), Facts{Account: to(pool)}, OpTransfer},
		"comment at a contract":    {text("hi"), at(Facts{}), OpContractCall},
		"comment buys":             {text("hi"), at(Facts{Role: RoleSale, Price: NanoOf(5)}), OpNFTBuy},
		"comment below the price":  {text("hi"), at(Facts{Role: RoleSale, Price: NanoOf(1e8)}), OpUnknown},
		"comment, price not known": {text("hi"), at(Facts{Role: RoleSale}), OpUnknown},
		"comment cancels":          {text("cancel"), seller(RoleSale), OpNFTCancel},
		"comment bids":             {text("hi"), at(Facts{Role: RoleAuction}), OpNFTBuy},
		"comment stops":            {text("stop"), at(Facts{Role: RoleAuction}), OpContractCall},
		"empty bids at telemint":   {text(""), at(Facts{Role: RoleTelemint}), OpNFTBuy},
		"comment d":                {text("d"), staked(NominatorPool), OpStake},
		"comment D":                {text("D"), staked(NominatorPool), OpContractCall},
		"comment w":                {text("w"), staked(NominatorPool), OpUnstake},
		"comment y":                {text("y" + strings.Repeat("0a", 32)), staked(NominatorPool), OpVote},
		"comment n":                {text("n" + strings.Repeat("0A", 32)), staked(NominatorPool), OpVote},
		"comment y, no hex":        {text("y" + strings.Repeat("0g", 32)), staked(NominatorPool), OpContractCall},
		"comment w, single":        {text("w"), staked(SingleNominator), OpUnstake},
		"empty, single":            {text(""), staked(SingleNominator), OpStake},
		"Deposit":                  {text("Deposit"), staked(Whales), OpStake},
		"Withdraw":                 {text("Withdraw"), staked(Whales), OpUnstake},
		"empty, bemo":              {text(""), staked(Bemo), OpStake},
		"comment d, no pool":       {text("d"), Facts{Account: to(pool)}, OpTransfer},
		"comment at pTON":          {text("d"), at(Facts{Role: RolePTON}), OpContractCall},
	} {
		m := message(t, c.transfer)
		got, err := c.facts.Meaning(m, own)
		if got != c.want {
			t.Errorf("%s: %q, want %q (%v)", name, got, c.want, err)
		}
		if (err != nil) != (got == OpUnknown) {
			t.Errorf("%s: %q with error %v", name, got, err)
		}
		if err != nil {
			wantCode(t, err, CodeFacts)
		}
	}
}

// What the own jetton wallet would refuse costs its fees, and hides that nothing was paid.
func TestJettonsThatCannotMoveAreRefused(t *testing.T) {
	ops, contract := operations(), mustAccount(t, pool, shardOf(t, pool, ton1, cellOf(1), emptyCell()))
	most := NanoOf(5)
	for name, c := range map[string]struct {
		body   *cell.Cell
		change func(*Facts)
		want   Code
	}{
		"transfer":           {ops["jetton transfer"].body, func(*Facts) {}, ""},
		"transfer of more":   {ops["jetton transfer"].body, func(f *Facts) { f.Balance = NanoOf(4) }, CodeJettonBalance},
		"transfer, locked":   {ops["jetton transfer"].body, func(f *Facts) { f.Locked = true }, CodeJettonLocked},
		"burn of more":       {ops["jetton burn"].body, func(f *Facts) { f.Balance = NanoOf(4) }, CodeJettonBalance},
		"burn, locked":       {ops["jetton burn"].body, func(f *Facts) { f.Locked = true }, CodeJettonLocked},
		"claim and transfer": {ops["jetton transfer, claim"].body, func(f *Facts) { f.Balance = NanoOf(0) }, ""},
	} {
		f := Facts{Account: contract, Role: RoleJettonWallet, Owner: own, Master: bob, Balance: most, Receiver: Receiver{Account: mustAccount(t, bob, nil)}}
		c.change(&f)
		_, err := f.Meaning(message(t, Transfer{Body: c.body}), own)
		if c.want == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.want != "" {
			wantCode(t, err, c.want)
		}
	}
}

// Without facts no operation is anything but a call of some contract, whatever it says.
func TestNoFactsNoMeaning(t *testing.T) {
	for name, o := range operations() {
		m := message(t, Transfer{Body: o.body})
		for _, f := range []Facts{{}, {Account: Account{Address: pool}}, {Account: mustAccount(t, pool, nil)}} {
			if op, err := f.Meaning(m, own); err == nil && op != OpContractCall {
				t.Errorf("%s: %q", name, op)
			}
		}
		if op := Meaning(m, mustAccount(t, pool, nil)); op != OpUnknown {
			t.Errorf("%s is a plain transfer: %q", name, op)
		}
	}
}
