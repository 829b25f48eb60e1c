package guard

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/guard/risk"
	"github.com/tonaiagent/mpcnode/ton"
)

// Case is everything a decision is about. The caller has verified the agent's signature over the request, decoded the
// payload and emulated it on the proven state.
type Case struct {
	Intent  Intent
	Tx      ton.Transaction // what the payload does
	Payload []byte          // the bytes that Tx was decoded from; only a policy wallet's are read again
	Refusal *ton.Refusal    // why the payload could not be read, if so; Tx is then ignored
	Outcome *ton.Outcome    // what emulation showed; nil denies
	Account ton.Account     // the wallet's own

	Contract   *ContractCase  // of a policy wallet: ReadContract's; nil: it is read while the ledger waits
	Facts      []ton.Facts    // Facts[i] is what was proven about where Tx.Messages[i] goes
	Policy     [32]byte       // hash of the bundle whose vouched contracts that rests on
	Opinions   []Opinion      // of the validators that the bundle names
	Deliveries []ton.Delivery // Deliveries[i] is what Tx.Messages[i] does there, where the layer of simulation asks
}

// pipeline is the layers in order. A layer that stops the line keeps those behind it from running when it denies: what
// people may still allow, the others must judge.
var pipeline = []struct {
	layer Layer
	stops bool
	check func(*evaluation) []Verdict // the refusals; none: the layer allows
}{
	{LayerKill, true, (*evaluation).killed},
	{LayerIntent, true, (*evaluation).intent},
	{LayerStrategy, false, (*evaluation).strategy},
	{LayerRisk, false, (*evaluation).risks},
	{LayerPolicy, false, (*evaluation).permissions},
	{LayerLimits, false, (*evaluation).limits},
	{LayerRate, false, (*evaluation).rateLimits},
	{LayerAnomaly, false, (*evaluation).anomaly},
	{LayerSimulation, false, (*evaluation).simulation},
}

// Decide gives this node's own answer about one payload and records it: an allow reserves the payload, counts the
// request once, and stands until the payload is executed or proven dead. Anything else that could be read is noted as
// seen. The same request with the same payload may be decided again: it is judged anew and counted no second time.
// An error means that nothing was decided and nothing may be kept.
func (g *Guard) Decide(tx Tx, now time.Time, c Case) (Decision, error) {
	e, err := g.load(tx, now, c)
	if err != nil {
		return Decision{}, fmt.Errorf("decide: %w", err)
	}
	d := e.judge()
	d.Shadow = e.shadow(tx, d) // before anything is counted
	if d.Effect == Allow {
		err = e.reserve(tx, &d)
	} else {
		err = e.refuse(tx, &d)
	}
	if err != nil {
		return Decision{}, fmt.Errorf("decide: %w", err)
	}
	return d, nil
}

// Simulation is what a decision would be. It is no Decision: nothing was recorded and nothing can be permitted by it.
type Simulation struct {
	Effect     Effect
	Verdicts   []Verdict
	PolicyHash [32]byte
	Limits     []Use
	Risk       *risk.Assessment     // nil: there was not enough to judge
	Rules      []policy.Explanation // of the bundle, in the order in which they are reported
}

// First is Decision.First.
func (s Simulation) First() Verdict { return Decision{Verdicts: s.Verdicts}.First() }

// Simulate judges a case and records nothing.
func (g *Guard) Simulate(tx Tx, now time.Time, c Case) (Simulation, error) {
	e, err := g.load(tx, now, c)
	if err != nil {
		return Simulation{}, fmt.Errorf("simulate: %w", err)
	}
	d := e.judge()
	return Simulation{d.Effect, d.Verdicts, d.PolicyHash, e.uses(), e.risk.assessment, e.explained()}, nil
}

func (e *evaluation) judge() Decision {
	d := Decision{Verdicts: e.verdicts()}
	if e.bundle != nil {
		d.PolicyHash = e.bundle.Hash
	}
	if escalated := codesOf(d.Verdicts, Escalate); len(escalated) > 0 && len(codesOf(d.Verdicts, Deny)) == 0 {
		d.Verdicts = append(d.Verdicts, deny(ReasonApprovalUnavailable, strings.Join(escalated, " "), ""))
	}
	d.Effect = combine(d.Verdicts)
	return d
}

// verdicts asks the layers.
func (e *evaluation) verdicts() (all []Verdict) {
	for _, step := range pipeline {
		refusals := step.check(e)
		if len(refusals) == 0 {
			all = append(all, Verdict{Layer: step.layer, Effect: Allow})
			continue
		}
		all = append(all, refusals...)
		if step.stops && slices.ContainsFunc(refusals, func(v Verdict) bool { return v.Effect != Escalate }) {
			break
		}
	}
	return all
}

// reserve writes down an allow. A payload that is reserved already keeps its state and its attempts.
func (e *evaluation) reserve(tx Tx, d *Decision) error {
	if !e.payload.live() {
		e.payload = e.newPayload(Reserved)
		e.slot.RequestID = e.c.Intent.RequestID
		e.slot.Payloads = append(e.slot.Payloads, e.c.Tx.SigningHash)
		e.takeQuery(tx)
		put(tx, keyPayees(e.c.Tx.SigningHash), payeesOf(e.c.Intent))
		put(tx, keySlot(e.wallet.ID, number(e.c.Tx)), e.slot.without(e.c.Tx.SigningHash))
	}
	if !e.use.Counted {
		if err := e.rate.Add(e.at); err != nil {
			return err
		}
		put(tx, keyRate(e.agent.ID), e.rate)
		put(tx, keyRequest(e.c.Intent.RequestID), requestUse{Request: e.c.Intent.Request, Counted: true})
	}
	e.track(tx)
	if err := setTime(tx, e.now, e.at); err != nil { // of what is counted now nothing may seem to lie in the future of another wallet's request
		return err
	}
	e.payload.Effect, e.payload.Policy = Allow, d.PolicyHash
	if e.contract != nil {
		e.payload.Terms = e.contract.terms
	}
	e.payload.Seq = e.audit(tx, *d)
	put(tx, keyPayload(e.c.Tx.SigningHash), e.payload)
	d.Reserved, d.Seq = true, e.payload.Seq
	return nil
}

// refuse writes down a denial. A payload of this request that is still reserved goes on counting, since it may have
// been signed, but is not permitted any more unless it is allowed again.
func (e *evaluation) refuse(tx Tx, d *Decision) error {
	d.Seq = e.audit(tx, *d)
	e.learn(tx, *d)
	hash := e.c.Tx.SigningHash
	if e.payload.live() && e.payload.RequestID == e.c.Intent.RequestID {
		e.payload.Effect, e.payload.Seq = Deny, d.Seq
		put(tx, keyPayload(hash), e.payload)
		return nil
	}
	if e.payload.State != "" || !e.notable() {
		return nil
	}
	to := payeesOf(e.c.Intent)
	if !d.proven() {
		to = payees{} // what the request says is not what the bytes do
	}
	return note(tx, hash, e.newPayload(Seen), to)
}

// notable reports whether others could sign the payload, so that it has to be known: it is for this wallet's next
// seqno, or the one after if this node's mirror is one behind, or for any query id, and for a lifetime that some node
// would allow.
func (e *evaluation) notable() bool {
	t := e.c.Tx
	return e.c.Refusal == nil && e.wallet != nil && t.Wallet == e.wallet.Address && e.mayUse() &&
		e.pos.SeqnoKnown && (e.wallet.Highload() || t.Seqno == e.pos.Seqno || t.Seqno == e.pos.Seqno+1) &&
		t.ValidUntil.After(e.at) && !t.ValidUntil.After(e.now.Add(maxValidity+maxSkew))
}

func (e *evaluation) newPayload(s State) Payload {
	i, t := e.c.Intent, e.c.Tx
	return Payload{
		State: s, Effect: Deny, Wallet: e.wallet.ID, Agent: i.Agent, RequestID: i.RequestID, Request: i.Request,
		RequestExpires: i.Expires.Unix(), Seqno: number(t), ValidUntil: t.ValidUntil.Unix(),
		Effects: e.effects, Asset: i.Asset, Moves: e.moves[:min(len(e.moves), maxMoves)],
	}
}

// audit writes one entry with every verdict.
func (e *evaluation) audit(tx Tx, d Decision) uint64 {
	event, outcome, severity := audit.TransactionDenied, audit.Denied, audit.Warning
	if d.Effect == Allow {
		event, outcome, severity = audit.TransactionAuthorized, audit.Success, audit.Info
	}
	i := e.c.Intent
	about := audit.KV("amount", ton.FormatAmount(i.Asset, i.Amount), "type", i.Type, "asset", i.Asset, "destination", i.destinations(),
		"payload", hex.EncodeToString(e.c.Tx.SigningHash[:]), "request_digest", hex.EncodeToString(i.Request[:]))
	return tx.Append(audit.Entry{
		V: audit.Version, TS: audit.At(e.now), EventType: event, Action: "decide", Request: i.RequestID,
		Actor:    audit.Actor{Type: "agent", ID: i.Agent},
		Resource: audit.Resource{Type: "wallet", ID: i.Wallet},
		Outcome:  outcome, Severity: severity, PolicyHash: d.PolicyHash,
		Details: slices.Concat(about, e.seenDetails(), e.lookAlikes(), e.riskDetails(), e.opinionNotes(), d.Shadow.details(), details(d.Verdicts)),
		Context: audit.KV("coordinator", i.Coordinator, "intent", clip(i.Reasoning), "strategy", clip(i.Strategy)),
	})
}
