package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/reqsig"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/tss"
)

// How long the steps may take. A participant's own bounds are the same, and it is told how many milliseconds are left,
// so the coordinator gives up first.
const (
	proposeTimeout = 8 * time.Second
	attemptTimeout = 4 * time.Second
	maxTries       = 3

	// graceForOrder is how long the coordinator waits for parties that come earlier in the request's order once enough
	// others have allowed. It keeps the choice of signers the request's, not the network's.
	graceForOrder = 250 * time.Millisecond
)

// Sign takes one agent's signed request from its bytes to a signature, if enough guards allow it. It returns once the
// request is settled, or as it stands when ctx ends; the work goes on. The error is a *Problem when the request was not
// admitted.
func (n *Node) Sign(ctx context.Context, e reqsig.Envelope, deliver Deliver) (Request, error) {
	in, known, err := n.admit(ctx, e) // 1
	if err != nil {
		return Request{}, err
	}
	if known == nil {
		r := newRequest(in, deliver, n.env.Now())
		known = &r
	} else if known.over(n.env.Now()) {
		return *known, nil
	}
	if known.State == StateFailed {
		known.State, known.Reason = StateEvaluating, wire.Reason{}
	}
	j, err := n.start(*known, in, e)
	if err != nil {
		return Request{}, err
	}
	return j.wait(ctx)
}

// start puts a request to work, unless it is at work already. One that was recorded before this node restarted goes on
// with the payload that was recorded.
func (n *Node) start(r Request, in guard.Intent, e reqsig.Envelope) (*job, error) {
	work, cancel := context.WithTimeout(n.ctx, in.Expires.Sub(n.env.Now()))
	j, fresh, free := n.jobs.start(r)
	switch {
	case !free:
		cancel()
		return nil, busy(in.Wallet)
	case !fresh:
		cancel()
		return j, nil
	}
	if !n.spawn(func() { defer cancel(); n.run(work, j, in, e) }) {
		cancel()
		n.jobs.end(j)
		return nil, problemf(503, "shutting_down", "this node is stopping: ask again, with the same Idempotency-Key, once it is back")
	}
	return j, nil
}

// run is one request's way through this node as its coordinator.
func (n *Node) run(ctx context.Context, j *job, in guard.Intent, e reqsig.Envelope) {
	defer n.jobs.end(j)
	payload, err := n.build(ctx, in, j) // 2
	if err != nil {
		j.reject(notAdmitted(err))
		return
	}
	voices := n.propose(ctx, in, wire.Proposal{Request: e, Payload: payload}) // 3
	own := voices.about(n.self)
	if own.answer.has(guard.ReasonWalletBusy) {
		own.err = busy(in.Wallet)
	}
	if own.err != nil {
		j.reject(notAdmitted(own.err))
		return
	}
	signers, refusal := n.choose(in, voices) // 4
	if refusal != nil {
		n.settle(j, func(r *Request) {
			r.State, r.Reason, r.Effect = refusal.state, refusal.reason, voices.of(n.self).effect()
		})
		return
	}
	j.set(func(r *Request) {
		r.State, r.Payload, r.Effect = StateSigning, voices.of(n.self).answer.Payload, guard.Allow
	})
	signed, err := n.sign(ctx, in, voices, signers) // 5 to 9
	if err != nil {
		n.settle(j, func(r *Request) { r.State, r.Reason, r.MaybeSigned = StateFailed, failure(err), true })
		return
	}
	n.settle(j, func(r *Request) { r.State, r.Signers, r.Signature = StateSigned, signed.signers, signed.value[:] })
	n.finish(j, in, payload, signed) // 10
}

// voice is what one party said to a proposal.
type voice struct {
	party     string
	statement wire.Statement
	answer    answer
	err       error // it said nothing
}

// answer adds reading to wire.Answer.
type answer struct{ wire.Answer }

func (a answer) has(code guard.Reason) bool {
	return slices.ContainsFunc(a.Reasons, func(r wire.Reason) bool { return r.Code == string(code) })
}

func (v voice) effect() guard.Effect {
	if v.err != nil {
		return guard.Unknown
	}
	return guard.Effect(v.answer.Effect)
}

func (v voice) allows() bool { return v.effect() == guard.Allow && v.answer.Reserved }

type voices []voice

func (vs voices) of(party string) voice {
	for _, v := range vs {
		if v.party == party {
			return v
		}
	}
	return voice{party: party, err: errors.New("did not answer in time")}
}

// about takes away the voice of every party that answered about other bytes than this one read, and returns this
// party's own.
func (vs voices) about(self string) voice {
	own := vs.of(self)
	for i, v := range vs {
		if v.err == nil && v.answer.Payload != own.answer.Payload {
			vs[i].err = errors.New("answered about another payload")
		}
	}
	return own
}

// propose asks every party, this one included, and returns what came back once it suffices: everybody's word, or
// enough allows and a little patience.
func (n *Node) propose(ctx context.Context, in guard.Intent, p wire.Proposal) voices {
	ctx, cancel := context.WithTimeout(ctx, proposeTimeout)
	defer cancel()
	said := make(chan voice, len(n.manifest.Parties))
	raw := wire.Encode(p)
	for _, party := range n.manifest.Names() {
		go func() { said <- n.ask(ctx, party, p, raw, in.Request) }()
	}
	var all voices
	var grace <-chan time.Time
	for len(all) < cap(said) {
		select {
		case v := <-said:
			all = append(all, v)
		case <-grace:
			return all
		case <-ctx.Done():
			return all
		}
		if grace == nil && n.enough(all) {
			grace = time.After(graceForOrder)
		}
	}
	return all
}

// enough reports whether this party has spoken and sufficient parties allow.
func (n *Node) enough(all voices) bool {
	allows := 0
	for _, v := range all {
		if v.allows() {
			allows++
		}
	}
	own := slices.ContainsFunc(all, func(v voice) bool { return v.party == n.self })
	return own && allows >= n.manifest.Need
}

// ask gets one party's answer: by a call, or from this node's own guard.
func (n *Node) ask(ctx context.Context, party string, p wire.Proposal, raw []byte, request [32]byte) voice {
	v := voice{party: party}
	if party == n.self {
		v.statement, v.err = n.decide(ctx, n.self, p)
	} else {
		v.statement, v.err = callPeer[wire.Statement](ctx, n, party, wire.FramePropose, raw)
	}
	if v.err == nil {
		v.err = v.statement.Read(&v.answer.Answer)
	}
	if v.err == nil && (v.statement.Party != party || v.statement.Kind != wire.KindAnswer || v.answer.Request != request) {
		v.err = errors.New("answered something else than it was asked")
	}
	if v.err != nil {
		n.log.Warn("party did not answer a proposal", "peer", party, "err", v.err)
	}
	return v
}

// refusal is how a request ends that too few parties allow.
type refusal struct {
	state  State
	reason wire.Reason
}

// choose picks the signers: the first `need` parties that allow, required parties before all others, in the order that
// the request's own id gives. Parties seen at fault lately come last.
func (n *Node) choose(in guard.Intent, all voices) ([]string, *refusal) {
	var allow, silent []string
	for _, party := range n.ordered(in.RequestID) {
		switch v := all.of(party); {
		case v.allows():
			allow = append(allow, party)
		case v.err != nil:
			silent = append(silent, party)
		}
	}
	signers := n.pick(allow)
	if signers != nil {
		return signers, nil
	}
	if n.pick(slices.Concat(allow, silent)) != nil {
		return nil, &refusal{StateFailed, wire.Reason{Code: codeQuorum}}
	}
	own := all.of(n.self)
	if len(own.answer.Reasons) > 0 {
		return nil, &refusal{StateDenied, own.answer.Reasons[0]}
	}
	return nil, &refusal{StateDenied, wire.Reason{Code: codeRefusedByPeer}}
}

// pick returns `need` of the parties with every required one among them, or nil.
func (n *Node) pick(from []string) []string {
	for _, required := range n.manifest.Required {
		if !slices.Contains(from, required) {
			return nil
		}
	}
	rank := func(p string) int {
		switch {
		case slices.Contains(n.manifest.Required, p):
			return 0
		case n.faults.cooling(p, n.env.Now()):
			return 2
		}
		return 1
	}
	from = slices.Clone(from)
	slices.SortStableFunc(from, func(a, b string) int { return rank(a) - rank(b) })
	if len(from) < n.manifest.Need {
		return nil
	}
	return from[:n.manifest.Need]
}

// ordered returns the parties in the request's own order.
func (n *Node) ordered(requestID string) []string {
	return InOrder(requestID, n.manifest.Names())
}

// InOrder returns parties in the order that a request id gives them: by Digest("order/v1", request id, party).
func InOrder(requestID string, parties []string) []string {
	parties = slices.Clone(parties)
	slices.SortFunc(parties, func(a, b string) int {
		x, y := digest.Sum(digest.Order, requestID, a), digest.Sum(digest.Order, requestID, b)
		return bytes.Compare(x[:], y[:])
	})
	return parties
}

// signature is a finished signature and who made it.
type signature struct {
	value   [64]byte
	signers []string
	answers []wire.Statement
}

// sign runs sessions until one gives a signature. Each attempt has fresh nonces and leaves out who failed the last.
func (n *Node) sign(ctx context.Context, in guard.Intent, all voices, signers []string) (signature, error) {
	nonces, attempt, err := n.firstNonces(ctx, in, all, signers)
	if err != nil {
		return signature{}, err
	}
	failed := map[string]bool{}
	for try := 1; ; try++ {
		open := n.terms(in, all, signers, nonces, attempt)
		sig, blamed, err := n.session(ctx, open)
		if err == nil {
			return signature{value: sig, signers: open.Terms.Signers, answers: open.Answers}, nil
		}
		n.log.Warn("signing attempt failed", "request", in.RequestID, "attempt", attempt, "signers", signers, "blamed", blamed, "err", err)
		for _, party := range blamed {
			failed[party] = true
			n.faults.note(party, n.env.Now())
		}
		if signers = n.without(in, all, failed); signers == nil || try == maxTries || ctx.Err() != nil {
			return signature{}, err
		}
		attempt++
		if nonces, err = n.renew(ctx, in.Request, all.of(n.self).answer.Payload, signers, attempt); err != nil {
			return signature{}, err
		}
	}
}

// firstNonces takes the nonces that came with the answers. Signers that know the payload from before a restart of this
// node are at different attempts: then all begin a new one.
func (n *Node) firstNonces(ctx context.Context, in guard.Intent, all voices, signers []string) (map[string][32]byte, int, error) {
	nonces, highest, equal := map[string][32]byte{}, 0, true
	for _, s := range signers {
		a := all.of(s).answer
		nonces[s] = a.Nonce
		equal = equal && (highest == 0 || a.Attempt == highest)
		highest = max(highest, a.Attempt)
	}
	if equal {
		return nonces, highest, nil
	}
	nonces, err := n.renew(ctx, in.Request, all.of(n.self).answer.Payload, signers, highest+1)
	return nonces, highest + 1, err
}

// renew gets a fresh nonce from each signer for the given attempt.
func (n *Node) renew(ctx context.Context, request, payload [32]byte, signers []string, attempt int) (map[string][32]byte, error) {
	nonces := map[string][32]byte{}
	ask := wire.NonceRequest{Request: request, Payload: payload, Attempt: attempt}
	for _, s := range signers {
		var err error
		if s == n.self {
			nonces[s], err = n.offerNonce(ctx, n.self, ask)
		} else {
			nonces[s], err = callPeer[[32]byte](ctx, n, s, wire.FrameNonce, wire.Encode(ask))
		}
		if err != nil {
			return nil, err
		}
	}
	return nonces, nil
}

// without picks signers again, past those that failed.
func (n *Node) without(in guard.Intent, all voices, failed map[string]bool) []string {
	var left []string
	for _, party := range n.ordered(in.RequestID) {
		if all.of(party).allows() && !failed[party] {
			left = append(left, party)
		}
	}
	return n.pick(left)
}

// terms puts together what the session is bound to. Signers stand in the request's order.
func (n *Node) terms(in guard.Intent, all voices, signers []string, nonces map[string][32]byte, attempt int) wire.Open {
	w := n.wallets.get(in.Wallet)
	open := wire.Open{RequestID: in.RequestID, Terms: wire.SessionTerms{
		Network: n.network, Key: w.Key, Epoch: w.Epoch, Engine: wire.EngineTSSLib, Coordinator: n.self, Wallet: in.Wallet,
		Request: in.Request, Payload: all.of(n.self).answer.Payload, Signers: InOrder(in.RequestID, signers), Attempt: attempt, TripSet: n.tripSet(),
	}}
	for _, s := range open.Terms.Signers {
		v := all.of(s)
		open.Answers = append(open.Answers, v.statement)
		open.Terms.Decisions = append(open.Terms.Decisions, v.statement.ID())
		open.Terms.Nonces = append(open.Terms.Nonces, nonces[s])
	}
	return open
}

// session opens one session at every signer and returns the first signature that verifies. When there is none it names
// the parties that this node saw fail.
func (n *Node) session(ctx context.Context, open wire.Open) (sig [64]byte, blamed []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	open.Millis = attemptTimeout.Milliseconds()
	public := n.wallets.get(open.Terms.Wallet).PublicKey
	for r := range n.openAll(ctx, open) {
		if r.err == nil && len(r.opened.Signature) == 64 && tss.Verify(public, open.Terms.Payload, [64]byte(r.opened.Signature)) {
			return [64]byte(r.opened.Signature), nil, nil
		}
		party, why := r.blame(n.self)
		blamed = append(blamed, party...)
		err = errors.Join(err, why)
	}
	return sig, blamed, err
}

// opening is one signer's reply.
type opening struct {
	party  string
	opened wire.Opened
	err    error
}

// openAll opens the session at every signer, this node included, and yields their replies as they come.
func (n *Node) openAll(ctx context.Context, open wire.Open) iter.Seq[opening] {
	results := make(chan opening, len(open.Terms.Signers))
	raw := wire.Encode(open)
	for _, party := range open.Terms.Signers {
		n.spawn(func() {
			r := opening{party: party}
			if party == n.self {
				r.opened, r.err = n.joinSession(ctx, n.self, open)
			} else {
				r.opened, r.err = callPeer[wire.Opened](ctx, n, party, wire.FrameOpen, raw)
			}
			results <- r
		})
	}
	return func(yield func(opening) bool) {
		for range open.Terms.Signers {
			select {
			case r := <-results:
				if !yield(r) {
					return
				}
			case <-n.ctx.Done():
				yield(opening{party: n.self, err: n.ctx.Err()})
				return
			}
		}
	}
}

// blame returns whom a failed opening speaks against, by this node's own observation: a call that failed, a signer that
// refused, or what this node saw in the session. What others say of each other counts for nothing.
func (r opening) blame(self string) ([]string, error) {
	switch {
	case r.err != nil && r.party == self:
		return culprits(r.err), r.err
	case r.err != nil:
		return []string{r.party}, r.err
	case r.party == self:
		return r.opened.Blamed, fmt.Errorf("%s: %s", r.party, r.opened.Error)
	case r.opened.Error == "":
		return []string{r.party}, fmt.Errorf("%s returned a signature that does not verify", r.party)
	}
	return nil, fmt.Errorf("%s: %.200q", r.party, r.opened.Error)
}

// Codes of what ends a request besides the guards' reasons.
const (
	codeQuorum        = "quorum_unavailable" // too few parties answered
	codeRefusedByPeer = "refused_by_peer"    // this node allows, too many others don't
	codeSigningFailed = "signing_failed"     // no attempt gave a signature
	codePayloadDead   = "payload_dead"       // it can't execute any more, and didn't
	codeExpired       = "request_expired"
)

// failure says why no attempt gave a signature.
func failure(err error) wire.Reason {
	switch {
	case errors.Is(err, guard.ErrKilled) || errors.Is(err, guard.ErrTripsChanged):
		return wire.Reason{Layer: string(guard.LayerKill), Code: string(guard.ReasonKilled)}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, guard.ErrExpired):
		return wire.Reason{Code: codeExpired}
	}
	return wire.Reason{Code: codeSigningFailed}
}
