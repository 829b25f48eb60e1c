package risk

import "slices"

// What package guard makes of an assessment, in short: it gives each reason a verdict of its own.

// Denies reports whether layer 3 denies: for the score, or for a pattern that is blocked.
func (a Assessment) Denies(c Config) bool {
	switch {
	case a.Level == Unknown || c.Check() != nil:
		return true
	case !c.Enabled:
		return false
	}
	return a.Score > float64(c.MaxScore) || a.has(Block)
}

// Escalates reports whether layer 3 or 7 wants a person to decide, whether or not layer 3 denies as well: for the level,
// for a pattern, or for an anomaly.
func (a Assessment) Escalates(c Config) bool {
	return c.Enabled && (a.Level >= High || a.has(Escalate) || a.Anomaly.IsAnomaly)
}

func (a Assessment) has(act Action) bool {
	return slices.ContainsFunc(a.Patterns, func(m Match) bool { return m.Action == act })
}
