package e2e

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
)

// TestStories runs every file of testdata/stories in a bubble of fake time. `go test ./test/e2e -rewrite` writes what
// happened; the diff is what a reviewer reads.
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata/stories", func(t *testing.T, path string) {
		synctest.Test(t, func(t *testing.T) {
			s := &story{t: t}
			datadriven.RunTest(t, path, s.run)
		})
	})
}

// story is one file under way.
type story struct {
	t *testing.T
	w *network

	last   order // for replays
	lastID string
}

// destination is where stories send to unless they say otherwise.
const destination = "0:1111111111111111111111111111111111111111111111111111111111111111"

func (s *story) run(t *testing.T, d *datadriven.TestData) string {
	commands := map[string]func(*datadriven.TestData) string{
		"nodes": s.nodes, "keygen": s.keygen, "wallet": s.wallet, "fund": s.fund, "send": s.send, "resend": s.resend,
		"down": s.down, "up": s.up, "cut": s.cut, "heal": s.heal, "advance": s.advance, "trip": s.trip, "lift": s.lift,
		"balance": s.balance, "policy": s.policy, "cancel": s.cancel,
	}
	run := commands[d.Cmd]
	if run == nil {
		t.Fatalf("%s: unknown command %q", d.Pos, d.Cmd)
	}
	s.t = t
	if s.w != nil {
		s.w.t = t
	}
	return run(d)
}

func arg(d *datadriven.TestData, key, otherwise string) string {
	if a, ok := d.Arg(key); ok && len(a.Vals) > 0 {
		return strings.Join(a.Vals, " ")
	}
	return otherwise
}

// nodes need=2
func (s *story) nodes(d *datadriven.TestData) string {
	need := 2
	if arg(d, "need", "2") == "3" {
		need = 3
	}
	s.w = newNetwork(s.t, need)
	for _, name := range names {
		s.w.up(name)
	}
	s.w.allUp()
	return "ok"
}

// keygen wallet=w1 [day=100] [tx=100]: a key, a wallet, an agent and a policy at every node.
func (s *story) keygen(d *datadriven.TestData) string {
	id := arg(d, "wallet", "w1")
	s.w.keygen("key-" + id)
	s.w.enrol("key-"+id, id, "agent-1", policyOf(1, "agent-1", "", arg(d, "day", "100"), arg(d, "tx", "100")))
	s.w.fund(id, arg(d, "fund", "1000"))
	return fmt.Sprintf("%s: 3 shares, same public key, %d test signatures", id, s.tests("key-"+id))
}

func (s *story) tests(key string) (n int) {
	pub := s.w.publicKey(key)
	for _, name := range names {
		for _, c := range s.w.node(name).Ceremonies() {
			if c.Keygen.Key != key {
				continue
			}
			if other, err := node.PublicKey(c); err != nil || other != pub {
				s.t.Fatalf("%s has another public key", name)
			}
			n = len(c.Tests)
		}
	}
	return n
}

func (s *story) wallet(d *datadriven.TestData) string {
	return s.w.address(arg(d, "id", "w1")).String()
}

func (s *story) fund(d *datadriven.TestData) string {
	s.w.fund(arg(d, "wallet", "w1"), arg(d, "amount", "100"))
	return "ok"
}

// send wallet=w1 amount=90 [to=…] [ask=user] [deliver=confirmed] [agent=agent-1] [memo=…]
func (s *story) send(d *datadriven.TestData) string {
	o := order{wallet: arg(d, "wallet", "w1"), agent: arg(d, "agent", "agent-1"), to: arg(d, "to", destination),
		amount: arg(d, "amount", "1"), memo: arg(d, "memo", ""), ask: arg(d, "ask", "user"),
		deliver: node.Deliver(arg(d, "deliver", "confirmed"))}
	s.w.keys++
	o.key = fmt.Sprintf("k-%d", s.w.keys)
	s.last = o
	return s.outcome(s.w.send(o))
}

// resend asks again for the last request, as it was.
func (s *story) resend(d *datadriven.TestData) string {
	o := s.last
	o.amount = arg(d, "amount", o.amount)
	r, err := s.w.send(o)
	if err == nil && r.ID != s.lastID {
		s.t.Errorf("another request id: %s, was %s", r.ID, s.lastID)
	}
	return s.outcome(r, err)
}

// outcome prints what every party's guard said, and what became of the request.
func (s *story) outcome(r node.Request, err error) string {
	var p *node.Problem
	if errors.As(err, &p) {
		return fmt.Sprintf("not admitted: %d %s", p.Status, p.Code)
	}
	if err != nil {
		return "error: " + err.Error()
	}
	s.lastID = r.ID
	var out strings.Builder
	for i := len(names) - 1; i >= 0; i-- {
		fmt.Fprintf(&out, "%s %s  ", names[i], s.w.verdict(names[i], r.ID))
	}
	if len(r.Signature) == 0 {
		fmt.Fprintf(&out, " not signed: %s %s", r.State, r.Reason.Code)
		return out.String()
	}
	fmt.Fprintf(&out, " signed by %d  %s", len(r.Signers), r.State)
	return out.String()
}

func (s *story) down(d *datadriven.TestData) string {
	for _, a := range d.CmdArgs {
		s.w.down(a.Key)
	}
	return "ok"
}

func (s *story) up(d *datadriven.TestData) string {
	for _, a := range d.CmdArgs {
		s.w.up(a.Key)
	}
	s.w.allUp()
	return "ok"
}

func (s *story) cut(d *datadriven.TestData) string {
	s.w.memory.Cut(d.CmdArgs[0].Key, d.CmdArgs[1].Key)
	time.Sleep(5 * time.Second)
	return "ok"
}

func (s *story) heal(d *datadriven.TestData) string {
	s.w.memory.Heal(d.CmdArgs[0].Key, d.CmdArgs[1].Key)
	time.Sleep(10 * time.Second)
	return "ok"
}

// advance by=24h moves every clock, the chain's too.
func (s *story) advance(d *datadriven.TestData) string {
	by, err := time.ParseDuration(arg(d, "by", "1h"))
	s.w.must(err)
	s.w.offset.Add(int64(by))
	s.w.chain.Tick()
	time.Sleep(3 * time.Second)
	return "ok"
}

func (s *story) trip(d *datadriven.TestData) string {
	pause, err := time.ParseDuration(arg(d, "pause", "0s"))
	s.w.must(err)
	recorded, err := s.w.trip(arg(d, "by", "user"), arg(d, "scope", "network"), pause)
	s.w.must(err)
	return "recorded by " + strings.Join(recorded, " ")
}

func (s *story) lift(d *datadriven.TestData) string {
	at := arg(d, "at", "user")
	by := strings.Fields(arg(d, "by", ""))
	slices.Sort(by)
	if err := s.w.lift(at, by...); err != nil {
		return "refused: " + err.Error()
	}
	return "ok"
}

func (s *story) balance(d *datadriven.TestData) string {
	a, _, err := ton.ParseAddress(arg(d, "of", destination), false)
	s.w.must(err)
	return s.w.chain.Balance(a).String()
}

// policy at=backup day=10 [tx=10] [delay=0s]: that party's admin tightens or loosens its own policy, and nobody else's.
func (s *story) policy(d *datadriven.TestData) string {
	name := arg(d, "at", "user")
	in, err := s.w.node(name).Policy(context.Background())
	s.w.must(err)
	day := arg(d, "day", "100")
	document := policyOf(int(in.Next), "agent-1", hex.EncodeToString(in.Hash[:]), day, arg(d, "tx", day))
	document = strings.Replace(document, "loosenDelay: 0s", "loosenDelay: "+arg(d, "delay", "0s"), 1)
	err = s.w.node(name).ApplyPolicy(context.Background(), wire.SignPolicy(s.w.id(), name, seed("admin "+name), []byte(document)))
	s.w.must(err)
	now, err := s.w.node(name).Policy(context.Background())
	s.w.must(err)
	if p := now.Pending; p != nil {
		return fmt.Sprintf("%s: version %d waits for %s: %v", name, p.Version, p.Due.Sub(p.Since), p.Loosens)
	}
	return fmt.Sprintf("%s: version %d", name, now.Version)
}

// cancel at=user: that party's admin stops the policy that waits there.
func (s *story) cancel(d *datadriven.TestData) string {
	name := arg(d, "at", "user")
	in, err := s.w.node(name).Policy(context.Background())
	s.w.must(err)
	s.w.must(s.w.node(name).CancelPolicy(context.Background(), wire.SignPolicyCancellation(s.w.id(), name, seed("admin "+name), in.Pending.Hash)))
	return fmt.Sprintf("%s: version %d never comes into force", name, in.Pending.Version)
}
