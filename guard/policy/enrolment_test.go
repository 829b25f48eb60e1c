package policy

import (
	"strings"
	"testing"
	"time"
)

func TestEnrolmentIsReadStrictly(t *testing.T) {
	const good = `version: 1
agents:
  agent-1:
    enrolment: {publicKey: "` + keyOne + `", wallets: [w1], notBefore: 2026-10-01T00:00:00Z, notAfter: 2027-10-01T00:00:00Z, suspended: true}
    preset: balanced
`
	p, _ := parsed(t, good).Permissions("agent-1")
	e := p.Enrolment
	if e == nil || e.PublicKey[0] != 0x11 || len(e.Wallets) != 1 || !e.NotBefore.Equal(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)) || !e.Suspended {
		t.Fatalf("%+v", e)
	}
	for _, c := range []struct{ from, to, want string }{
		{`publicKey: "` + keyOne + `", `, "", "4:17: agents.agent-1.enrolment.publicKey: missing"},
		{keyOne, strings.Repeat("0", 64), "publicKey: missing"},
		{keyOne, "11", "want the 64 hex digits"},
		{"wallets: [w1]", "wallets: []", "want 1 to 64 wallets"},
		{"[w1]", "[w1, 'No Id']", "is no wallet's id"},
		{"[w1]", "[" + strings.Repeat("w1, ", 64) + "w1]", "want 1 to 64 wallets"},
		{"2027-10-01T", "2026-09-01T", "is not after notBefore"},
		{"2027-10-01T00:00:00Z", "2027-10-01T00:00:00+02:00", "want a time in UTC"},
		{"2027-10-01T00:00:00Z", "2027-10-01", "want a time in UTC"},
		{"2027-10-01T00:00:00Z", "1970-01-01T00:00:00Z", "want a time in UTC"},
		{"suspended: true", "suspend: true", "suspend: unknown field"},
	} {
		_, err := Parse([]byte(strings.Replace(good, c.from, c.to, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s for %s: %v, want %q", c.to, c.from, err, c.want)
		}
	}
}
