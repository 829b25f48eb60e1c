package limits

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// Rate holds how many requests of one agent were reserved in the last hour, and when the last one was. The zero value
// is empty.
type Rate struct {
	hour ring // a request counts as one smallest unit
	last int64
}

// Add counts one request at the window time now.
func (r *Rate) Add(now time.Time) error {
	hour, err := r.hour.add(Hour, now, now, ton.NanoOf(1))
	if err != nil {
		return fmt.Errorf("count request: %w", err)
	}
	r.hour, r.last = hour, now.Unix()
	return nil
}

// InHour returns the number of requests in the hour that ends now.
func (r Rate) InHour(now time.Time) (uint64, error) {
	n, err := r.hour.sum(Hour, now)
	if err != nil {
		return 0, fmt.Errorf("count requests: %w", err)
	}
	return n.Big().Uint64(), nil
}

// Since returns the time from the last request to now, and whether there was one.
func (r Rate) Since(now time.Time) (time.Duration, bool) {
	return now.Sub(time.Unix(r.last, 0)), r.last != 0
}

// MarshalBinary writes the window and the last time in Unix seconds.
func (r Rate) MarshalBinary() ([]byte, error) {
	return binary.BigEndian.AppendUint64(r.hour.append(nil), uint64(r.last)), nil
}

// UnmarshalBinary reads them back strictly.
func (r *Rate) UnmarshalBinary(b []byte) error {
	hour, b, err := parseRing(Hour, b)
	if err != nil {
		return fmt.Errorf("hour window: %w", err)
	}
	if len(b) != 8 {
		return errShort
	}
	r.hour, r.last = hour, int64(binary.BigEndian.Uint64(b))
	return nil
}
