package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
)

// calendared is a custom set with a calendar.
func calendared(calendar string) string {
	return strings.Replace(custom, `monthly: "30000"}`, `monthly: "30000", calendar: `+calendar+`}`, 1)
}

func TestCalendarIsRead(t *testing.T) {
	p, err := parseOne(t, calendared(`{timeZone: Europe/Berlin, daily: "1000.5", monthly: "40000"}`))
	if err != nil {
		t.Fatal(err)
	}
	c := p.Limits.Calendar
	if c == nil || c.Zone.String() != "Europe/Berlin" || c.Daily.String() != "1000.5" || c.Weekly != nil || c.Monthly.String() != "40000" {
		t.Errorf("calendar %+v", c)
	}
	if l, _ := p.LimitsOf(ton.Native); l.Calendar != c {
		t.Error("it is none of the limits of coins")
	}
}

func TestCalendarOfAJettonIsInUnits(t *testing.T) {
	p, err := parseOne(t, fmt.Sprintf(`
preset: aggressive
assetLimits: {%q: {perTransaction: "100", daily: "200", calendar: {timeZone: UTC, weekly: "300"}}}`, dollar))
	if err != nil {
		t.Fatal(err)
	}
	l, _ := p.LimitsOf(dollar)
	if c := l.Calendar; c == nil || c.Daily != nil || *c.Weekly != ton.NanoOf(300) || c.Zone.String() != "UTC" {
		t.Errorf("calendar %+v", c)
	}
	if p.Limits.Calendar != nil {
		t.Error("it bounds coins")
	}
}

func TestBadCalendarIsRefusedWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ calendar, says string }{
		"no zone":         {`{daily: "1"}`, "not a name of IANA's database"},
		"a made-up zone":  {`{timeZone: Europe/Gotham, daily: "1"}`, `"Europe/Gotham"`},
		"the machine's":   {`{timeZone: Local, daily: "1"}`, "not a name of IANA's database"},
		"a file":          {`{timeZone: ../../etc/passwd, daily: "1"}`, "not a name of IANA's database"},
		"nothing":         {`{timeZone: UTC}`, "at least one"},
		"zero":            {`{timeZone: UTC, daily: "0"}`, "is zero"},
		"zero among some": {`{timeZone: UTC, daily: "1", monthly: "0"}`, "is zero"},
		"falling":         {`{timeZone: UTC, daily: "2", weekly: "1"}`, "does not hold"},
		"falling, apart":  {`{timeZone: UTC, daily: "2", monthly: "1"}`, "does not hold"},
		"a number":        {`{timeZone: UTC, daily: 2}`, "quoted string"},
		"an unknown key":  {`{timeZone: UTC, daily: "2", yearly: "3"}`, "yearly"},
	} {
		_, err := parseOne(t, calendared(c.calendar))
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "5:") {
			t.Errorf("%s: %v, want one of line 5 with %q", name, err, c.says)
		}
		jetton := fmt.Sprintf("preset: balanced\nassetLimits: {%q: {perTransaction: \"1\", daily: \"2\", calendar: %s}}", dollar, c.calendar)
		if _, err = parseOne(t, jetton); err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "5:") {
			t.Errorf("%s, of a jetton: %v, want one of line 5 with %q", name, err, c.says)
		}
	}
}
