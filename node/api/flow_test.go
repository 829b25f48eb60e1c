package api

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/guard/kill"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/reqsig"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
)

var enrolled sync.Once

// send asks as agent-1 and fails the test unless the request ends in state.
func send(t *testing.T, r client.Request, deliver, key, state string) client.Status {
	t.Helper()
	var s client.Status
	eventually(t, "the wallet is free", func() bool {
		var err error
		s, err = asAgent(t, "agent-1").client().Send(t.Context(), r, deliver, key)
		var p *client.Problem
		if errors.As(err, &p) && p.Code == "wallet_busy" {
			return false
		}
		must(t, err)
		return true
	})
	if s.State != state {
		t.Fatalf("request %s is %s (%+v), want %s", s.ID, s.State, s.Reason, state)
	}
	return s
}

func TestRequestIsSignedExecutedAndAnsweredTheSameAgain(t *testing.T) {
	enrol(t)
	r := order("1.5")
	idempotency := rand.Text()
	s := send(t, r, client.DeliverConfirmed, idempotency, "CONFIRMED")
	hash, _ := hex.DecodeString(s.SigningHash)
	sig, _ := hex.DecodeString(s.Signature)
	public := world.nodes["platform"].Keys()[0].Public
	if !ed25519.Verify(public[:], hash, sig) {
		t.Error("the signature does not verify")
	}
	if boc, err := base64.StdEncoding.DecodeString(s.BoC); err != nil || len(boc) == 0 {
		t.Errorf("boc %q is no message: %v", s.BoC, err)
	} else if hash, err := ton.ExternalHash(boc); err != nil || s.MessageHash != hex.EncodeToString(hash[:]) {
		t.Errorf("message hash %q, want %x, %v", s.MessageHash, hash, err)
	}
	if s.Amount != "1.5" || s.Destination != destination || s.Effect != "allow" || s.Reason != nil || len(s.Signers) != 2 {
		t.Errorf("status does not say what was signed: %+v", s)
	}
	again := send(t, r, client.DeliverConfirmed, idempotency, "CONFIRMED")
	if again.Signature != s.Signature || again.ID != s.ID {
		t.Errorf("the same key and request gave %s %s, first %s %s", again.ID, again.Signature, s.ID, s.Signature)
	}
	other := order("1.6")
	_, err := asAgent(t, "agent-1").client().Send(t.Context(), other, client.DeliverSigned, idempotency)
	wantProblem(t, err, 409, "idempotency_conflict")
}

// In custody of the parties nobody can be asked yet.
func TestApprovalIsUnavailable(t *testing.T) {
	enrol(t)
	s := send(t, order("11"), client.DeliverSigned, rand.Text(), "DENIED")
	for _, by := range []caller{asAgent(t, "agent-1"), as(t, "platform", "operator")} {
		err := by.client().Do(t.Context(), "POST", "/v1/requests/"+s.ID+"/approval", rand.Text(), []byte("{}"), nil)
		wantProblem(t, err, 409, "approval_unavailable")
	}
	err := asAgent(t, "agent-1").client().Do(t.Context(), "POST", "/v1/requests/r-0/approval", rand.Text(), []byte("{}"), nil)
	wantProblem(t, err, 404, "unknown_request")
}

func TestMessageIsBroadcast(t *testing.T) {
	enrol(t)
	s := send(t, order("1.1"), client.DeliverSigned, rand.Text(), "SIGNED")
	boc, err := base64.StdEncoding.DecodeString(s.BoC)
	must(t, err)
	body, err := json.Marshal(client.Message{BoC: boc})
	must(t, err)
	var sent client.Sent
	must(t, as(t, "platform", "operator").client().Do(t.Context(), "POST", "/v1/messages", rand.Text(), body, &sent))
	if sent.MessageHash != s.MessageHash {
		t.Errorf("sent as %s, the message is %s", sent.MessageHash, s.MessageHash)
	}
	err = as(t, "platform", "operator").client().Do(t.Context(), "POST", "/v1/messages", rand.Text(), body, nil)
	wantProblem(t, err, 409, "message_refused")
	err = as(t, "platform", "operator").client().Do(t.Context(), "POST", "/v1/messages", rand.Text(), []byte(`{"boc":"AAAA"}`), nil)
	wantProblem(t, err, 400, "bad_request")
}

func TestRequestThatTakesLongerThanTheWaitGoesOn(t *testing.T) {
	enrol(t)
	world.memory.Delay("platform", "user", 1500*time.Millisecond)
	undelay := sync.OnceFunc(func() { world.memory.Delay("platform", "user", 0) })
	defer undelay()
	var under client.Status
	eventually(t, "the wallet is free", func() bool {
		body, _ := json.Marshal(order("3"))
		url := world.servers["platform"].URL() + "/v1/requests?deliver=confirmed"
		header := reqsig.New("POST", url, rand.Text(), body, "agent:agent-1", key("agent agent-1"), time.Now()).Header()
		header.Set("Content-Type", "application/json")
		header.Set("Prefer", "wait=1")
		a := exchange(t, "POST", url, header, body)
		json.Unmarshal(a.body, &under)
		return a.status == 202
	})
	if under.State != "EVALUATING" || under.Effect != "" || under.Signature != "" {
		t.Errorf("under way: %+v", under)
	}
	undelay()
	s, err := asAgent(t, "agent-1").client().Status(t.Context(), under.ID, 30*time.Second)
	if err != nil || s.State != "CONFIRMED" {
		t.Errorf("the request became %+v, %v, want CONFIRMED", s, err)
	}
}

func wantProblem(t *testing.T, err error, status int, code string) {
	t.Helper()
	var p *client.Problem
	if !errors.As(err, &p) || p.HTTPStatus != status || p.Code != code {
		t.Errorf("got %v, want %d %s", err, status, code)
	}
}

var digits = regexp.MustCompile(`[0-9]`)

func TestRefusalTellsTheAgentCodeAndSentenceAndTheOperatorNumbers(t *testing.T) {
	enrol(t)
	s := send(t, order("11"), client.DeliverSigned, rand.Text(), "DENIED")
	if s.Reason == nil || s.Reason.Code != "limit_transaction" || s.Reason.Layer != "limits" || s.Effect != "deny" {
		t.Fatalf("reason %+v, want limit_transaction of limits", s.Reason)
	}
	if digits.MatchString(s.Reason.Text) || s.Reason.Text == "" {
		t.Errorf("the agent is told %q: want a sentence without numbers", s.Reason.Text)
	}
	var seen client.Status
	asAgent(t, "agent-1").get("/v1/requests/"+s.ID, &seen)
	if seen.Verdicts != nil || seen.State != "DENIED" {
		t.Errorf("the agent sees %+v", seen)
	}
	as(t, "platform", "auditor").get("/v1/requests/"+s.ID, &seen)
	i := slices.IndexFunc(seen.Verdicts, func(v client.Verdict) bool { return v.Code == "limit_transaction" })
	if i < 0 || seen.Verdicts[i].Effect != "deny" || seen.Verdicts[i].Observed == "" || seen.Verdicts[i].Limit != "10" {
		t.Errorf("the auditor sees verdicts %+v, want limit_transaction with 10 as its limit", seen.Verdicts)
	}
}

func TestAgentSeesItsOwnRequestsAndWalletsOnly(t *testing.T) {
	enrol(t)
	s := send(t, order("11"), client.DeliverSigned, rand.Text(), "DENIED")
	stranger := asAgent(t, "agent-2")
	stranger.signed("GET", "/v1/requests/"+s.ID, nil).wants(t, 404, "unknown_request")
	stranger.signed("GET", "/v1/wallets/w1", nil).wants(t, 404, "unknown_wallet")
	var none, own []client.Wallet
	stranger.get("/v1/wallets", &none)
	asAgent(t, "agent-1").get("/v1/wallets", &own)
	if len(none) != 0 || len(own) != 1 {
		t.Errorf("agent-2 sees %d wallets, agent-1 %d: want 0 and 1", len(none), len(own))
	}
	var w client.Wallet
	asAgent(t, "agent-1").get("/v1/wallets/w1", &w)
	if w.Balance == "" || w.Status == "unknown" || w.Raw == "" || w.PublicKey == "" {
		t.Errorf("wallet %+v lacks its account", w)
	}
}

func TestRequestsAreListedNewestFirst(t *testing.T) {
	enrol(t)
	first := send(t, order("12"), client.DeliverSigned, rand.Text(), "DENIED")
	second := send(t, order("13"), client.DeliverSigned, rand.Text(), "DENIED")
	var all []client.Status
	as(t, "platform", "operator").get("/v1/requests?limit=2", &all)
	if len(all) != 2 || all[0].ID != second.ID || all[1].ID != first.ID {
		t.Errorf("listed %+v, want %s and %s", all, second.ID, first.ID)
	}
}

func TestSimulationDecidesAndKeepsNothing(t *testing.T) {
	enrol(t)
	c := asAgent(t, "agent-1").client()
	var s client.Simulation
	eventually(t, "the wallet is free", func() (free bool) {
		var err error
		s, err = c.Simulate(t.Context(), order("2"), rand.Text())
		return err == nil
	})
	if s.State != "SIMULATED" || s.Effect != "allow" || s.Reason != nil || s.Verdicts != nil {
		t.Errorf("simulation says %+v, want allow", s)
	}
	if denied, err := c.Simulate(t.Context(), order("11"), rand.Text()); err != nil || denied.Effect != "deny" || denied.Reason.Code != "limit_transaction" {
		t.Errorf("simulation above the limit: %+v, %v", denied, err)
	}
	as(t, "platform", "operator").signed("GET", "/v1/requests/"+s.ID, nil).wants(t, 404, "unknown_request")
}

func TestPeopleSeeWhatASimulationRestsOn(t *testing.T) {
	enrol(t)
	for _, role := range []string{"operator", "auditor"} {
		c := as(t, "platform", role).client()
		var s client.Simulation
		eventually(t, "the wallet is free", func() bool {
			var err error
			s, err = c.SimulateFor(t.Context(), "agent-1", order("11"), rand.Text())
			return err == nil
		})
		if s.State != "SIMULATED" || s.Agent != "agent-1" || s.Reason.Code != "limit_transaction" || len(s.Verdicts) < 6 {
			t.Errorf("%s sees %+v, want every layer's verdict", role, s)
		}
		of := func(u client.LimitUse) bool {
			return u.Asset == "native" && u.Window == "transaction" && u.Before == "0" && u.After == "11" && u.Limit == "10"
		}
		if !slices.ContainsFunc(s.Limits, of) || len(s.Limits) != 4 {
			t.Errorf("%s sees limits %+v", role, s.Limits)
		}
		if len(s.Messages) != 1 || s.Messages[0].Amount != "11" || s.Fees == "" || s.Fees == "0" {
			t.Errorf("%s sees %+v sent for a fee of %q TON", role, s.Messages, s.Fees)
		}
	}
	agent := asAgent(t, "agent-1").client()
	if s, err := agent.Simulate(t.Context(), order("11"), rand.Text()); err != nil || s.Verdicts != nil || s.Limits != nil || s.Fees != "" {
		t.Errorf("the agent sees %+v, %v: it could probe for limits", s, err)
	}
	for _, c := range []struct {
		who         *client.Client
		agent, code string
		status      int
	}{
		{agent, "agent-2", "forbidden", 403},
		{as(t, "platform", "tripper").client(), "agent-1", "forbidden", 403},
		{as(t, "platform", "operator").client(), "", "bad_request", 400},
		{as(t, "platform", "operator").client(), "No Id", "bad_request", 400},
	} {
		_, err := c.who.SimulateFor(t.Context(), c.agent, order("1"), rand.Text())
		wantProblem(t, err, c.status, c.code)
	}
}

func TestSignatureOfASimulationSignsNothing(t *testing.T) {
	enrol(t)
	url := world.servers["platform"].URL()
	body, _ := json.Marshal(order("1"))
	header := reqsig.New("POST", url+"/v1/requests:simulate", "moved", body, "agent:agent-1", key("agent agent-1"), time.Now()).Header()
	header.Set("Content-Type", "application/json")
	exchange(t, "POST", url+"/v1/requests", header, body).wants(t, 401, "bad_signature")
}

func TestAuditIsReadByRequestAndType(t *testing.T) {
	enrol(t)
	s := send(t, order("11"), client.DeliverSigned, rand.Text(), "DENIED")
	var entries []struct{ EventType, Request, Timestamp, Salt string }
	auditor := as(t, "platform", "auditor")
	auditor.get("/v1/audit?type=transaction_denied&request="+s.ID, &entries)
	if len(entries) != 1 || entries[0].Request != s.ID || entries[0].EventType != "transaction_denied" || entries[0].Salt == "" {
		t.Errorf("audit of the request: %+v, want its one denial", entries)
	}
	auditor.get("/v1/audit?limit=1", &entries)
	if len(entries) != 1 {
		t.Errorf("limit=1 gave %d entries", len(entries))
	}
	auditor.signed("GET", "/v1/audit?limit=1001", nil).wants(t, 400, "bad_request")
	auditor.signed("GET", "/v1/audit?limits=1", nil).wants(t, 400, "bad_request")
}

func TestTripStopsAndOnlyTwoPartiesLift(t *testing.T) {
	enrol(t)
	trip := wire.SignTrip(world.network, "platform", key("tripper platform"), "network", rand.Text(), time.Now(), time.Time{})
	var result client.TripResult
	must(t, as(t, "platform", "tripper").post("/v1/kill", trip, &result))
	if !slices.Equal(result.Recorded, parties) || len(result.Missing) != 0 || result.Trip.ID != trip.ID {
		t.Errorf("trip was recorded by %v, missing %v", result.Recorded, result.Missing)
	}
	s := send(t, order("1"), client.DeliverSigned, rand.Text(), "DENIED")
	if s.Reason.Code != "killed" {
		t.Errorf("reason %+v, want killed", s.Reason)
	}
	lift := kill.Lift{IDs: []string{trip.ID}, Expires: time.Now().Add(time.Minute).UTC().Truncate(time.Second)}
	one := wire.SignLift(world.network, "platform", key("operator platform"), lift)
	wantProblem(t, as(t, "platform", "operator").enter("/v1/kill/lift", one), 403, "lift_refused")
	both := wire.SignLift(world.network, "user", key("operator user"), one)
	for _, p := range parties {
		must(t, as(t, p, "operator").enter("/v1/kill/lift", both))
	}
	var standing []client.Trip
	as(t, "platform", "operator").get("/v1/kill", &standing)
	if slices.ContainsFunc(standing, func(o client.Trip) bool { return o.ID == trip.ID }) {
		t.Error("the lifted trip still stands")
	}
	wantProblem(t, as(t, "platform", "tripper").enter("/v1/kill", trip), 409, "trip_over")
}

func TestTripIsKeptWhenTheCallerHangsUp(t *testing.T) {
	trip := wire.SignTrip(world.network, "user", key("tripper user"), "agent:nobody", "test", time.Now(), time.Now().Add(time.Minute))
	body, _ := json.Marshal(client.Signed{Record: digest.Encode(trip)})
	ctx, hangUp := context.WithCancel(context.WithValue(t.Context(), callKey{}, call{envelope: reqsig.Envelope{Body: body}}))
	hangUp()
	if _, err := world.servers["user"].api.trip(ctx, nil); err != nil {
		t.Fatal(err)
	}
	standing, err := world.nodes["user"].Trips(t.Context())
	must(t, err)
	if len(standing) == 0 {
		t.Error("the order to stop was dropped with the connection")
	}
}

func TestRecordsThatCannotBeReadOrAreNotSignedAreRefused(t *testing.T) {
	operator := as(t, "platform", "third operator")
	for _, path := range []string{"/v1/wallets", "/v1/agents", "/v1/policies", "/v1/policies:cancel", "/v1/keygens", "/v1/kill", "/v1/kill/lift"} {
		operator.signed("POST", path, []byte(`{"record":"/w=="}`)).wants(t, 400, "bad_record")
		operator.signed("POST", path, []byte(`{"record":"gA==","more":1}`)).wants(t, 400, "bad_request")
	}
	agent := wire.SignAgent(world.network, "platform", key("operator user"), wire.AgentRecord{ID: "mine", Revision: 1, PublicKey: public("x")})
	wantProblem(t, operator.enter("/v1/agents", agent), 403, "record_refused")
	approval := wire.Approve([32]byte{1}, "platform", key("operator platform"))
	wantProblem(t, operator.enter("/v1/keygens/00/approve", approval), 400, "wrong_ceremony")
}

func TestSimulationIsAdmittedAsARequestIs(t *testing.T) {
	enrol(t)
	url := world.servers["platform"].URL() + "/v1/requests:simulate"
	try := func(r client.Request, target string, at time.Time) error {
		body, _ := json.Marshal(r)
		e := reqsig.New("POST", target, rand.Text(), body, "agent:agent-1", key("agent agent-1"), at)
		_, err := world.nodes["platform"].Simulate(t.Context(), e, "")
		return err
	}
	elsewhere := order("1")
	elsewhere.Coordinator = "user"
	for code, err := range map[string]error{
		"signature_stale":   try(order("1"), url, time.Now().Add(-2*time.Minute)),
		"wrong_coordinator": try(elsewhere, url, time.Now()),
		"wrong_target":      try(order("1"), world.servers["platform"].URL()+"/v1/requests", time.Now()),
	} {
		if p := node.ProblemOf(err); err == nil || p.Code != code {
			t.Errorf("got %v, want %s", err, code)
		}
	}
}

func TestSimulationsTakeTokens(t *testing.T) {
	enrol(t)
	c := asAgent(t, "agent-2").client()
	for range 100 {
		s, err := c.Simulate(t.Context(), order("1"), rand.Text())
		var p *client.Problem
		switch {
		case errors.As(err, &p) && p.Code == "too_many_calls":
			return
		case err == nil && s.Reason.Code == "agent_wallet", errors.As(err, &p) && p.Code == "wallet_busy":
		default:
			t.Fatalf("simulation of a wallet that is not the agent's: %+v, %v", s, err)
		}
	}
	t.Error("100 simulations were answered: limits can be probed")
}
