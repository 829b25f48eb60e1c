package node

import (
	"context"
	"net/url"
	"strings"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/risk"
	"github.com/tonaiagent/mpcnode/node/reqsig"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
)

// StateSimulated is the state of a request that was only tried: nothing of it is kept.
const StateSimulated State = "SIMULATED"

// Where a request must have been addressed. The signature covers the address, so what an agent only wanted to try can't
// be proposed.
const (
	pathRequests = "/v1/requests"
	pathSimulate = "/v1/requests:simulate"
)

// Simulation is what would become of a request at this node.
type Simulation struct {
	Request
	Report *Report // nil for agents, who could probe for limits otherwise
}

// Report is all that the guard would say, and on what it would rest: for people of this party.
type Report struct {
	guard.Simulation
	Outcome *ton.Outcome // what emulation shows; nil if there is none
}

// Assessment is how risky a request is.
type Assessment = risk.Assessment

// Simulate returns what this node's guard would decide about a request: to the agent that signed it effect and first reason;
// to an operator or auditor of this party, who asks on behalf of an agent, all of it. It is admitted as Sign does and costs
// as much, but nothing is reserved, recorded or told to anyone.
func (n *Node) Simulate(ctx context.Context, e reqsig.Envelope, onBehalf string) (Simulation, error) {
	if err := addressed(e, pathSimulate); err != nil {
		return Simulation{}, err
	}
	in, person, err := n.asks(ctx, e, onBehalf)
	if err != nil {
		return Simulation{}, err
	}
	if err := n.admissible(in); err != nil {
		return Simulation{}, err
	}
	r, report, err := n.try(ctx, in)
	if err != nil || !person {
		return Simulation{Request: r}, err
	}
	return Simulation{r, &report}, nil
}

// asks returns what is asked for, and whether a person of this party asks. A token of whoever it is has been taken.
func (n *Node) asks(ctx context.Context, e reqsig.Envelope, onBehalf string) (in guard.Intent, person bool, err error) {
	if keyID, err := e.KeyID(); err == nil && strings.HasPrefix(keyID, personPrefix) {
		in, err := n.asksFor(ctx, e, onBehalf)
		return in, true, err
	}
	if onBehalf != "" {
		return in, false, problemf(403, "forbidden", "agent: an agent asks for itself only")
	}
	if in, err = n.verified(ctx, e); err != nil {
		return in, false, err
	}
	if err := e.Fresh(n.env.Now()); err != nil {
		return in, false, &Problem{Status: 401, Code: "signature_stale", Detail: err.Error()}
	}
	return in, false, n.takeToken(ctx, in.Agent, "")
}

// asksFor returns what an operator or auditor asks about, as if an agent had signed it.
func (n *Node) asksFor(ctx context.Context, e reqsig.Envelope, agent string) (in guard.Intent, err error) {
	c, err := n.Authenticate(ctx, e)
	if err != nil {
		return in, err
	}
	if err := n.TakeToken(ctx, c); err != nil {
		return in, err
	}
	if c.Role != RoleOperator && c.Role != RoleAuditor {
		return in, problemf(403, "forbidden", "a simulation is not for the role %s", c.Role)
	}
	if !wire.ValidID(agent) {
		return in, problemf(400, "bad_request", "agent: whose request is it? Give the agent's id as ?agent=")
	}
	if in, err = n.guard.ParseIntent(e.Body); err != nil {
		return in, fieldProblem(err)
	}
	return in.For(agent, e.IdempotencyKey, e.Body), nil
}

// try builds and judges as run and decide do, over a snapshot.
func (n *Node) try(ctx context.Context, in guard.Intent) (r Request, report Report, err error) {
	r = newRequest(in, "", n.env.Now())
	payload, err := n.build(ctx, in, &job{request: r})
	if err != nil {
		return r, report, n.problemOf(in, err)
	}
	c := n.caseOf(ctx, in, payload)
	report.Outcome = c.Outcome
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		report.Simulation, err = n.guard.Simulate(tx, n.env.Now(), c)
		return err
	})
	if err != nil {
		return r, report, err
	}
	r.State, r.Effect = StateSimulated, report.Effect
	if first := report.First(); first.Reason != "" {
		r.Reason = wire.Reason{Layer: string(first.Layer), Code: string(first.Reason)}
	}
	return r, report, nil
}

// addressed refuses a request that its agent signed for another path.
func addressed(e reqsig.Envelope, path string) error {
	u, err := url.Parse(e.TargetURI)
	if err != nil || u.Path != path {
		return problemf(400, "wrong_target", "the request was signed for %.200q, not for %s", e.TargetURI, path)
	}
	return nil
}
