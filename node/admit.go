package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/node/reqsig"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// admit lets in what is signed by an enrolled agent, fresh, well-formed, in time, for this network and for this node as
// coordinator, and not more of it than the caller's tokens allow. A request that is known already is returned as it is;
// the same idempotency key with another body is a conflict.
func (n *Node) admit(ctx context.Context, e reqsig.Envelope) (in guard.Intent, known *Request, err error) {
	if in, err = n.verified(ctx, e); err != nil {
		return in, nil, err
	}
	if err := addressed(e, pathRequests); err != nil {
		return in, nil, err
	}
	stale := e.Fresh(n.env.Now())
	bucket := ""
	if stale != nil { // whoever has seen the request may send it again: that must not use up the agent's own tokens
		bucket = "again"
	}
	if err := n.takeToken(ctx, in.Agent, bucket); err != nil {
		return in, nil, err
	}
	if known, err = n.find(ctx, in); known != nil || err != nil {
		return in, known, err
	}
	if stale != nil {
		return in, nil, &Problem{Status: 401, Code: "signature_stale", Detail: stale.Error()}
	}
	return in, nil, n.admissible(in)
}

// admissible checks what the body itself says, without looking at any chain.
func (n *Node) admissible(in guard.Intent) error {
	now := n.env.Now()
	switch {
	case in.Network != n.network:
		return problemf(400, "wrong_network", "network: the request is for %x, this node serves %x", in.Network[:8], n.network[:8])
	case in.Coordinator != n.self:
		return problemf(400, "wrong_coordinator", "coordinator: the request names %q, this is %q: ask the node that it names", in.Coordinator, n.self)
	case !now.Before(in.Expires):
		return problemf(400, "expired", "expires: %s has passed, it is %s here: send a new request", in.Expires.Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	case in.Expires.After(now.Add(maxExpires)):
		return problemf(400, "expires_too_late", "expires: at most %s ahead", maxExpires)
	}
	if _, ok := n.wallets.find(in.Wallet); !ok {
		return problemf(403, "wallet_forbidden", "wallet: %q is not a wallet this agent may use here", in.Wallet)
	}
	return nil
}

// maxExpires is how far ahead a request may expire: approvals take at most a day.
const maxExpires = 24 * time.Hour

// verified returns what an agent's signed request asks for: the signature is checked against the agent's own key as
// this node's operator enrolled it, whoever brought the request.
func (n *Node) verified(ctx context.Context, e reqsig.Envelope) (guard.Intent, error) {
	agent, err := n.signer(ctx, e)
	if err != nil {
		return guard.Intent{}, err
	}
	in, err := n.guard.ParseIntent(e.Body)
	if err != nil {
		return guard.Intent{}, fieldProblem(err)
	}
	return in.For(agent.ID, e.IdempotencyKey, e.Body), nil
}

// agentPrefix begins the key id of an agent's signature.
const agentPrefix = "agent:"

func (n *Node) signer(ctx context.Context, e reqsig.Envelope) (a guard.AgentRecord, err error) {
	keyID, err := e.KeyID()
	if err != nil {
		return a, unsigned(err)
	}
	id, isAgent := strings.CutPrefix(keyID, agentPrefix)
	if !isAgent || !wire.ValidID(id) {
		return a, problemf(403, "not_an_agent", "only agents ask for signatures: keyid must be %q and an agent's id", agentPrefix)
	}
	known := false
	if err := n.ledger.View(ctx, func(tx guard.Tx) error {
		a, known, err = n.guard.Agent(tx, id)
		return err
	}); err != nil {
		return a, err
	}
	if !known {
		return a, problemf(401, "unknown_key", "no agent %q is enrolled at %s", id, n.self)
	}
	if err := e.Verify(ed25519.PublicKey(a.PublicKey[:])); err != nil {
		return a, unsigned(err)
	}
	return a, nil
}

// takeToken takes one of the agent's tokens, as many as the policy grants it. What others do in its name has buckets of
// its own.
func (n *Node) takeToken(ctx context.Context, agent, bucket string) error {
	p, err := n.permissions(ctx, agent)
	if err != nil {
		return err
	}
	allowance := Allowance{float64(p.CallerTokens.PerSecond), int(p.CallerTokens.Burst), p.CallerTokens.Unlimited}
	return n.takeFrom(agentPrefix+agent+" "+bucket, allowance)
}

// takeFrom takes one token of a bucket.
func (n *Node) takeFrom(bucket string, a Allowance) error {
	wait, ok := n.tokens.take(bucket, a, n.env.Now())
	if ok {
		return nil
	}
	p := problemf(429, "too_many_calls", "the caller's tokens are used up: wait %s", wait.Round(time.Millisecond))
	p.RetryAfter = wait
	return p
}

// permissions are what this node's policy grants an agent; the zero value, nothing, without a policy.
func (n *Node) permissions(ctx context.Context, agent string) (p policy.Permissions, err error) {
	b, err := n.bundle(ctx)
	if err == nil {
		p, _ = b.Permissions(agent)
	}
	return p, err
}

// find returns the request of the same id, under way or ended.
func (n *Node) find(ctx context.Context, in guard.Intent) (*Request, error) {
	r, ok := Request{}, false
	if j := n.jobs.get(in.RequestID); j != nil {
		r, _ = j.state()
		ok = true
	} else if err := n.ledger.View(ctx, func(tx guard.Tx) (err error) {
		if r, ok, err = readRequest(tx, in.RequestID); err != nil {
			return err
		}
		r, err = n.asExecuted(tx, r) // an owner's broadcast must not be asked for anew, and then called denied
		return err
	}); err != nil {
		return nil, err
	}
	switch {
	case !ok:
		return nil, nil
	case r.Digest != in.Request:
		return nil, problemf(409, "idempotency_conflict", "this Idempotency-Key was used with another body: use a new key for a new request")
	case r.Coordinator != n.self:
		return nil, problemf(400, "wrong_coordinator", "coordinator: the request was given to %s: ask there", r.Coordinator)
	}
	return &r, nil
}

// await waits for a known request.
func (n *Node) await(ctx context.Context, known Request) (Request, error) {
	if j := n.jobs.get(known.ID); j != nil {
		return n.wait(ctx, j)
	}
	return known, nil
}

func busy(wallet string) *Problem {
	p := problemf(409, "wallet_busy", "wallet %s has as many requests under way as it can: send this one again, with the same Idempotency-Key", wallet)
	p.RetryAfter = time.Second
	return p
}

// busyUntil is busy with what keeps the wallet.
func busyUntil(wallet string, l guard.Live) *Problem {
	p := busy(wallet)
	p.Detail = fmt.Sprintf("wallet %s: a payload of %s can execute until %s, or until it is settled: send this one again then, with the same Idempotency-Key",
		wallet, l.RequestID, l.Until.UTC().Format(time.RFC3339))
	return p
}

func unsigned(err error) *Problem {
	return &Problem{Status: 401, Code: "bad_signature", Detail: err.Error()}
}

func fieldProblem(err error) *Problem {
	var f *guard.FieldError
	if errors.As(err, &f) && strings.Contains(f.Problem, "larger than") {
		return &Problem{Status: 413, Code: "too_large", Detail: err.Error()}
	}
	return &Problem{Status: 400, Code: "bad_request", Detail: err.Error()}
}
