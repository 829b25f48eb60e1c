package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/guard/policy"
)

// replayReport is what a policy would have made of a node's past decisions. Its names are stable.
type replayReport struct {
	Since          time.Time      `json:"since"`
	Decisions      int            `json:"decisions"`
	Same           int            `json:"same"`
	NewlyDenied    int            `json:"newly_denied"`
	NewlyEscalated int            `json:"newly_escalated"`
	NewlyAllowed   int            `json:"newly_allowed"`
	NotJudged      int            `json:"not_judged"` // their entries don't say what the rules saw
	Changes        []replayChange `json:"changes"`    // oldest first, at most maxChanges
}

// replayChange is one decision that would have gone otherwise.
type replayChange struct {
	Time    string        `json:"time"`
	Seq     uint64        `json:"seq"`
	Request string        `json:"request"`
	Agent   string        `json:"agent"`
	Wallet  string        `json:"wallet"`
	Amount  string        `json:"amount"`
	Asset   string        `json:"asset"`
	Was     string        `json:"was"` // allow, escalate, deny
	Code    string        `json:"code,omitempty"`
	Would   outcomeReport `json:"would"`
}

// maxChanges is how many are listed: more than anybody reads. All are counted.
const maxChanges = 10_000

func (t *tool) policyReplay() *cobra.Command {
	var since time.Duration
	var agent string
	c := verb("replay FILE", "Show which past decisions a policy would have made otherwise", func(ctx context.Context, args []string) error {
		b, err := parsePolicy(args[0])
		if err != nil {
			return err
		}
		from := time.Now().Add(-since)
		return each(ctx, t, func(ctx context.Context, s *site) (r replayReport, err error) {
			r = replayReport{Since: from.UTC().Truncate(time.Second), Changes: []replayChange{}}
			return r, s.eachAudited(ctx, from, func(e auditEntry) {
				if e.Action == "decide" && (agent == "" || e.Actor.ID == agent) {
					r.add(b, e)
				}
			})
		}, replayText)
	})
	c.Long = "replay reads the decisions in the audit log of each selected context and judges them by the permissions and rules of FILE, with what the\n" +
		"rules saw then. It can't know what else FILE would have changed: limits (but a lower one of a transaction counts), windows of time, rate,\n" +
		"risk, strategies, validators and simulation keep the verdicts that they gave. So what another layer denied stays denied, and a decision is newly allowed only if\n" +
		"the policy's verdict was the only refusal. Of a batch the first payment is judged, and what its policy refused stays refused; of a\n" +
		"jetton's transfer the coins that go with it are not judged. mpcctl policy shadow judges by everything, from now on."
	c.Flags().DurationVar(&since, "since", 720*time.Hour, "how far back")
	c.Flags().StringVar(&agent, "agent", "", "only this agent's requests")
	return c
}

// add judges one decision.
func (r *replayReport) add(b *policy.Bundle, e auditEntry) {
	r.Decisions++
	was, kept := e.verdicts()
	would := kept
	if g, err := e.given(b); err == nil && e.Details["values"] != "" {
		if o := b.Judge(g); severity(string(o.Effect)) > severity(kept.Effect) || kept.Effect == "allow" {
			would = outcomeOf(o)
		}
	} else if kept.Effect != "deny" {
		r.NotJudged++
		return
	}
	if was.Effect == would.Effect {
		r.Same++
		return
	}
	switch policy.Effect(would.Effect) {
	case policy.Deny:
		r.NewlyDenied++
	case policy.Escalate:
		r.NewlyEscalated++
	default:
		r.NewlyAllowed++
	}
	if len(r.Changes) < maxChanges {
		r.Changes = append(r.Changes, replayChange{
			Time: e.Timestamp, Seq: e.Seq, Request: e.Request, Agent: e.Actor.ID, Wallet: e.Resource.ID,
			Amount: e.Details["amount"], Asset: e.Details["asset"], Was: was.Effect, Code: was.Reason, Would: would,
		})
	}
}

// given is what the rules saw, with the hour and the day in the time zone of the policy that is asked now.
func (e auditEntry) given(b *policy.Bundle) (policy.Given, error) {
	at, err := time.Parse(time.RFC3339, e.Timestamp)
	if err != nil {
		return policy.Given{}, fmt.Errorf("entry %d: %w", e.Seq, err)
	}
	texts := policy.Texts(e.Details["values"])
	hour, day := b.Clock(at)
	texts["hour"], texts["weekday"] = strconv.Itoa(*hour), strings.ToLower(day.String())
	return policy.ParseGiven(texts)
}

// judgedAgain are the reasons of layer 4 that a policy's own judgement takes the place of. The others need what isn't kept,
// such as an exchange's pools.
var judgedAgain = []string{"rule", "rule_escalates", "rules_only", "capability", "token_not_allowed", "destination_not_allowed", "approval_above"}

// verdicts are what a decision was, and what of it stays whatever the policy says: the strongest verdict, in each case the
// first of that kind.
func (e auditEntry) verdicts() (was, kept outcomeReport) {
	was, kept = outcomeReport{Effect: "allow"}, outcomeReport{Effect: "allow"}
	var names []string
	for name := range e.Details {
		if number, layer, found := strings.Cut(name, " "); found && len(number) == 2 && layer != "" {
			names = append(names, name)
		}
	}
	for _, name := range slices.Sorted(slices.Values(names)) {
		effect, rest, _ := strings.Cut(e.Details[name], " ")
		code, _, _ := strings.Cut(rest, " ")
		if code == "approval_unavailable" {
			continue // follows from an escalation
		}
		v := outcomeReport{Effect: effect, Reason: code}
		if severity(effect) > severity(was.Effect) {
			was = v
		}
		again := slices.Contains(judgedAgain, code) && cmp.Or(e.Details["payments"], "1") == "1"
		if severity(effect) > severity(kept.Effect) && !again {
			kept = v
		}
	}
	return was, kept
}

// severity orders effects. What is none of them is worse than a denial.
func severity(effect string) int {
	if i := slices.Index([]string{"allow", "escalate", "deny"}, effect); i >= 0 {
		return i
	}
	return 3
}

func replayText(w io.Writer, r replayReport) {
	for _, c := range r.Changes {
		by := or(c.Would.Rule, or(c.Would.Violates, c.Would.Reason))
		line(w, c.Time, c.Request, c.Agent, c.Amount+" "+c.Asset, strings.TrimSpace(c.Was+" "+c.Code), "would "+c.Would.Effect, or(by, "-"))
	}
	if listed := len(r.Changes); listed == maxChanges {
		line(w, "only the first", listed, "are listed")
	}
	line(w, "decisions", r.Decisions)
	line(w, "same", r.Same)
	line(w, "newly denied", r.NewlyDenied)
	line(w, "newly escalated", r.NewlyEscalated)
	line(w, "newly allowed", r.NewlyAllowed)
	if r.NotJudged > 0 {
		line(w, "not judged", r.NotJudged, "their entries don't say what the rules saw")
	}
}
