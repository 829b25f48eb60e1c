package policy

import (
	"cmp"
	"fmt"
	"reflect"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// Change is one point in which a document allows more than another.
type Change struct {
	Path string // as the document spells it, such as agents.agent-1.limits.daily
	Old  string // for people; "" where nothing was
	New  string // "" where nothing is
}

func (c Change) String() string {
	return fmt.Sprintf("%s: %s → %s", c.Path, cmp.Or(c.Old, "-"), cmp.Or(c.New, "-"))
}

// Loosens returns every point in which new may allow what old does not. Tightening is a closed list: a lower number, an
// entry taken off a list of what is allowed, something more that is asked. Whatever else differs loosens, above all what
// no part below compares.
//
// If neither the second of three documents loosens the first nor the third the second, the third doesn't loosen the
// first: no series of small steps leads where one step would have had to wait.
func Loosens(old, new *Bundle) []Change { return compare("", *old, *new, bundleParts) }

// part is one field of T, or several that mean something only together.
type part[T any] struct {
	loosens func(path string, old, new T) []Change
	clear   func(*T) // takes it out, so that what is left is what no part compares
}

// sole is a part that is compared by itself. Without a name it is written among the fields of T.
func sole[T, F any](name string, of func(*T) *F, loosens func(path string, old, new F) []Change) part[T] {
	return part[T]{
		loosens: func(path string, old, new T) []Change { return loosens(join(path, name), *of(&old), *of(&new)) },
		clear:   func(v *T) { *of(v) = *new(F) },
	}
}

// compare puts together what the parts find. Where the rest differs, it loosens.
func compare[T any](path string, old, new T, parts []part[T]) (all []Change) {
	restOld, restNew := old, new
	for _, p := range parts {
		all = append(all, p.loosens(path, old, new)...)
		p.clear(&restOld)
		p.clear(&restNew)
	}
	if !reflect.DeepEqual(restOld, restNew) {
		all = append(all, Change{cmp.Or(path, "document"), "one thing", "another, which this release can't compare"})
	}
	return all
}

// bundleParts is where a part of the document says what loosens it.
var bundleParts = []part[Bundle]{
	{never[Bundle], func(b *Bundle) { b.Version, b.Parent, b.Hash = 0, [32]byte{}, [32]byte{} }},
	sole("quorum", func(b *Bundle) *int { return &b.Quorum }, ifLower),
	sole("loosenDelay", func(b *Bundle) *time.Duration { return &b.LoosenDelay }, ifLower),
	sole("contracts", func(b *Bundle) *[]ton.Vouched { return &b.contracts }, contracts),
	sole("risk", func(b *Bundle) *Risk { return &b.risk }, risk),
	sole("lists", func(b *Bundle) *map[string][32]byte { return &b.lists }, publishers),
	sole("feeds", func(b *Bundle) *[]Feed { return &b.feeds }, feeds),
	sole("validators", func(b *Bundle) *[]Validator { return &b.validators }, asked),
	sole("rules", func(b *Bundle) *ruleBook { return &b.rules }, rules),
	sole("agents", func(b *Bundle) *map[string]Permissions { return &b.agents }, byID(each(permissionsParts))),
}

// permissionsParts is where a permission says what loosens it.
var permissionsParts = []part[Permissions]{
	sole("enrolment", func(p *Permissions) **Enrolment { return &p.Enrolment }, enrolments),
	{never[Permissions], func(p *Permissions) { p.Preset = "" }}, // a name; what it stands for is compared
	sole("capabilities", func(p *Permissions) *Capabilities { return &p.Capabilities }, each(capabilitiesParts)),
	sole("limits", func(p *Permissions) *Limits { return &p.Limits }, each(limitsParts(tonDecimals))),
	sole("assetLimits", func(p *Permissions) *map[string]AssetLimits { return &p.AssetLimits }, byID(each(assetLimitsParts))),
	sole("allowedTokens", func(p *Permissions) *[]string { return &p.AllowedTokens }, ifAdded),
	{destinations, func(p *Permissions) { p.AllowedDestinations = nil }},
	sole("requireApprovalAbove", func(p *Permissions) **ton.Nano { return &p.RequireApprovalAbove }, ifAboveOrNone(tonDecimals, "never")),
	sole("rate", func(p *Permissions) *Rate { return &p.Rate }, each(rateParts)),
	sole("minConfidence", func(p *Permissions) *Permille { return (*Permille)(&p.MinConfidence) }, ifLower),
	sole("maxValidity", func(p *Permissions) *time.Duration { return &p.MaxValidity }, ifHigher),
	sole("strategies", func(p *Permissions) *map[string]Strategy { return &p.Strategies }, followed),
	sole("rulesOnly", func(p *Permissions) *bool { return &p.RulesOnly }, ifTurnedOff),
	sole("callerTokens", func(p *Permissions) *CallerTokens { return &p.CallerTokens }, each(callerTokensParts)),
}

var capabilitiesParts = []part[Capabilities]{
	sole("trading", func(c *Capabilities) *Capability { return &c.Trading }, capability),
	sole("transfers", func(c *Capabilities) *Capability { return &c.Transfers }, capability),
	sole("staking", func(c *Capabilities) *Capability { return &c.Staking }, capability),
	sole("nft", func(c *Capabilities) *Capability { return &c.NFT }, capability),
	sole("governance", func(c *Capabilities) *Capability { return &c.Governance }, capability),
	sole("contractCalls", func(c *Capabilities) *Capability { return &c.ContractCalls }, capability),
	sole("deploys", func(c *Capabilities) *Capability { return &c.Deploys }, capability),
	sole("gasless", func(c *Capabilities) *Capability { return &c.Gasless }, capability),
}

// capabilityParts are those of a capability that both documents turn on.
var capabilityParts = []part[Capability]{
	sole("enabled", func(c *Capability) *bool { return &c.Enabled }, never),
	sole("whitelistOnly", func(c *Capability) *bool { return &c.WhitelistOnly }, ifTurnedOff),
	sole("maxSlippage", func(c *Capability) *Permille { return &c.MaxSlippage }, ifHigherOrNone),
	sole("actions", func(c *Capability) *[]string { return &c.Actions }, ifAddedOrAll),
}

func limitsParts(decimals int) []part[Limits] {
	return []part[Limits]{
		sole("perTransaction", func(l *Limits) *ton.Nano { return &l.PerTransaction }, ifAbove(decimals)),
		sole("daily", func(l *Limits) *ton.Nano { return &l.Daily }, ifAbove(decimals)),
		sole("weekly", func(l *Limits) *ton.Nano { return &l.Weekly }, ifAbove(decimals)),
		sole("monthly", func(l *Limits) *ton.Nano { return &l.Monthly }, ifAbove(decimals)),
		sole("calendar", func(l *Limits) **Calendar { return &l.Calendar }, calendar(decimals)),
	}
}

// calendarParts are those of calendars of one time zone.
func calendarParts(decimals int) []part[Calendar] {
	return []part[Calendar]{
		sole("timeZone", func(c *Calendar) **time.Location { return &c.Zone }, never),
		sole("daily", func(c *Calendar) **ton.Nano { return &c.Daily }, ifAboveOrNone(decimals, "none stated")),
		sole("weekly", func(c *Calendar) **ton.Nano { return &c.Weekly }, ifAboveOrNone(decimals, "none stated")),
		sole("monthly", func(c *Calendar) **ton.Nano { return &c.Monthly }, ifAboveOrNone(decimals, "none stated")),
	}
}

var assetLimitsParts = []part[AssetLimits]{
	sole("", func(l *AssetLimits) *Limits { return &l.Limits }, each(limitsParts(unitDecimals))),
	sole("requireApprovalAbove", func(l *AssetLimits) **ton.Nano { return &l.RequireApprovalAbove }, ifAboveOrNone(unitDecimals, "never")),
}

var rateParts = []part[Rate]{
	{func(path string, old, new Rate) []Change {
		return ifHigher(join(path, "maxPerHour"), boundOf(old.MaxPerHour, old.Unlimited), boundOf(new.MaxPerHour, new.Unlimited))
	}, func(r *Rate) { r.MaxPerHour, r.Unlimited = 0, false }},
	sole("cooldownSeconds", func(r *Rate) *time.Duration { return &r.Cooldown }, ifLower),
}

var callerTokensParts = []part[CallerTokens]{
	{func(path string, old, new CallerTokens) []Change {
		return append(
			ifHigher(join(path, "perSecond"), boundOf(old.PerSecond, old.Unlimited), boundOf(new.PerSecond, new.Unlimited)),
			ifHigher(join(path, "burst"), boundOf(old.Burst, old.Unlimited), boundOf(new.Burst, new.Unlimited))...)
	}, func(c *CallerTokens) { *c = CallerTokens{} }},
}

// riskParts are those of risk.
var riskParts = []part[Risk]{
	sole("enabled", func(r *Risk) *bool { return &r.Enabled }, ifTurnedOff),
	sole("maxRiskScore", func(r *Risk) *int { return &r.MaxScore }, ifHigher),
	sole("anomalyThreshold", func(r *Risk) *int { return &r.AnomalyThreshold }, ifHigher),
	sole("fraudDetectionEnabled", func(r *Risk) *bool { return &r.FraudDetection }, ifTurnedOff),
	{weights, func(r *Risk) { r.Transaction, r.Behavioral, r.Market = 0, 0, 0 }},
}

// strategyParts are those of a strategy that both documents have.
var strategyParts = []part[Strategy]{
	sole("actions", func(s *Strategy) *[]string { return &s.Actions }, ifAdded),
	sole("maxSlippage", func(s *Strategy) *Permille { return &s.MaxSlippage }, ifHigherOrNone),
	sole("pairs", func(s *Strategy) *[]Pair { return &s.Pairs }, ifAddedOrAll),
	sole("pools", func(s *Strategy) *[]ton.Address { return &s.Pools }, ifAddedOrAll),
	sole("venues", func(s *Strategy) *[]ton.Venue { return &s.Venues }, ifAddedOrAll),
	sole("programs", func(s *Strategy) *[]ton.Program { return &s.Programs }, ifAddedOrAll),
	sole("maxValidity", func(s *Strategy) *time.Duration { return &s.MaxValidity }, ifHigherOrNone),
	sole("maxAmounts", func(s *Strategy) *map[string]ton.Nano { return &s.MaxAmounts }, mostOf),
}

// enrolmentParts are those of an agent that both documents enrol. Another key widens nothing.
var enrolmentParts = []part[Enrolment]{
	sole("publicKey", func(e *Enrolment) *[32]byte { return &e.PublicKey }, never),
	sole("wallets", func(e *Enrolment) *[]string { return &e.Wallets }, ifAdded),
	sole("notBefore", func(e *Enrolment) *time.Time { return &e.NotBefore }, ifEarlier),
	sole("notAfter", func(e *Enrolment) *time.Time { return &e.NotAfter }, ifLaterOrNone),
	sole("suspended", func(e *Enrolment) *bool { return &e.Suspended }, ifTurnedOff),
}
