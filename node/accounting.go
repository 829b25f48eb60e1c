package node

import (
	"errors"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// A Highload V3 wallet has no seqno, so several of its payloads can be live at once, and no node sees by the chain alone
// what another has signed. The network's accounting set reserves every one of them first: whoever signs wants to see the
// statements of all its parties, and each counts all that may still execute.

// alone reports whether a request has its wallet to itself while it is under way.
func (n *Node) alone(wallet string) bool { return !n.wallets.get(wallet).Highload() }

// accounting returns the parties that have to reserve a payload of the wallet, besides its signers; none for one with a
// seqno.
func (n *Node) accounting(wallet string) []string {
	if n.alone(wallet) {
		return nil
	}
	return n.manifest.Accounting
}

// accounted reports whether everyone who accounts for the wallet has said something.
func (n *Node) accounted(in guard.Intent, all *voices) bool {
	for _, party := range n.accounting(in.Wallet) {
		if !all.spoke(party) {
			return false
		}
	}
	return true
}

// unaccounted says how a request ends that not all of the accounting set has reserved; nil if all have.
func (n *Node) unaccounted(in guard.Intent, all *voices) *refusal {
	var silent *refusal
	for _, party := range n.accounting(in.Wallet) {
		v := all.of(party)
		switch {
		case v.err != nil:
			n.log.Error("a party that accounts for the wallet did not answer: nothing of the wallet can be signed without it",
				"request", in.RequestID, "wallet", in.Wallet, "peer", party, "err", v.err)
			silent = &refusal{StateFailed, wire.Reason{Code: codeAccounting}}
		case !v.allows() && party == n.self:
			return &refusal{StateDenied, v.answer.Reasons[0]}
		case !v.allows():
			return &refusal{StateDenied, wire.Reason{Code: codeRefusedByPeer}}
		}
	}
	return silent
}

// reservations returns what the accounting set has said about a session's payload, each under its own identity. Whether
// that suffices the guard says.
func (n *Node) reservations(from string, open wire.Open) (all []guard.Reservation, err error) {
	if len(open.Reservations) > len(n.manifest.Accounting) {
		return nil, errors.New("refuse session: it carries more reservations than the accounting set has parties")
	}
	var parties []string
	for _, s := range open.Reservations {
		parties = append(parties, s.Party)
		all = append(all, guard.Reservation{Party: s.Party, Request: open.Terms.Request, Payload: open.Terms.Payload})
	}
	if from == n.self { // it has verified them as they came
		return all, nil
	}
	return all, n.checkAnswers(parties, open.Reservations, open.Terms.Request, open.Terms.Payload)
}
