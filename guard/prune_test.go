package guard_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
)

func TestForgetKeepsWhatStillProtects(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		state     guard.State
		validFor  time.Duration // of the payload, from now
		expiresIn time.Duration // of the request
		after     time.Duration // until it is asked
		left      bool
	}{
		"executed long ago":            {guard.Executed, time.Minute, time.Minute, guard.KeepSettled + time.Minute, false},
		"dead long ago":                {guard.Dead, time.Minute, time.Minute, guard.KeepSettled + time.Minute, false},
		"executed, a second too early": {guard.Executed, time.Minute, time.Minute, guard.KeepSettled + time.Minute - time.Second, true},
		"request that expires later":   {guard.Executed, time.Minute, day, guard.KeepSettled + time.Minute, true},
		"payload that is valid longer": {guard.Executed, time.Hour, time.Minute, guard.KeepSettled + time.Minute, true},
		"reserved":                     {guard.Reserved, time.Minute, time.Minute, 2 * guard.KeepSettled, true},
		"releasing":                    {guard.Releasing, time.Minute, time.Minute, 2 * guard.KeepSettled, true},
		"only seen":                    {guard.Seen, time.Minute, time.Minute, 2 * guard.KeepSettled, true},
		"of no state":                  {"", time.Minute, time.Minute, 2 * guard.KeepSettled, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, permissive)
			now, hash := time.Unix(1_800_000_000, 0), [32]byte{1}
			guard.PutPayload(w.tx, hash, guard.Payload{State: c.state, Wallet: "w1", RequestID: "r-1",
				ValidUntil: now.Add(c.validFor).Unix(), RequestExpires: now.Add(c.expiresIn).Unix()})
			guard.PutUsed(w.tx, "r-1", now.Add(c.after))
			before := len(w.tx.M)
			left, err := w.g.Forget(w.tx, hash)
			if err != nil || left != c.left {
				t.Fatalf("left %v, %v", left, err)
			}
			if gone := before - len(w.tx.M); c.left && gone != 0 || !c.left && gone != 2 {
				t.Errorf("%d records were deleted", gone)
			}
			if left, err := w.g.Forget(w.tx, [32]byte{2}); err != nil || left {
				t.Errorf("of a payload never heard of: left %v, %v", left, err)
			}
			w.tx.Fail = errors.New("unreadable")
			if _, err := w.g.Forget(w.tx, hash); err == nil {
				t.Error("what can't be read was taken for gone")
			}
		})
	}
}

func TestMirrorThatBeginsAnewKnowsWhatItMeets(t *testing.T) {
	if guard.KeepSettled <= guard.Backfill {
		t.Errorf("payloads are forgotten after %s, a mirror walks back %s", guard.KeepSettled, guard.Backfill)
	}
}
