package node

import (
	"context"
	"net/url"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/reqsig"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// StateSimulated is the state of a request that was only tried: nothing of it is kept.
const StateSimulated State = "SIMULATED"

// Where a request must have been addressed. The signature covers the address, so what an agent only wanted to try can't
// be proposed.
const (
	pathRequests = "/v1/requests"
	pathSimulate = "/v1/requests:simulate"
)

// Simulate returns what this node's guard would decide about an agent's signed request: effect and first reason. It is
// admitted as Sign does and costs as much, but nothing is reserved, recorded or told to anyone.
func (n *Node) Simulate(ctx context.Context, e reqsig.Envelope) (Request, error) {
	in, err := n.verified(ctx, e)
	if err != nil {
		return Request{}, err
	}
	if err := addressed(e, pathSimulate); err != nil {
		return Request{}, err
	}
	if err := e.Fresh(n.env.Now()); err != nil {
		return Request{}, &Problem{Status: 401, Code: "signature_stale", Detail: err.Error()}
	}
	if err := n.takeToken(ctx, in.Agent, ""); err != nil {
		return Request{}, err
	}
	if err := n.admissible(in); err != nil {
		return Request{}, err
	}
	return n.try(ctx, in)
}

// try builds and judges as run and decide do, over a snapshot.
func (n *Node) try(ctx context.Context, in guard.Intent) (Request, error) {
	r := newRequest(in, "", n.env.Now())
	payload, err := n.build(ctx, in, &job{request: r})
	if err != nil {
		return Request{}, n.problemOf(in, err)
	}
	c := n.caseOf(ctx, in, payload)
	var s guard.Simulation
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		s, err = n.guard.Simulate(tx, n.env.Now(), c)
		return err
	})
	if err != nil {
		return Request{}, err
	}
	r.State, r.Effect = StateSimulated, s.Effect
	if first := s.First(); first.Reason != "" {
		r.Reason = wire.Reason{Layer: string(first.Layer), Code: string(first.Reason)}
	}
	return r, nil
}

// addressed refuses a request that its agent signed for another path.
func addressed(e reqsig.Envelope, path string) error {
	u, err := url.Parse(e.TargetURI)
	if err != nil || u.Path != path {
		return problemf(400, "wrong_target", "the request was signed for %.200q, not for %s", e.TargetURI, path)
	}
	return nil
}
