package guard

import (
	"fmt"
	"strings"

	"github.com/tonaiagent/mpcnode/guard/risk"
	"github.com/tonaiagent/mpcnode/ton"
)

// Reason is a stable code that says why. Codes are never reused for something else; docs/reasons.md lists them.
type Reason string

const (
	ReasonKilled Reason = "killed"
	ReasonPaused Reason = "paused"

	ReasonRequestMissing     Reason = "request_missing"
	ReasonRequestExpired     Reason = "request_expired"
	ReasonIntentNetwork      Reason = "intent_network"
	ReasonIntentCoordinator  Reason = "intent_coordinator"
	ReasonIntentWallet       Reason = "intent_wallet"
	ReasonIntentType         Reason = "intent_type"
	ReasonIntentAsset        Reason = "intent_asset"
	ReasonIntentAmount       Reason = "intent_amount"
	ReasonIntentDestination  Reason = "intent_destination"
	ReasonIntentMemo         Reason = "intent_memo"
	ReasonIntentMessages     Reason = "intent_messages"
	ReasonIntentOperation    Reason = "intent_operation"
	ReasonIntentPayload      Reason = "intent_payload"
	ReasonPolicyChanged      Reason = "policy_changed"
	ReasonIntentValidity     Reason = "intent_validity"
	ReasonIntentQuery        Reason = "intent_query"
	ReasonConfidence         Reason = "confidence"
	ReasonWalletUnknown      Reason = "wallet_unknown"
	ReasonAgentUnknown       Reason = "agent_unknown"
	ReasonAgentSuspended     Reason = "agent_suspended"
	ReasonAgentValidity      Reason = "agent_validity"
	ReasonAgentWallet        Reason = "agent_wallet"
	ReasonDestinationUnknown Reason = "destination_unknown"

	ReasonIntentValidator   Reason = "intent_validator"
	ReasonStrategyUnknown   Reason = "strategy_unknown"
	ReasonStrategyAction    Reason = "strategy_action"
	ReasonStrategyPair      Reason = "strategy_pair"
	ReasonStrategyPool      Reason = "strategy_pool"
	ReasonStrategyVenue     Reason = "strategy_venue"
	ReasonStrategyProgram   Reason = "strategy_program"
	ReasonStrategySlippage  Reason = "strategy_slippage"
	ReasonStrategyValidity  Reason = "strategy_validity"
	ReasonStrategyAmount    Reason = "strategy_amount"
	ReasonStrategyValidator Reason = "strategy_validator"
	ReasonBlacklisted       Reason = "blacklisted"
	ReasonRiskScore         Reason = "risk_score"
	ReasonRiskLevel         Reason = "risk_level"
	ReasonRapidDrain        Reason = risk.RapidDrain
	ReasonNewDestLarge      Reason = risk.NewDestLarge
	ReasonAnomaly           Reason = "anomaly"

	ReasonPolicyMissing       Reason = "policy_missing"
	ReasonCapability          Reason = "capability"
	ReasonTokenNotAllowed     Reason = "token_not_allowed"
	ReasonDestinationDenied   Reason = "destination_not_allowed"
	ReasonSlippage            Reason = "slippage"
	ReasonSlippageUnknown     Reason = "slippage_unknown"
	ReasonSwapDeadline        Reason = "swap_deadline"
	ReasonReferral            Reason = "referral_not_allowed"
	ReasonRule                Reason = "rule"
	ReasonRuleEscalates       Reason = "rule_escalates"
	ReasonRulesOnly           Reason = "rules_only"
	ReasonApprovalAbove       Reason = "approval_above"
	ReasonApprovalUnavailable Reason = "approval_unavailable"

	ReasonChainUnavailable Reason = "chain_unavailable"
	ReasonClockSkew        Reason = "clock_skew"
	ReasonAccount          Reason = "account"
	ReasonMirrorBehind     Reason = "mirror_behind"
	ReasonUnexplained      Reason = "unexplained"
	ReasonSeqno            Reason = "seqno"
	ReasonQueryUsed        Reason = "query_used"
	ReasonWalletBusy       Reason = "wallet_busy"
	ReasonRequestUsed      Reason = "request_used"
	ReasonRequestConflict  Reason = "request_conflict"
	ReasonPayloadUsed      Reason = "payload_used"
	ReasonEffectsDiffer    Reason = "effects_differ"
	ReasonTooManyPayloads  Reason = "too_many_payloads"
	ReasonTooManyAssets    Reason = "too_many_assets"
	ReasonLimitMissing     Reason = "limit_missing"
	ReasonLimitTransaction Reason = "limit_transaction"
	ReasonLimitDay         Reason = "limit_day"
	ReasonLimitWeek        Reason = "limit_week"
	ReasonLimitMonth       Reason = "limit_month"
	ReasonCalendarDay      Reason = "limit_calendar_day"
	ReasonCalendarWeek     Reason = "limit_calendar_week"
	ReasonCalendarMonth    Reason = "limit_calendar_month"

	ReasonPolicyWalletState       Reason = "policy_wallet_state"
	ReasonPolicyWalletFrozen      Reason = "policy_wallet_frozen"
	ReasonPolicyWalletTransaction Reason = "policy_wallet_transaction"
	ReasonPolicyWalletDay         Reason = "policy_wallet_day"
	ReasonPolicyWalletCount       Reason = "policy_wallet_count"
	ReasonPolicyWalletReserve     Reason = "policy_wallet_reserve"
	ReasonPolicyWalletValidity    Reason = "policy_wallet_validity"
	ReasonPolicyWalletDestination Reason = "policy_wallet_destination"
	ReasonPolicyWalletKind        Reason = "policy_wallet_kind"
	ReasonPolicyWalletOperation   Reason = "policy_wallet_operation"
	ReasonPolicyWalletJetton      Reason = "policy_wallet_jetton"
	ReasonPolicyWalletJettonLimit Reason = "policy_wallet_jetton_limit"
	ReasonPolicyWalletRefused     Reason = "policy_wallet_refused"

	ReasonRateHour     Reason = "rate_hour"
	ReasonRateCooldown Reason = "rate_cooldown"

	ReasonSimulationMissing  Reason = "simulation_missing"
	ReasonSimulationRejected Reason = "simulation_rejected"
	ReasonSimulationFailed   Reason = "simulation_failed"
	ReasonSimulationSkipped  Reason = "simulation_skipped"
	ReasonSimulationMessages Reason = "simulation_messages"
	ReasonSimulationSeqno    Reason = "simulation_seqno"
	ReasonSimulationState    Reason = "simulation_state"
	ReasonSimulationOutflow  Reason = "simulation_outflow"
)

// catalogued is what is known about a reason.
type catalogued struct {
	layer    Layer
	sentence string // safe for agents: no number, no threshold, nothing of another party
}

// catalogue finds a reason by its code.
var catalogue = func() map[Reason]catalogued {
	m := make(map[Reason]catalogued, len(reasons))
	for _, r := range reasons {
		if _, twice := m[r.code]; twice {
			panic("guard: reason listed twice: " + r.code)
		}
		m[r.code] = catalogued{r.layer, r.sentence}
	}
	return m
}()

// reasons are in layer order, the order of docs/reasons.md. Codes that are ton's say that the bytes themselves were
// refused.
var reasons = []struct {
	code     Reason
	layer    Layer
	sentence string
}{
	{ReasonKilled, LayerKill, "Signing is stopped. People of two parties have to lift this."},
	{ReasonPaused, LayerKill, "Signing is paused. It resumes by itself."},

	{Reason(ton.CodeUndecodable), LayerIntent, "The payload is not one complete message of this wallet."},
	{Reason(ton.CodeTooLarge), LayerIntent, "The payload is too large."},
	{Reason(ton.CodeExoticCell), LayerIntent, "The payload contains a cell that can't be read."},
	{Reason(ton.CodeNotCanonical), LayerIntent, "The payload has surplus data, or is not in canonical form."},
	{Reason(ton.CodeWallet), LayerIntent, "The payload was not made for this wallet."},
	{Reason(ton.CodeWalletID), LayerIntent, "The payload was made for another network or subwallet."},
	{Reason(ton.CodeOperationUnknown), LayerIntent, "The payload does something that is not understood here."},
	{Reason(ton.CodeNoMessage), LayerIntent, "The payload sends nothing."},
	{Reason(ton.CodeSendMode), LayerIntent, "The payload uses a send mode other than 3."},
	{Reason(ton.CodeStateInit), LayerIntent, "The payload would deploy code."},
	{Reason(ton.CodeMessageHeader), LayerIntent, "The payload sets fields that only the chain may set."},
	{Reason(ton.CodeExtraCurrency), LayerIntent, "The payload carries other currencies than the native coin."},
	{Reason(ton.CodeAddress), LayerIntent, "The payload has an address that is not a standard one."},
	{Reason(ton.CodeComment), LayerIntent, "The payload's comment can't be read."},
	{Reason(ton.CodeBody), LayerIntent, "The payload's operation is not in its layout, or asks for more than is ever signed."},
	{Reason(ton.CodeBounce), LayerIntent, "The bounce flag is not what the destination asks for."},

	{Reason(ton.CodeForeignAddress), LayerIntent, "The payload would leave, send back or pay out something to an account that is not the wallet."},
	{Reason(ton.CodeForward), LayerIntent, "The payload sends on more coins than it attaches."},
	{Reason(ton.CodeSwap), LayerIntent, "The swap has no minimum, holds for too long, or pays too high a fee."},
	{Reason(ton.CodeFacts), LayerIntent, "What the payload does depends on a contract that could not be proven to be the one it needs."},
	{Reason(ton.CodeGasless), LayerIntent, "The payload is not one payment and at most one fee of the same jetton to its relayer."},
	{Reason(ton.CodeJettonLocked), LayerIntent, "The jetton's issuer has locked the wallet's jettons."},
	{Reason(ton.CodeJettonBalance), LayerIntent, "The wallet holds fewer jettons than the payload sends."},

	{ReasonRequestMissing, LayerIntent, "The request carries no verified agent, id or digest."},
	{ReasonRequestExpired, LayerIntent, "The request has expired. Send a new one."},
	{ReasonIntentNetwork, LayerIntent, "The request is for another network."},
	{ReasonIntentCoordinator, LayerIntent, "The request names a coordinator that is not a party."},
	{ReasonIntentWallet, LayerIntent, "The payload belongs to another wallet than the request names."},
	{ReasonIntentType, LayerIntent, "The payload does something else than the request's type says."},
	{ReasonIntentAsset, LayerIntent, "The payload moves another asset than the request says."},
	{ReasonIntentAmount, LayerIntent, "The payload moves another amount than the request says."},
	{ReasonIntentDestination, LayerIntent, "The payload goes to another destination than the request says."},
	{ReasonIntentMemo, LayerIntent, "The payload's comment is not the request's memo."},
	{ReasonIntentMessages, LayerIntent, "The payload sends more or fewer messages than the request describes."},
	{ReasonIntentOperation, LayerIntent, "A field of the request's operation is not what the payload or the chain says."},
	{ReasonIntentPayload, LayerIntent, "The payload is not the one that the agent sent."},
	{ReasonPolicyChanged, LayerIntent, "The policy changed while the chain was read. Try again."},
	{ReasonIntentValidity, LayerIntent, "The payload has expired, or is valid for too long."},
	{ReasonIntentQuery, LayerIntent, "The payload has another query id or creation time than the request says, or the wallet has none."},
	{ReasonConfidence, LayerIntent, "The agent's stated confidence is missing or too low."},
	{ReasonWalletUnknown, LayerIntent, "This node knows no such wallet."},
	{ReasonAgentUnknown, LayerIntent, "This node knows no such agent."},
	{ReasonAgentSuspended, LayerIntent, "The agent is suspended."},
	{ReasonAgentValidity, LayerIntent, "The agent's enrolment is not valid at this time."},
	{ReasonAgentWallet, LayerIntent, "The agent may not use this wallet."},
	{ReasonDestinationUnknown, LayerIntent, "The destination's state could not be read. Try again."},

	{ReasonIntentValidator, LayerIntent, "A validator of intents does not agree, or could not be asked."},

	{ReasonStrategyUnknown, LayerStrategy, "The request names no strategy that the agent's policy knows."},
	{ReasonStrategyAction, LayerStrategy, "The strategy does not do this kind of action."},
	{ReasonStrategyPair, LayerStrategy, "The strategy does not swap this pair of assets."},
	{ReasonStrategyPool, LayerStrategy, "The strategy does not use this pool."},
	{ReasonStrategyVenue, LayerStrategy, "The strategy does not use this exchange."},
	{ReasonStrategyProgram, LayerStrategy, "The strategy does not use this kind of staking."},
	{ReasonStrategySlippage, LayerStrategy, "The swap may give too much less than the exchange's pools give now, or that could not be computed."},
	{ReasonStrategyValidity, LayerStrategy, "The payload is valid for longer than the strategy allows."},
	{ReasonStrategyAmount, LayerStrategy, "The amount is above what the strategy moves at once."},
	{ReasonStrategyValidator, LayerStrategy, "A validator of strategies does not agree, or could not be asked."},
	{ReasonBlacklisted, LayerRisk, "Somebody whom the request would pay is on this node's blacklist."},
	{ReasonRiskScore, LayerRisk, "The request is too risky."},
	{ReasonRiskLevel, LayerRisk, "The request is risky enough to need an approval."},
	{ReasonRapidDrain, LayerRisk, "Too much of the balance leaves in too short a time."},
	{ReasonNewDestLarge, LayerRisk, "The amount is large for a destination that is new, and needs an approval."},

	{ReasonPolicyMissing, LayerPolicy, "No policy allows this agent anything."},
	{ReasonCapability, LayerPolicy, "The agent's policy does not allow this kind of action."},
	{ReasonTokenNotAllowed, LayerPolicy, "The agent's policy does not allow this token."},
	{ReasonDestinationDenied, LayerPolicy, "The agent's policy does not allow this destination."},
	{ReasonSlippage, LayerPolicy, "The swap may give too much less than the exchange's pools give now."},
	{ReasonSlippageUnknown, LayerPolicy, "What the exchange's pools give now could not be computed, so the slippage can't be bounded."},
	{ReasonSwapDeadline, LayerPolicy, "The swap has no deadline: it needs an approval, and none can be given here yet."},
	{ReasonReferral, LayerPolicy, "The swap would pay a referral that the agent's policy does not list."},
	{ReasonRule, LayerPolicy, "A rule of the policy denies this."},
	{ReasonRuleEscalates, LayerPolicy, "A rule of the policy asks for an approval of this."},
	{ReasonRulesOnly, LayerPolicy, "The agent may only do what a rule of the policy allows, and none allows this."},
	{ReasonApprovalAbove, LayerPolicy, "The amount needs an approval."},
	{ReasonApprovalUnavailable, LayerPolicy, "The request needs an approval, and none can be given here yet."},

	{ReasonChainUnavailable, LayerLimits, "The chain could not be read. Try again."},
	{ReasonClockSkew, LayerLimits, "The node's clock and the chain's disagree. Try again."},
	{ReasonAccount, LayerLimits, "The wallet's account is not in the state this node expects."},
	{ReasonMirrorBehind, LayerLimits, "The node is still reading the wallet's transactions. Try again."},
	{ReasonUnexplained, LayerLimits, "The wallet has a transaction this node has no record of. Operators have been told."},
	{ReasonSeqno, LayerLimits, "The payload is not for the wallet's next transaction."},
	{ReasonQueryUsed, LayerLimits, "The query id was used not long ago, or belongs to another request. Choose another one."},
	{ReasonWalletBusy, LayerLimits, "Another request of this wallet is under way. Send this one again later."},
	{ReasonRequestUsed, LayerLimits, "This request has already been executed."},
	{ReasonRequestConflict, LayerLimits, "The same idempotency key was used for another request."},
	{ReasonPayloadUsed, LayerLimits, "This payload belongs to another request, or is spent."},
	{ReasonEffectsDiffer, LayerLimits, "An earlier payload of this request, which does something else, can still execute."},
	{ReasonTooManyPayloads, LayerLimits, "Too many payloads of this request can still execute. Try again later."},
	{ReasonTooManyAssets, LayerLimits, "The wallet has moved too many different jettons lately to count another one."},
	{ReasonLimitMissing, LayerLimits, "No limit is set for this asset, so none of it may be moved."},
	{ReasonLimitTransaction, LayerLimits, "The amount is above the limit of a transaction."},
	{ReasonLimitDay, LayerLimits, "The limit of 24 hours would be exceeded."},
	{ReasonLimitWeek, LayerLimits, "The limit of 7 days would be exceeded."},
	{ReasonLimitMonth, LayerLimits, "The limit of 30 days would be exceeded."},
	{ReasonCalendarDay, LayerLimits, "The limit of the calendar day would be exceeded."},
	{ReasonCalendarWeek, LayerLimits, "The limit of the calendar week would be exceeded."},
	{ReasonCalendarMonth, LayerLimits, "The limit of the calendar month would be exceeded."},

	{ReasonPolicyWalletState, LayerLimits, "The policy wallet's state on the chain is not one that can be judged."},
	{ReasonPolicyWalletFrozen, LayerLimits, "The policy wallet is frozen. Its owner has to unfreeze it."},
	{ReasonPolicyWalletTransaction, LayerLimits, "The amount is above what the policy wallet sends at once."},
	{ReasonPolicyWalletDay, LayerLimits, "The policy wallet's limit of 24 hours would be exceeded."},
	{ReasonPolicyWalletCount, LayerLimits, "The policy wallet has sent as many messages as it may in 24 hours."},
	{ReasonPolicyWalletReserve, LayerLimits, "The policy wallet would keep less than its reserve."},
	{ReasonPolicyWalletValidity, LayerLimits, "The payload is valid for longer than the policy wallet takes."},
	{ReasonPolicyWalletDestination, LayerLimits, "The destination is not on the policy wallet's list."},
	{ReasonPolicyWalletKind, LayerLimits, "The policy wallet does not send this kind of message to this destination."},
	{ReasonPolicyWalletOperation, LayerLimits, "The operation is not on the policy wallet's list."},
	{ReasonPolicyWalletJetton, LayerLimits, "The jetton transfer is not one that the policy wallet sends."},
	{ReasonPolicyWalletJettonLimit, LayerLimits, "The policy wallet's limit of this jetton would be exceeded."},
	{ReasonPolicyWalletRefused, LayerLimits, "The policy wallet would refuse the payload."},

	{ReasonRateHour, LayerRate, "Too many requests in the last hour."},
	{ReasonRateCooldown, LayerRate, "Too soon after the last request."},

	{ReasonAnomaly, LayerAnomaly, "The amount is unusual for this wallet, and needs an approval."},

	{ReasonSimulationMissing, LayerSimulation, "The payload could not be simulated."},
	{ReasonSimulationRejected, LayerSimulation, "The wallet would not accept the payload, for example because it holds no coins yet."},
	{ReasonSimulationFailed, LayerSimulation, "The payload would fail."},
	{ReasonSimulationSkipped, LayerSimulation, "The payload would not be executed in full, for example for lack of balance."},
	{ReasonSimulationMessages, LayerSimulation, "The payload would send other messages than it says."},
	{ReasonSimulationSeqno, LayerSimulation, "The payload would not use up its sequence number, or its query id."},
	{ReasonSimulationState, LayerSimulation, "The payload would change the wallet's code or settings."},
	{Reason(ton.CodeDelivery), LayerSimulation, "The wallet's jetton wallet or item would not do what the payload asks of it."},
	{ReasonSimulationOutflow, LayerSimulation, "More would leave the wallet than the payload says, or the fees are too high."},
}

// Layer returns the layer that gives this reason; unknown codes belong to the intent layer, which refuses what is not
// understood.
func (r Reason) Layer() Layer {
	if c, ok := catalogue[r]; ok {
		return c.layer
	}
	return LayerIntent
}

// Sentence returns what an agent may be told.
func (r Reason) Sentence() string {
	if c, ok := catalogue[r]; ok {
		return c.sentence
	}
	return "The request was refused."
}

// Reasons returns every code, in layer order.
func Reasons() []Reason {
	codes := make([]Reason, len(reasons))
	for i, r := range reasons {
		codes[i] = r.code
	}
	return codes
}

// ReasonsDocument returns docs/reasons.md.
func ReasonsDocument() string {
	var b strings.Builder
	b.WriteString("# Reason codes\n\nWhy a request was refused. Codes are stable; the sentences may change. " +
		"Agents see layer, code and sentence of the first refusal\nin layer order at the node they asked; numbers stay " +
		"with operators. This file is generated from the catalogue in package guard.\n\n| layer | code | sentence |\n|---|---|---|\n")
	for _, r := range Reasons() {
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", r.Layer(), r, r.Sentence())
	}
	return b.String()
}

// deny and escalate make the verdict that a reason stands for.
func deny(r Reason, observed, limit string) Verdict {
	return Verdict{Layer: r.Layer(), Effect: Deny, Reason: r, Observed: observed, Limit: limit}
}

func escalate(r Reason, observed, limit string) Verdict {
	return Verdict{Layer: r.Layer(), Effect: Escalate, Reason: r, Observed: observed, Limit: limit}
}
