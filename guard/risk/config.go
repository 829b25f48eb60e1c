package risk

import (
	"errors"
	"fmt"
)

// Config is what a policy says about risk. The zero value is refused: Check says why, and whatever is assessed with it
// gets the worst score.
type Config struct {
	Enabled          bool    // false: layers 3 and 7 object to nothing; the assessment is made all the same
	MaxScore         int     // 1 to 100; a score above it is denied
	AnomalyThreshold int     // thousandths of a standard deviation, 1 to 10,000; a deviation above it is an anomaly
	Weights          Weights // of the score
	FraudDetection   bool    // false: no pattern is looked for
}

// Weights says how much each component counts, in thousandths that add up to 1000.
type Weights struct{ Transaction, Behavioral, Market int }

// Default is the product's: 80, two standard deviations, and 0.4, 0.3, 0.3.
func Default() Config {
	return Config{Enabled: true, MaxScore: 80, AnomalyThreshold: 2000, Weights: Weights{400, 300, 300}, FraudDetection: true}
}

// Check refuses what could not mean what was intended.
func (c Config) Check() error {
	w := c.Weights
	switch {
	case c.MaxScore < 1 || c.MaxScore > 100:
		return fmt.Errorf("maximum risk score %d: want 1 to 100", c.MaxScore)
	case c.AnomalyThreshold < 1 || c.AnomalyThreshold > 10_000:
		return fmt.Errorf("anomaly threshold of %d thousandths of a standard deviation: want 1 to 10000", c.AnomalyThreshold)
	case min(w.Transaction, w.Behavioral, w.Market) < 0 || max(w.Transaction, w.Behavioral, w.Market) > 1000 ||
		w.Transaction+w.Behavioral+w.Market != 1000:
		return fmt.Errorf("risk weights %d, %d, %d: want thousandths that add up to 1000", w.Transaction, w.Behavioral, w.Market)
	case w.Market == 1000:
		return errors.New("risk weights: all of it is the market's, so without market data there would be no score")
	}
	return nil
}

// score is the weighted mean of what is known.
func (w Weights) score(b Breakdown) float64 {
	sum := float64(w.Transaction)*b.Transaction + float64(w.Behavioral)*b.Behavioral
	of := float64(w.Transaction + w.Behavioral)
	if b.MarketAvailable {
		sum += float64(w.Market) * b.Market
		of += float64(w.Market)
	}
	return rounded(sum / of)
}

// Market is how much moves on the market, 0 to 100. The zero value is not available, and then the other components carry
// its weight: counted as zero it would lower every score.
type Market struct {
	Available bool
	Score     float64
}

// value takes what is no score for the worst one.
func (m Market) value() float64 {
	if !m.Available {
		return 0
	}
	if m.Score >= 0 && m.Score <= 100 {
		return m.Score
	}
	return 100
}
