package policy

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/tonaiagent/mpcnode/strictyaml"
)

// The layers that validators belong to.
const (
	IntentLayer   = "intent"
	StrategyLayer = "strategy"
)

// Validator is who is asked for an opinion on requests, and what it does when there is none.
type Validator struct {
	ID        string
	Layer     string            // IntentLayer or StrategyLayer
	URL       string            // "": it is built into the node
	PublicKey ed25519.PublicKey // that signs its answers; nil: TLS is what they rest on
	Timeout   time.Duration
	Agents    []string // whose requests; nil: everybody's
	Escalates bool     // an answer that is missing, bad or against it asks for people, where it otherwise denies
}

// Validators returns those that are asked about an agent's requests.
func (b *Bundle) Validators(agent string) (asked []Validator) {
	for _, v := range b.validators {
		if v.Agents == nil || slices.Contains(v.Agents, agent) {
			asked = append(asked, v)
		}
	}
	return asked
}

// AllValidators returns every one that the document names.
func (b *Bundle) AllValidators() []Validator { return slices.Clone(b.validators) }

// validator is one as it is written.
type validator struct{ resolved Validator }

type validatorFields struct {
	// ID names it in the audit log, and in the node if it is built in: a-z, 0-9 and -, at most 64.
	ID string `yaml:"id"`
	// Layer is intent, for what an agent wants and says of it, or strategy, for how it goes about it.
	Layer string `yaml:"layer"`
	// URL is where it is asked: https, or http at a loopback address such as http://127.0.0.1:8080/validate. Default: it is
	// built into the node under its id.
	URL string `yaml:"url"`
	// PublicKey is the ed25519 key that signs its answers, 64 hex digits. Default: whoever answers at the URL is believed,
	// which over plain http is any process of the host.
	PublicKey string `yaml:"publicKey"`
	// Timeout is how long it is waited for, 100ms to 7s. Default: 5s.
	Timeout *timeout `yaml:"timeout"`
	// Agents are those whose requests it is asked about. Default: all.
	Agents []string `yaml:"agents"`
	// OnFailure is what comes of no answer, a bad one, one that is not valid, or one of less confidence than the agent's
	// minConfidence: deny, or escalate to people. Default: deny.
	OnFailure string `yaml:"onFailure"`
}

// UnmarshalYAML reads one, so that what is wrong with it is reported where it stands.
func (v *validator) UnmarshalYAML(n ast.Node) error {
	var f validatorFields
	unread := strictyaml.Decode(n, &f)
	wrong := unread
	for _, p := range f.check() {
		if !unread.Hide(p.path) {
			wrong = append(wrong, strictyaml.At(n, p.path, p.text))
		}
	}
	v.resolved = f.resolve()
	return wrong.Err()
}

// resolve returns the validator that fields which check has passed describe.
func (f validatorFields) resolve() Validator {
	v := Validator{ID: f.ID, Layer: f.Layer, URL: f.URL, Timeout: defaultTimeout, Agents: f.Agents, Escalates: f.OnFailure == "escalate"}
	if f.Timeout != nil {
		v.Timeout = time.Duration(*f.Timeout)
	}
	if key, err := hex.DecodeString(f.PublicKey); err == nil && len(key) > 0 {
		v.PublicKey = key
	}
	return v
}

func (f validatorFields) check() (problems []problem) {
	bad := func(is bool, path, text string) {
		if is {
			problems = append(problems, problem{path, text})
		}
	}
	bad(!agentID.MatchString(f.ID), "id", "want an id: a-z, 0-9 and -, at most 64")
	bad(f.Layer != IntentLayer && f.Layer != StrategyLayer, "layer", "want intent or strategy")
	if f.URL != "" {
		if err := checkURL(f.URL); err != nil {
			bad(true, "url", err.Error())
		}
	}
	if f.PublicKey != "" {
		key, err := hex.DecodeString(f.PublicKey)
		bad(err != nil || len(key) != ed25519.PublicKeySize, "publicKey", "want the 64 hex digits of an ed25519 key")
		bad(f.URL == "", "publicKey", "what is built into the node signs nothing: leave it out, or name a url")
	}
	bad(f.Agents != nil && len(f.Agents) == 0, "agents", "an empty list: leave the field out for all, or name them")
	bad(f.OnFailure != "" && f.OnFailure != "deny" && f.OnFailure != "escalate", "onFailure", "want deny or escalate")
	return problems
}

// checkURL wants one that is asked over TLS, or doesn't leave the host. A name such as localhost is none of these: who it
// is, somebody else says.
func checkURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxURL || u.Host == "" || u.User != nil || u.Fragment != "" || u.String() != s {
		return fmt.Errorf("want a plain URL of at most %d bytes, such as https://validator.example/intent", maxURL)
	}
	if u.Scheme == "https" {
		return nil
	}
	if ip, err := netip.ParseAddr(u.Hostname()); u.Scheme != "http" || err != nil || !ip.IsLoopback() {
		return errors.New("want https; http only at a loopback address, such as http://127.0.0.1:8080")
	}
	return nil
}

// validators fills in those of the document, and checks them against one another and the agents.
func (d document) validators(b *Bundle) (problems []problem) {
	if len(d.Validators) > maxValidators {
		return []problem{{"validators", fmt.Sprintf("%d are listed, at most %d may be", len(d.Validators), maxValidators)}}
	}
	for i, v := range d.Validators {
		path := fmt.Sprintf("validators[%d]", i)
		if v == nil {
			problems = append(problems, problem{path, "want fields, such as id and layer"})
			continue
		}
		if slices.ContainsFunc(b.validators, func(o Validator) bool { return o.ID == v.resolved.ID }) {
			problems = append(problems, problem{path + ".id", "an earlier validator has this id"})
		}
		for _, agent := range v.resolved.Agents {
			if _, named := d.Agents[agent]; !named {
				problems = append(problems, problem{path + ".agents", fmt.Sprintf("there is no agent %.70q in this document", agent)})
			}
		}
		b.validators = append(b.validators, v.resolved)
	}
	return problems
}

// timeout is a duration such as "5s" or "500ms".
type timeout time.Duration

func (t *timeout) UnmarshalYAML(n ast.Node) error {
	d, err := time.ParseDuration(n.GetToken().Value)
	if err != nil || d < minTimeout || d > maxTimeout {
		return at(n, fmt.Sprintf("timeout is a duration from %s to %s, such as \"5s\"", minTimeout, maxTimeout))
	}
	*t = timeout(d)
	return nil
}
