package policy

import (
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // the rules of all time zones, for machines that have none: 0.4 MB of binary

	"github.com/tonaiagent/mpcnode/ton"
)

// Calendar bounds what leaves in a day, a week and a month of the calendar, besides what leaves in windows of their length.
// Weeks begin on Monday (ISO 8601).
type Calendar struct {
	Zone                   *time.Location
	Daily, Weekly, Monthly *ton.Nano // nil: not bounded
}

type calendarFields struct {
	// TimeZone is the name of a time zone in IANA's database, such as Europe/Berlin, or UTC. Required.
	TimeZone string `yaml:"timeZone"`
	// Daily is the most from midnight to midnight there.
	Daily *amount `yaml:"daily"`
	// Weekly is the most in a week that begins on Monday.
	Weekly *amount `yaml:"weekly"`
	// Monthly is the most in a month.
	Monthly *amount `yaml:"monthly"`
}

type assetCalendarFields struct {
	// TimeZone is the name of a time zone in IANA's database, such as Europe/Berlin, or UTC. Required.
	TimeZone string `yaml:"timeZone"`
	// Daily is the most from midnight to midnight there.
	Daily *units `yaml:"daily"`
	// Weekly is the most in a week that begins on Monday.
	Weekly *units `yaml:"weekly"`
	// Monthly is the most in a month.
	Monthly *units `yaml:"monthly"`
}

// amounts returns f, nil or not, with its units as amounts.
func (f *assetCalendarFields) amounts() *calendarFields {
	if f == nil {
		return nil
	}
	return &calendarFields{f.TimeZone, (*amount)(f.Daily), (*amount)(f.Weekly), (*amount)(f.Monthly)}
}

// resolve returns nil for none.
func (f *calendarFields) resolve() (*Calendar, error) {
	if f == nil {
		return nil, nil
	}
	zone, err := loadZone(f.TimeZone)
	if err != nil {
		return nil, err
	}
	c := &Calendar{zone, (*ton.Nano)(f.Daily), (*ton.Nano)(f.Weekly), (*ton.Nano)(f.Monthly)}
	var most ton.Nano
	for _, n := range []*ton.Nano{c.Daily, c.Weekly, c.Monthly} {
		switch {
		case n == nil:
			continue
		case n.IsZero():
			return nil, errors.New("calendar: an amount is zero; to forbid everything, turn the capabilities off")
		case n.Cmp(most) < 0:
			return nil, errors.New("calendar: daily ≤ weekly ≤ monthly does not hold")
		}
		most = *n
	}
	if most.IsZero() {
		return nil, errors.New("calendar: wants at least one of daily, weekly and monthly")
	}
	return c, nil
}

// loadZone refuses the two names that time.LoadLocation reads as the machine's own: what they mean is not in the document.
func loadZone(name string) (*time.Location, error) {
	if zone, err := time.LoadLocation(name); err == nil && name != "" && name != "Local" {
		return zone, nil
	}
	return nil, fmt.Errorf("calendar: timeZone %.40q is not a name of IANA's database, such as \"Europe/Berlin\" or \"UTC\"", name)
}
