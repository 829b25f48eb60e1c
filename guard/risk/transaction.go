package risk

// Factor is one thing that makes a transaction risky by itself.
type Factor struct {
	Name   string
	Value  float64 // 0 to 1: how far it applies
	Weight float64 // 0 to 1: what it takes away of the safety that the others leave
}

// factors lists all of them, those that don't apply with the value 0.
func factors(r Request) []Factor {
	return []Factor{
		{"amount", square(ratio(r.Amount, r.PerTransaction)), 0.5},
		{"balance_share", clamp((ratio(r.Amount, r.Balance) - 0.1) / (0.5 - 0.1)), 0.6},
		{"new_destination", is(r.paysNew()), 0.35},
		{"undecoded", is(r.Undecoded), 0.5},
		{"unlisted_jetton", is(r.UnlistedJetton), 0.4},
		{"state_init", is(r.StateInit), 0.3},
		{"sweep", is(r.Sweep), 0.6},
		{"look_alike", is(r.looksLike()), 0.95},
		{"wallet_admin", is(r.WalletAdmin), 1},
	}
}

// transactionRisk is T = 100·(1 − Π(1 − wᵢxᵢ)).
func transactionRisk(all []Factor) float64 {
	safe := 1.0
	for _, f := range all {
		safe *= 1 - f.Weight*f.Value
	}
	return rounded(100 * (1 - safe))
}

func square(x float64) float64 { return x * x }

func is(b bool) float64 { return float64(bit(b)) }
