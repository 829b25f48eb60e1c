package ton

// Check refuses m, a message of own to an account of which f was proven, unless the delivery shows that the account does
// what m asks and nothing else: jettons go to the receiver's jetton wallet, or are burned at their master; the item is
// the new owner's. Where none matters it passes.
func (d Delivery) Check(m Message, f Facts, own Address) error {
	switch {
	case !f.carries():
		return nil
	case !d.Ran:
		return refuse(CodeDelivery, "what %s does with the message was not emulated", m.To)
	case !complete(d.ComputeExit, d.ActionExit, d.Skipped):
		return refuse(CodeDelivery, "%s fails: compute %d, action %d, %d skipped", m.To, d.ComputeExit, d.ActionExit, d.Skipped)
	}
	switch asked := m.Detail.(type) {
	case Jetton:
		return d.jetton(m, asked, f, own)
	case NFT:
		return d.nft(asked, own)
	}
	return nil
}

// jetton wants one message, exactly that of the transfer or burn.
func (d Delivery) jetton(m Message, j Jetton, f Facts, own Address) error {
	to, opcode := f.Receiver.Wallet, uint32(opInternalTransfer)
	want := Notice{QueryID: j.QueryID, Amount: j.Amount, From: own, Response: j.Response, Forward: j.Forward, Payload: j.Payload}
	if m.Op == OpJettonBurn {
		to, opcode, want = f.Master, opBurnNotification, Notice{QueryID: j.QueryID, Amount: j.Amount, From: own, Response: j.Response}
	}
	if len(d.Messages) != 1 {
		return refuse(CodeDelivery, "the jetton wallet sends %d messages, want one to %s", len(d.Messages), to)
	}
	if got := d.Messages[0]; got.To != to || got.Opcode != opcode || got.Detail != Detail(want) {
		return refuse(CodeDelivery, "the jetton wallet tells %s %08x %+v, want %s %08x %+v", got.To, got.Opcode, got.Detail, to, opcode, want)
	}
	return nil
}

// nft wants the item to be the new owner's, and no other message than that to him, with exactly the coins that go on,
// and that of what is left.
func (d Delivery) nft(n NFT, own Address) error {
	if d.Owner != n.NewOwner {
		return refuse(CodeDelivery, "the item is %s's afterwards, want %s", d.Owner, n.NewOwner)
	}
	told := n.Forward.IsZero()
	for _, m := range d.Messages {
		switch want := (Notice{QueryID: n.QueryID, From: own, Payload: n.Payload}); {
		case !told && m.Opcode == opOwnershipAssigned && m.To == n.NewOwner && m.Value == n.Forward && m.Detail == Detail(want):
			told = true
		case m.Opcode == opExcesses && m.To == n.Response && m.Detail == Detail(Notice{QueryID: n.QueryID}):
		default:
			return refuse(CodeDelivery, "the item tells %s %08x %+v", m.To, m.Opcode, m.Detail)
		}
	}
	if !told {
		return refuse(CodeDelivery, "the item doesn't tell %s of its new owner", n.NewOwner)
	}
	return nil
}
