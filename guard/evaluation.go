package guard

import (
	"errors"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/guard/limits"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/ton"
)

// evaluation is one case with everything this node remembers about it, read once. The layers only look at it.
type evaluation struct {
	g   *Guard
	c   Case
	now time.Time // local clock: for expiry and agreement
	at  time.Time // window time: for everything that is counted

	trips  TripSet
	wallet *WalletRecord // nil: unknown
	agent  *AgentRecord  // nil: unknown
	bundle *policy.Bundle
	perms  *policy.Permissions // nil: the bundle does not name the agent

	pos         Position
	unexplained uint64
	slot        slot
	lives       lives     // of a Highload V3 wallet
	live        []Payload // those in slot, of one request, but not this one
	payload     Payload   // record of this payload
	use         requestUse
	moves       []Move     // what this payload sends: coins, and jettons
	spent       []spending // of each move's asset, until now
	jettons     jettonWallets
	rate        limits.Rate
	effects     [32]byte
	contract    *ContractCase // nil: no policy wallet
	risk        riskCase
	seen        *policy.Values // of the first payment, once layer 4 has looked
	isShadow    bool           // by a bundle whose validators nobody has asked
}

// load reads what the layers look at. What is missing stays empty, and the layers refuse it; what can't be read is an
// error.
func (g *Guard) load(tx Tx, now time.Time, c Case) (*evaluation, error) {
	e := &evaluation{g: g, c: c, now: now}
	if c.Intent.RequestID != "" && !requestID.MatchString(c.Intent.RequestID) {
		return nil, errors.New("request id is not one of For's")
	}
	for _, read := range []func(Tx) error{e.loadTime, e.loadPolicy, e.loadWho, e.loadChain, e.loadContract, e.loadPayloads, e.loadCounts, e.loadRisk} {
		if err := read(tx); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func (e *evaluation) loadTime(tx Tx) (err error) {
	if e.at, err = windowTime(tx); err != nil {
		return err
	}
	if a := e.c.Account; a.Proven && a.Time.After(e.at) {
		e.at = a.Time
	}
	e.trips, err = e.g.TripSet(tx)
	return err
}

func (e *evaluation) loadWho(tx Tx) error {
	w, known, err := wallet(tx, e.c.Intent.Wallet)
	if err != nil {
		return err
	}
	if known {
		e.wallet = &w
	}
	a, known, err := agentBy(tx, e.bundle, e.c.Intent.Agent)
	if known {
		e.agent = &a
	}
	return err
}

func (e *evaluation) loadPolicy(tx Tx) (err error) {
	if e.bundle, err = e.g.Policy(tx); err != nil || e.bundle == nil {
		return err
	}
	if p, ok := e.bundle.Permissions(e.c.Intent.Agent); ok {
		e.perms = &p
	}
	return nil
}

func (e *evaluation) loadChain(tx Tx) (err error) {
	if e.wallet == nil {
		return nil
	}
	if _, err = get(tx, keyPosition(e.wallet.ID), &e.pos); err != nil {
		return err
	}
	e.unexplained, err = e.g.Unexplained(tx, e.wallet.ID)
	return err
}

func (e *evaluation) loadPayloads(tx Tx) (err error) {
	if e.wallet == nil || e.c.Refusal != nil {
		return nil
	}
	if e.moves, err = movesOf(e.c.Tx.Messages); err != nil {
		e.moves = []Move{{ton.Native, ton.MaxNano}} // overflow: above every limit
	}
	e.effects = effects(e.g.cfg.Network, e.wallet.ID, e.c.Tx)
	if _, err = get(tx, keyPayload(e.c.Tx.SigningHash), &e.payload); err != nil {
		return err
	}
	if _, err = get(tx, keySlot(e.wallet.ID, number(e.c.Tx)), &e.slot); err != nil {
		return err
	}
	if err = e.loadQueries(tx); err != nil {
		return err
	}
	for _, hash := range e.slot.Payloads {
		var p Payload
		if _, err := get(tx, keyPayload(hash), &p); err != nil {
			return err
		}
		if hash != e.c.Tx.SigningHash {
			e.live = append(e.live, p)
		}
	}
	return nil
}

func (e *evaluation) loadCounts(tx Tx) error {
	if e.wallet == nil || e.agent == nil {
		return nil
	}
	if _, err := get(tx, keyRequest(e.c.Intent.RequestID), &e.use); err != nil {
		return err
	}
	if _, err := get(tx, keyRate(e.agent.ID), &e.rate); err != nil {
		return err
	}
	if err := e.loadSpent(tx); err != nil {
		return err
	}
	e.countLive()
	return nil
}

// outflow is what the payload sends in coins.
func (e *evaluation) outflow() ton.Nano {
	if len(e.moves) == 0 {
		return ton.Nano{}
	}
	return e.moves[0].Amount
}

// without returns s, where a payload that became live is no longer only seen.
func (s slot) without(seen [32]byte) slot {
	s.Seen = slices.DeleteFunc(slices.Clone(s.Seen), func(h [32]byte) bool { return h == seen })
	return s
}

// mayUse reports whether the agent is enrolled for the wallet.
func (e *evaluation) mayUse() bool {
	return e.agent != nil && e.wallet != nil && slices.Contains(e.agent.Wallets, e.wallet.ID)
}
