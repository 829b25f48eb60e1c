package ton

import "testing"

func TestMeaningDependsOnTheDestination(t *testing.T) {
	w := testWallet(t)
	contract := mustAccount(t, bob, shardOf(t, bob, ton1, cellOf(1), emptyCell()))
	m := Message{Op: OpTransfer, To: bob, Value: ton1}
	for name, c := range map[string]struct {
		m    Message
		dest Account
		want Op
	}{
		"absent":          {m, mustAccount(t, bob, nil), OpTransfer},
		"uninit":          {m, uninit(t, bob, ton1), OpTransfer},
		"wallet":          {Message{Op: OpTransfer, To: w.Address}, active(t, w, ton1, 0), OpTransfer},
		"contract":        {m, contract, OpUnknown},
		"broken wallet":   {m, mustAccount(t, bob, shardOf(t, bob, ton1, layoutV5.code, emptyCell())), OpUnknown},
		"frozen":          {m, Account{Address: bob, Status: StatusFrozen}, OpUnknown},
		"not known":       {m, Account{Address: bob}, OpUnknown},
		"another account": {m, uninit(t, w.Address, ton1), OpUnknown},
		"no operation":    {Message{To: bob}, uninit(t, bob, ton1), OpUnknown},
		"with StateInit":  {Message{Op: OpTransfer, To: bob, Init: [32]byte{1}}, uninit(t, bob, ton1), OpUnknown},
	} {
		if got := Meaning(c.m, c.dest); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestBounceRule(t *testing.T) {
	w := testWallet(t)
	there, empty, absent := active(t, w, ton1, 0), uninit(t, w.Address, ton1), mustAccount(t, w.Address, nil)
	unproven := empty
	unproven.Proven = false
	const yes, no = true, false
	for _, c := range []struct {
		form        Form
		dest        Account
		builds      bool // what Bounces says
		bounce, not bool // whether CheckBounce takes true and false
	}{
		{FormBounceable, there, yes, yes, no},
		{FormBounceable, empty, yes, yes, no},
		{FormNonBounceable, there, no, no, yes},
		{FormNonBounceable, absent, no, no, yes},
		{FormRaw, there, yes, yes, no},
		{FormRaw, empty, no, yes, yes},
		{FormRaw, absent, no, yes, yes},
		{FormRaw, unproven, yes, yes, no},
		{FormRaw, Account{Address: w.Address, Proven: true}, yes, yes, no},
		{FormUnknown, empty, yes, no, no},
		{FormNonBounceable + 1, empty, yes, no, no},
		{FormBounceable, uninit(t, bob, ton1), yes, no, no},
		{FormRaw, uninit(t, bob, ton1), no, no, no},
	} {
		if got := Bounces(c.form, c.dest); got != c.builds {
			t.Errorf("form %d, status %d: built with %t", c.form, c.dest.Status, got)
		}
		for bounce, want := range map[bool]bool{true: c.bounce, false: c.not} {
			err := CheckBounce(Message{To: w.Address, Bounce: bounce}, c.form, c.dest)
			if want && err != nil {
				t.Errorf("form %d, status %d, bounce %t: %v", c.form, c.dest.Status, bounce, err)
			}
			if !want {
				wantCode(t, err, CodeBounce)
			}
		}
	}
}
