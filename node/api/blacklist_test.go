package api

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard/blacklist"
	"github.com/tonaiagent/mpcnode/guard/feed"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
)

// publishers are the part of every party's policy that names who publishes blacklists and prices.
var publishers = fmt.Sprintf("lists: {watch: {publicKey: \"%x\"}}\nfeeds:\n  feed-a: {publicKey: \"%x\", assets: [native]}\n  feed-b: {publicKey: \"%x\", assets: [native]}\n",
	publicKey("watch"), publicKey("feed-a"), publicKey("feed-b"))

func publicKey(name string) []byte { return key(name).Public().(ed25519.PublicKey) }

func (c caller) call(path string, body, answer any) error {
	raw, err := json.Marshal(body)
	must(c.t, err)
	return c.client().Do(c.t.Context(), http.MethodPost, path, rand.Text(), raw, answer)
}

// refused checks that an error is a problem with that code.
func refused(t *testing.T, err error, code string) {
	t.Helper()
	var p *client.Problem
	if !errors.As(err, &p) || p.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func TestAddressIsListedCheckedAndTakenOff(t *testing.T) {
	enrol(t)
	eve := ton.Address{Hash: sha256.Sum256([]byte("eve"))}
	operator := as(t, "platform", "operator")
	check := func(a string) (l client.Listing) {
		t.Helper()
		operator.get("/v1/blacklist/"+a, &l)
		return l
	}
	if l := check(eve.Friendly(true, false)); l.Listed || l.Denies || l.Address != eve.String() {
		t.Errorf("before: %+v", l)
	}
	r := wire.BlacklistRecord{Address: eve, Revision: 1, Severity: blacklist.High, Reason: "theft"}
	refused(t, operator.enter("/v1/blacklist", wire.SignBlacklist(world.network, "platform", key("operator user"), r)), "blacklist_refused")
	must(t, operator.enter("/v1/blacklist", wire.SignBlacklist(world.network, "platform", key("operator platform"), r)))
	if l := check(eve.String()); !l.Listed || !l.Denies || l.Severity != "high" || l.Reason != "theft" || l.Source != "this node" || l.Added.IsZero() {
		t.Errorf("listed: %+v", l)
	}
	alike := eve
	alike.Hash[12]++
	if l := check(alike.String()); !l.Listed || l.Denies || l.Alike != eve.String() || l.Address != alike.String() {
		t.Errorf("one that looks like it: %+v", l)
	}
	var page client.ListingPage
	operator.get("/v1/blacklist?limit=1", &page)
	if len(page.Listings) != 1 || page.Listings[0].Address != eve.String() || len(page.Lists) != 1 || page.Lists[0].Source != "watch" {
		t.Errorf("the page is %+v", page)
	}
	off := wire.BlacklistRecord{Address: eve, Revision: 2, Remove: true}
	refused(t, operator.enter("/v1/blacklist", wire.SignBlacklist(world.network, "platform", key("operator platform"), off)), "blacklist_refused")
	eventually(t, "the node knows the chain's time", func() bool {
		return as(t, "platform", "policy_admin").enter("/v1/blacklist", wire.SignBlacklist(world.network, "platform", key("policy_admin platform"), off)) == nil
	})
	if l := check(eve.String()); !l.Denies || l.Until.Before(time.Now().Add(23*time.Hour)) {
		t.Errorf("taken off: %+v", l)
	}
	operator.signed("GET", "/v1/blacklist/0:00", nil).wants(t, 400, "bad_address")
}

func TestPublishedListIsBroughtInParts(t *testing.T) {
	enrol(t)
	operator := as(t, "user", "operator")
	one := blacklist.Row{Address: ton.Address{Hash: sha256.Sum256([]byte("mallory"))}, Severity: blacklist.Critical}
	two := blacklist.Row{Address: ton.Address{Hash: sha256.Sum256([]byte("trudy"))}, Severity: blacklist.Low}
	rows := one.String() + two.String()
	header := blacklist.Header{Source: "watch", Sequence: 1, Generated: time.Now().Unix(), Count: 2, Rows: sha256.Sum256([]byte(rows))}.Sign(key("watch")).String()
	var p client.ListProgress
	bring := func(first uint64, rows string) error {
		return operator.call("/v1/blacklist/import", client.ListChunk{Header: header, First: first, Rows: rows}, &p)
	}
	must(t, bring(0, one.String()))
	if p.Rows != 1 || p.Complete {
		t.Errorf("progress is %+v", p)
	}
	refused(t, bring(1, "0:1\thigh\t\n"), "bad_list")
	must(t, bring(1, two.String()))
	if p.Rows != 2 || !p.Complete {
		t.Errorf("progress is %+v", p)
	}
	refused(t, bring(0, ""), "list_refused")
	var l client.Listing
	operator.get("/v1/blacklist/"+one.Address.String(), &l)
	if !l.Denies || l.Source != "watch" {
		t.Errorf("%+v", l)
	}
	header = strings.Replace(header, "sequence\t1", "sequence\t2", 1)
	refused(t, bring(0, ""), "list_refused")
}

// A large list takes more calls than a caller has tokens.
func TestImportTakesReadsAndNoTokens(t *testing.T) {
	admin := as(t, "user", "policy_admin")
	for range 70 {
		if admin.signed("POST", "/v1/policies", []byte("{}")).status == http.StatusTooManyRequests {
			admin.signed("POST", "/v1/blacklist/import", []byte(`{"header":"","first":0,"rows":""}`)).wants(t, 400, "bad_list")
			return
		}
	}
	t.Error("70 calls took no token")
}

func TestAnyCallerMayBringWhatAFeedHasSigned(t *testing.T) {
	enrol(t)
	agent := asAgent(t, "agent-1")
	for _, by := range []string{"feed-a", "feed-b"} {
		q := feed.Quote{Feed: by, Asset: ton.Native, Price: "3.25", Sequence: 1, At: time.Now().Unix()}.Sign(key(by))
		line, err := q.JSON()
		must(t, err)
		agent.signed("POST", "/v1/feeds", line).wants(t, 204, "")
		agent.signed("POST", "/v1/feeds", line).wants(t, 403, "quote_refused")
		forged := strings.Replace(string(line), "3.25", "9.99", 1)
		agent.signed("POST", "/v1/feeds", []byte(strings.Replace(forged, ":1,", ":2,", 1))).wants(t, 403, "quote_refused")
		agent.signed("POST", "/v1/feeds", []byte(strings.Replace(string(line), "{", `{"more":1,`, 1))).wants(t, 400, "bad_quote")
		var shown client.Quote
		must(t, json.Unmarshal(line, &shown))
		if shown.Price != q.Price || base64.StdEncoding.EncodeToString(shown.Signature) != base64.StdEncoding.EncodeToString(q.Signature) || shown.Sequence != 1 {
			t.Errorf("the client's type reads %+v", shown)
		}
	}
	var f client.Feeds
	as(t, "platform", "auditor").get("/v1/feeds", &f)
	if len(f.Quotes) != 2 || f.Quotes[0].Price != "3.25" || len(f.Markets) != 1 || !f.Markets[0].Agreed || f.Markets[0].Price != 3.25 || f.Markets[0].Available {
		t.Errorf("%+v", f)
	}
}
