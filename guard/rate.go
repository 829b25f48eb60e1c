package guard

import (
	"fmt"
	"strconv"
)

// rateLimits is layer 6: how often the agent's requests reach a reservation. A request counts once, with however many
// payloads and attempts.
func (e *evaluation) rateLimits() (v []Verdict) {
	if e.perms == nil || e.use.Counted {
		return nil
	}
	r := e.perms.Rate
	n, err := e.rate.InHour(e.at)
	if err != nil || !r.Unlimited && n >= uint64(r.MaxPerHour) {
		v = append(v, deny(ReasonRateHour, strconv.FormatUint(n, 10), strconv.FormatUint(uint64(r.MaxPerHour), 10)))
	}
	if since, any := e.rate.Since(e.at); any && since < r.Cooldown {
		v = append(v, deny(ReasonRateCooldown, fmt.Sprint(since), fmt.Sprint(r.Cooldown)))
	}
	return v
}
