package risk

// Level is a score in a word. Levels are ordered.
type Level uint8

// The levels. High and above escalate.
const (
	Unknown  Level = iota // the zero value, which is denied
	Low                   // below 30
	Medium                // below 60
	High                  // up to 80
	Critical              // above
)

// String returns the level as policies and the API write it.
func (l Level) String() string {
	if l > Critical {
		l = Unknown
	}
	return [...]string{"unknown", "low", "medium", "high", "critical"}[l]
}

// extreme is a component that no average may hide.
const extreme = 95

func level(score float64, b Breakdown) Level {
	if max(b.Transaction, b.Behavioral, b.Market) >= extreme {
		return max(High, levelOf(score))
	}
	return levelOf(score)
}

func levelOf(score float64) Level {
	switch {
	case score < 30:
		return Low
	case score < 60:
		return Medium
	case score <= 80:
		return High
	}
	return Critical
}
