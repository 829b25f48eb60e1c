package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// Permissions is what one agent may do. The zero value allows nothing.
type Permissions struct {
	Enrolment            *Enrolment // nil: the operator's record says who speaks for the agent
	Preset               string     // the preset it began as, "" for a custom set
	Capabilities         Capabilities
	Limits               Limits
	AssetLimits          map[string]AssetLimits // by asset id, of jettons; what has none is not moved
	AllowedTokens        []string               // asset ids; what is not listed is denied
	AllowedDestinations  []ton.Address          // once not empty, what is not listed is denied
	RequireApprovalAbove *ton.Nano              // nil: no amount needs an approval
	Rate                 Rate
	MinConfidence        uint16        // permille the agent must state; 0: none
	MaxValidity          time.Duration // how far ahead a payload's valid_until may be
	CallerTokens         CallerTokens
	RulesOnly            bool                // what no allow rule matches is denied
	Strategies           map[string]Strategy // by name; once not empty, every request follows one of them
}

// Capabilities are the kinds of action. What only reads needs no signature, so "read-only" is a capability that is off.
type Capabilities struct {
	// Trading is swaps: trade.
	Trading Capability `yaml:"trading"`
	// Transfers are payments: transfer.
	Transfers Capability `yaml:"transfers"`
	// Staking is stake and unstake.
	Staking Capability `yaml:"staking"`
	// NFT is buy_nft, sell_nft and create_nft.
	NFT Capability `yaml:"nft"`
	// Governance is vote and propose.
	Governance Capability `yaml:"governance"`

	// ContractCalls are operations that are not understood: they may do anything that the contract does at the wallet's word.
	ContractCalls Capability `yaml:"contractCalls"`
	// Deploys are contracts that a payment brings to the chain.
	Deploys Capability `yaml:"deploys"`
	// Gasless are payments of jettons that a relayer carries to the chain.
	Gasless Capability `yaml:"gasless"`
}

// byName are the capabilities as documents spell them.
func (c Capabilities) byName() map[string]Capability {
	return map[string]Capability{
		"trading": c.Trading, "transfers": c.Transfers, "staking": c.Staking, "nft": c.NFT, "governance": c.Governance,
		"contractCalls": c.ContractCalls, "deploys": c.Deploys, "gasless": c.Gasless,
	}
}

// Capability is one kind of action. The zero value is off.
type Capability struct {
	// Enabled turns it on.
	Enabled bool `yaml:"enabled"`
	// WhitelistOnly keeps it to allowedDestinations, even if that is empty.
	WhitelistOnly bool `yaml:"whitelistOnly"`
	// MaxSlippage is of trading. Default: none stated.
	MaxSlippage Permille `yaml:"maxSlippage"`
	// Actions are those of the capability that are on. Default: all.
	Actions []string `yaml:"actions"`
}

// Limits are amounts of one asset. An amount equal to a limit is within it.
type Limits struct {
	PerTransaction, Daily, Weekly, Monthly ton.Nano
	Calendar                               *Calendar // nil: none
}

// AssetLimits are those of a jetton, in its smallest unit.
type AssetLimits struct {
	Limits
	RequireApprovalAbove *ton.Nano // nil: no amount needs an approval
}

// Rate bounds how often an agent's requests may be reserved.
type Rate struct {
	MaxPerHour uint32
	Unlimited  bool // MaxPerHour does not apply
	Cooldown   time.Duration
}

// CallerTokens is the bucket from which each call of the agent takes one, denials and simulations included.
type CallerTokens struct {
	PerSecond uint32
	Burst     uint32
	Unlimited bool
}

// Action is what an agent wants to do.
type Action struct {
	Name        string // a key of kind
	Token       string // asset id
	Amount      ton.Nano
	Destination ton.Address // who gets it, zero for nobody
}

// Rule names what an action violates, as the document spells it.
type Rule string

const (
	RuleCapability     Rule = "capabilities"
	RuleToken          Rule = "allowedTokens"
	RuleDestination    Rule = "allowedDestinations"
	RuleAssetLimits    Rule = "assetLimits"
	RulePerTransaction Rule = "limits.perTransaction"
	RuleApproval       Rule = "requireApprovalAbove" // the action needs an approval; every other rule forbids it
	RuleRulesOnly      Rule = "rulesOnly"            // no allow rule matches; not asked by CheckCapability
)

// Answer is what CheckCapability says. The zero value is no.
type Answer struct {
	Allowed      bool
	Reason       string // for people
	ViolatedRule Rule   // "" when allowed
}

// CheckCapability tells whether the permissions alone allow an action, and the first rule it violates if not. What
// depends on history (windows, rate) is not asked here.
func (p Permissions) CheckCapability(a Action) Answer {
	c := p.capability(a.Name)
	switch {
	case kind[a.Name] == "":
		return no(RuleCapability, fmt.Sprintf("%.40q is no action: want one of %s", a.Name, strings.Join(slices.Sorted(maps.Keys(kind)), ", ")))
	case !c.Enabled:
		return no(RuleCapability, a.Name+" is turned off")
	case len(c.Actions) > 0 && !slices.Contains(c.Actions, a.Name):
		return no(RuleCapability, a.Name+" is not one of the actions that are on")
	case !slices.Contains(p.AllowedTokens, a.Token):
		return no(RuleToken, "the token is not listed")
	case !p.mayReach(c, a.Destination):
		return no(RuleDestination, "the destination is not listed")
	}
	l, known := p.LimitsOf(a.Token)
	switch {
	case !known:
		return no(RuleAssetLimits, "no limit is set for the token")
	case a.Amount.Cmp(l.PerTransaction) > 0:
		return no(RulePerTransaction, "the amount is above the limit of a transaction")
	case l.RequireApprovalAbove != nil && a.Amount.Cmp(*l.RequireApprovalAbove) > 0:
		return no(RuleApproval, "the amount needs an approval")
	}
	return Answer{Allowed: true}
}

// LimitsOf returns the limits of an asset, and whether there are any.
func (p Permissions) LimitsOf(asset string) (AssetLimits, bool) {
	if asset == ton.Native {
		return AssetLimits{p.Limits, p.RequireApprovalAbove}, true
	}
	l, ok := p.AssetLimits[asset]
	return l, ok
}

func (p Permissions) mayReach(c Capability, a ton.Address) bool {
	if len(p.AllowedDestinations) == 0 {
		return !c.WhitelistOnly
	}
	return slices.Contains(p.AllowedDestinations, a)
}

// capability returns the one an action belongs to; one that is off for an action nobody has heard of.
func (p Permissions) capability(action string) Capability {
	return p.Capabilities.byName()[kind[action]]
}

// kind says which capability an action belongs to.
var kind = map[string]string{
	"trade": "trading", "transfer": "transfers", "burn": "transfers", "stake": "staking", "unstake": "staking",
	"buy_nft": "nft", "sell_nft": "nft", "transfer_nft": "nft", "create_nft": "nft", "vote": "governance", "propose": "governance",
	"contract_call": "contractCalls", "deploy": "deploys", "gasless": "gasless",
}

func no(r Rule, reason string) Answer { return Answer{ViolatedRule: r, Reason: reason} }
