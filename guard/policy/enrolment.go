package policy

import (
	"fmt"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/tonaiagent/mpcnode/strictyaml"
)

// Enrolment says whose signature speaks for an agent, for which wallets, and when.
type Enrolment struct {
	PublicKey           [32]byte // ed25519
	Wallets             []string
	NotBefore, NotAfter time.Time // zero: no bound
	Suspended           bool
}

// enrolment is one as it is written.
type enrolment struct{ resolved *Enrolment }

type enrolmentFields struct {
	// PublicKey is the agent's ed25519 key, 64 hex digits. Required. Another one is in force at once: it widens nothing.
	PublicKey publicKey `yaml:"publicKey"`
	// Wallets are those that the agent may use, at most 64. Required.
	Wallets []string `yaml:"wallets"`
	// NotBefore is when it begins to hold, in UTC by RFC 3339. Default: at once.
	NotBefore *moment `yaml:"notBefore"`
	// NotAfter is when it ceases to hold. Default: never.
	NotAfter *moment `yaml:"notAfter"`
	// Suspended takes the agent out of force.
	Suspended bool `yaml:"suspended"`
}

// UnmarshalYAML reads one, so that what is wrong with it is reported where it stands.
func (e *enrolment) UnmarshalYAML(n ast.Node) error {
	var f enrolmentFields
	unread := strictyaml.Decode(n, &f)
	r := &Enrolment{PublicKey: f.PublicKey, Wallets: f.Wallets, Suspended: f.Suspended}
	if f.NotBefore != nil {
		r.NotBefore = time.Time(*f.NotBefore)
	}
	if f.NotAfter != nil {
		r.NotAfter = time.Time(*f.NotAfter)
	}
	e.resolved = r
	return meant(unread, r.check(), under(n))
}

func (e *Enrolment) check() (problems []problem) {
	if e.PublicKey == [32]byte{} {
		problems = append(problems, problem{"publicKey", "missing: want the agent's key, 64 hex digits; `mpcctl keypair FILE` makes one"})
	}
	if len(e.Wallets) == 0 || len(e.Wallets) > maxAgentWallets {
		problems = append(problems, problem{"wallets", fmt.Sprintf("want 1 to %d wallets", maxAgentWallets)})
	}
	for _, w := range e.Wallets {
		if !agentID.MatchString(w) {
			problems = append(problems, problem{"wallets", fmt.Sprintf("%.70q is no wallet's id: a-z, 0-9 and -, at most 64", w)})
		}
	}
	if !e.NotAfter.IsZero() && !e.NotAfter.After(e.NotBefore) {
		problems = append(problems, problem{"notAfter", "is not after notBefore"})
	}
	return problems
}

// moment is a time in UTC, in whole seconds.
type moment time.Time

func (m *moment) UnmarshalYAML(n ast.Node) error {
	t, err := time.Parse("2006-01-02T15:04:05Z", n.GetToken().Value)
	if err != nil || t.Unix() <= 0 {
		return at(n, "want a time in UTC by RFC 3339 in whole seconds, such as 2027-01-31T00:00:00Z")
	}
	*m = moment(t)
	return nil
}
