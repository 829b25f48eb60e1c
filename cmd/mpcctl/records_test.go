package main

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/kill"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// records keeps what the tool hands to a node.
type records struct{ byPath map[string][]byte }

func (r *records) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.Method == http.MethodGet { // of a policy, above all which shadow is the next
		w.Write([]byte(`{"next_shadow": 7}`))
		return
	}
	body, _ := io.ReadAll(q.Body)
	var s client.Signed
	if err := json.Unmarshal(body, &s); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.byPath[q.URL.Path] = s.Record
	w.Write([]byte("{}"))
}

// openSites returns the user's and the platform's site at a node that keeps records.
func openSites(t *testing.T) (*records, []*site) {
	t.Helper()
	r := &records{byPath: map[string][]byte{}}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	if err := writeContexts(dir, server.URL, server.URL); err != nil {
		t.Fatal(err)
	}
	all, err := readContexts(filepath.Join(dir, "contexts.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return r, []*site{must(newSite(all.Contexts[0])), must(newSite(all.Contexts[1]))}
}

func decoded[T any](t *testing.T, r *records, path string) (v T) {
	t.Helper()
	if err := digest.Decode(r.byPath[path], &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

func publicOf(name string) ed25519.PublicKey { return seedOf(name).Public().(ed25519.PublicKey) }

func TestWalletAndAgentAreSignedForThisPartyAndNetwork(t *testing.T) {
	r, sites := openSites(t)
	user, ctx := sites[0], context.Background()
	if err := user.createWallet(ctx, "wallet-1", newWallet{custody: custodyShared, key: "main", of: account{"v5r1", 3}}, [32]byte{7}); err != nil {
		t.Fatal(err)
	}
	w := decoded[guard.Signed[guard.WalletRecord]](t, r, "/v1/wallets")
	d := guard.RecordDigest(user.network, "user", w.Body)
	if !ed25519.Verify(publicOf("operator"), d[:], w.Signature) || w.Body.Subwallet != 3 || w.Body.GlobalID != -239 {
		t.Errorf("wallet = %+v", w)
	}
	if err := user.createAgent(ctx, wire.AgentRecord{ID: "agent-1", Revision: 5, Wallets: []string{"wallet-1"}}); err != nil {
		t.Fatal(err)
	}
	a := decoded[guard.Signed[guard.AgentRecord]](t, r, "/v1/agents")
	d = guard.RecordDigest(user.network, "user", a.Body)
	if !ed25519.Verify(publicOf("operator"), d[:], a.Signature) || a.Body.Revision != 5 {
		t.Errorf("agent = %+v", a)
	}
}

func TestRevisionsRise(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	if a, b := revision(now), revision(now.Add(time.Millisecond)); a == 0 || b <= a {
		t.Errorf("%d, then %d", a, b)
	}
}

func TestProposalCarriesTheNetworksTermsAndTheProposersApproval(t *testing.T) {
	r, sites := openSites(t)
	id, err := sites[0].proposeKeygen(context.Background(), "main", time.Unix(1_900_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	p := decoded[wire.KeygenProposal](t, r, "/v1/keygens")
	k := p.Keygen
	if k.Network != sites[0].network || k.Need != 2 || len(k.Parties) != 3 || k.Proposer != "user" || k.Nonce == [16]byte{} || k.Expires != 1_900_000_000 {
		t.Errorf("proposal = %+v", k)
	}
	m := wire.Manifest{Parties: []wire.Party{{Name: "user", Operators: []wire.Key{wire.Key(publicOf("operator"))}}}}
	if err := p.Approval.Verify(m); err != nil || p.Approval.Ceremony != k.ID() || id != hexOf(k.ID()) {
		t.Errorf("approval = %+v, %v", p.Approval, err)
	}
}

func hexOf(d [32]byte) string { return string(must(wire.Key(d).MarshalText())) }

// An operator's tool must not sign terms that are not the network's, whatever a node shows.
func TestOtherTermsAreNotApproved(t *testing.T) {
	r, sites := openSites(t)
	good := client.Ceremony{ID: strings.Repeat("ab", 32), Key: "main", Threshold: 2, Parties: []string{"backup", "platform", "user"}}
	for name, change := range map[string]func(*client.Ceremony){
		"threshold": func(c *client.Ceremony) { c.Threshold = 1 },
		"parties":   func(c *client.Ceremony) { c.Parties = []string{"backup", "mallory", "user"} },
		"id":        func(c *client.Ceremony) { c.ID = "ab" },
	} {
		c := good
		change(&c)
		if err := sites[1].approveKeygen(context.Background(), c); err == nil || len(r.byPath) > 0 {
			t.Errorf("%s: approved", name)
		}
	}
	if err := sites[1].approveKeygen(context.Background(), good); err != nil || r.byPath["/v1/keygens/"+good.ID+"/approve"] == nil {
		t.Errorf("not approved: %v", err)
	}
}

func TestTripAndLiftVerify(t *testing.T) {
	r, sites := openSites(t)
	if _, err := sites[0].trip(context.Background(), "wallet:wallet-1", "drill", time.Hour); err != nil {
		t.Fatal(err)
	}
	trip := decoded[kill.Trip](t, r, "/v1/kill")
	err := trip.Verify(sites[0].network, func(by kill.By) bool { return by == kill.By{Party: "user", Key: [32]byte(publicOf("operator"))} })
	if err != nil || trip.Level != kill.Pause || trip.Scope != "wallet:wallet-1" {
		t.Errorf("trip = %+v, %v", trip, err)
	}
	now := time.Now()
	unsigned := wire.Lift{IDs: []string{trip.ID}, Expires: now.Add(liftTime).UTC().Truncate(time.Second)}
	l, err := signLift(sites, unsigned)
	if err != nil {
		t.Fatal(err)
	}
	operator := func(by kill.By) bool {
		return by == kill.By{Party: "user", Key: [32]byte(publicOf("operator"))} || by == kill.By{Party: "platform", Key: [32]byte(publicOf("platform-operator"))}
	}
	for _, self := range []string{"user", "platform"} {
		if err := l.Verify(sites[0].network, now, self, operator); err != nil {
			t.Errorf("at %s: %v", self, err)
		}
	}
	if alone, err := signLift(sites[:1], unsigned); err != nil || ofTwo(alone) {
		t.Errorf("one party alone: %v", err)
	}
	if again, err := signLift(sites[:1], l); err != nil || len(again.Signatures) != 2 {
		t.Errorf("signed twice: %v", err)
	}
	sites[1].network[0]++
	if _, err := signLift(sites, unsigned); exitOf(err) != exitUsage {
		t.Errorf("two networks: %v", err)
	}
}
