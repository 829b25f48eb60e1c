package policy

import (
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// Preset returns one of the three templates: conservative, balanced, aggressive. The table is the product's; weekly and
// monthly limits are 4 and 10 times the daily one.
func Preset(name string) (Permissions, bool) {
	p := Permissions{
		Preset:        name,
		AllowedTokens: []string{ton.Native},
		Rate:          Rate{MaxPerHour: 10, Cooldown: 60 * time.Second},
		MaxValidity:   defaultValidity,
		CallerTokens:  CallerTokens{PerSecond: 1, Burst: 60},
	}
	on := func(actions ...string) Capability { return Capability{Enabled: true, Actions: actions} }
	switch name {
	case "conservative": // trading, staking and NFTs can be looked at, which needs no signature
		p.Limits = limitsOf(10, 50)
		p.RequireApprovalAbove = new(ton.Nano)
	case "balanced":
		p.Limits = limitsOf(100, 500)
		p.Capabilities = Capabilities{
			Trading:    Capability{Enabled: true, MaxSlippage: 10},
			Transfers:  Capability{Enabled: true, WhitelistOnly: true},
			Staking:    on("stake"),
			NFT:        on("buy_nft", "sell_nft"),
			Governance: on("vote"),
		}
	case "aggressive":
		p.Limits = limitsOf(1000, 5000)
		p.Capabilities = Capabilities{Trading: on(), Transfers: on(), Staking: on(), NFT: on(), Governance: on()}
	default:
		return Permissions{}, false
	}
	return p, true
}

// limitsOf takes whole TON.
func limitsOf(transaction, daily uint64) Limits {
	const nano = 1_000_000_000
	return Limits{
		PerTransaction: ton.NanoOf(transaction * nano),
		Daily:          ton.NanoOf(daily * nano),
		Weekly:         ton.NanoOf(daily * 4 * nano),
		Monthly:        ton.NanoOf(daily * 10 * nano),
	}
}
