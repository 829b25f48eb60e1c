package guard_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/blacklist"
	"github.com/tonaiagent/mpcnode/ton"
)

// publishing is permissive with two publishers of blacklists.
var publishing = strings.Replace(permissive, "loosenDelay: 0s", "loosenDelay: 24h", 1) + fmt.Sprintf("lists:\n  scam-watch: {publicKey: \"%x\"}\n  other-watch: {publicKey: \"%x\"}\n", pub("scam-watch"), pub("other-watch"))

var (
	eve   = ton.Address{Hash: [32]byte{0xe1, 0xe2, 0xe3, 16: 1, 30: 0x0e, 31: 0x1e}}
	trudy = ton.Address{Hash: [32]byte{0xe1, 0xe2, 0xe3, 16: 2, 30: 0x0e, 31: 0x1e}} // looks like eve
)

const unlistDelay = 24 * time.Hour

func signBlacklist(r guard.BlacklistRecord, by string) guard.Signed[guard.BlacklistRecord] {
	return guard.Signed[guard.BlacklistRecord]{Body: r, Operator: pub(by), Signature: sign(by, guard.RecordDigest(networkID, "user", r))}
}

func (w *world) setBlacklist(r guard.BlacklistRecord, by string) error {
	return w.g.SetBlacklist(w.tx, w.now, signBlacklist(r, by))
}

// says returns what the blacklist says of an address: severity, source and whether it only looks like one; "" for nothing.
func (w *world) says(a ton.Address) string {
	w.Helper()
	l, found, err := w.g.Listed(w.tx, a)
	w.must(err)
	if !found {
		return ""
	}
	said := string(l.Severity) + " by " + l.Source
	if l.LookAlike {
		said += ", alike " + l.Address.String()[:4]
	}
	return said
}

func (w *world) wantSays(a ton.Address, want string) {
	w.Helper()
	if got := w.says(a); got != want {
		w.Errorf("the blacklist says %q, want %q", got, want)
	}
}

func TestOperatorListsAtOnceAndAdminTakesOffAfterTheDelay(t *testing.T) {
	w := newWorld(t, publishing)
	w.wantSays(eve, "")
	w.must(w.setBlacklist(guard.BlacklistRecord{Address: eve, Revision: 1, Severity: blacklist.Medium, Reason: "odd"}, "user operator"))
	w.wantSays(eve, "medium by this node")
	w.must(w.setBlacklist(guard.BlacklistRecord{Address: eve, Revision: 2, Severity: blacklist.Critical, Reason: "theft"}, "user operator"))
	w.wantSays(eve, "critical by this node")
	w.must(w.setBlacklist(guard.BlacklistRecord{Address: eve, Revision: 3, Remove: true}, "user admin"))
	w.advance(unlistDelay - time.Second)
	w.wantSays(eve, "critical by this node")
	w.advance(time.Second)
	w.wantSays(eve, "")
	w.wantSays(trudy, "")
	w.must(w.setBlacklist(guard.BlacklistRecord{Address: eve, Revision: 4, Severity: blacklist.Low}, "user admin"))
	w.wantSays(eve, "low by this node")
	var events []string
	for _, e := range w.tx.Entries {
		if strings.HasPrefix(string(e.EventType), "blacklist_") {
			events = append(events, string(e.EventType)+" "+e.Details.Get("revision"))
		}
	}
	if got := strings.Join(events, ", "); got != "blacklist_added 1, blacklist_added 2, blacklist_removed 3, blacklist_added 4" {
		t.Errorf("the audit log says %s", got)
	}
}

// A node that was away for longer than the delay has an old window time.
func TestDelayOfARemovalIsNotSleptThrough(t *testing.T) {
	w := newWorld(t, publishing)
	w.must(w.setBlacklist(guard.BlacklistRecord{Address: eve, Revision: 1, Severity: blacklist.High, Reason: "theft"}, "user operator"))
	w.now = w.now.Add(2 * unlistDelay)
	w.must(w.setBlacklist(guard.BlacklistRecord{Address: eve, Revision: 2, Remove: true}, "user admin"))
	w.advance(time.Minute)
	w.wantSays(eve, "high by this node")
}

func TestNoRevisionIsTheLast(t *testing.T) {
	w := newWorld(t, publishing)
	for _, revision := range []uint64{1<<64 - 1, uint64(w.now.Add(2 * time.Hour).UnixMilli())} {
		if err := w.setBlacklist(guard.BlacklistRecord{Address: eve, Revision: revision, Severity: blacklist.Low}, "user operator"); err == nil {
			t.Errorf("blacklist: revision %d was taken", revision)
		}
		r := guard.AgentRecord{ID: "agent-9", Revision: revision, PublicKey: pub("agent-9"), Wallets: []string{"wallet-1"}}
		s := guard.Signed[guard.AgentRecord]{Body: r, Operator: pub("user operator"), Signature: sign("user operator", guard.RecordDigest(networkID, "user", r))}
		if err := w.g.AddAgent(w.tx, w.now, s); err == nil {
			t.Errorf("agent: revision %d was taken", revision)
		}
	}
	w.must(w.setBlacklist(guard.BlacklistRecord{Address: eve, Revision: uint64(w.now.UnixMilli()), Severity: blacklist.Low}, "user operator"))
	far := strings.Replace(nextOf(permissive), "version: 2", "version: 18446744073709551615", 1)
	if err := newWorld(t, permissive).g.ApplyPolicy(w.tx, w.now, signPolicy(far)); err == nil || !strings.Contains(err.Error(), "far above") {
		t.Errorf("policy: %v", err)
	}
}

// A removal that was a mistake, or a thief's, is called off by listing again.
func TestListingAgainCallsARemovalOff(t *testing.T) {
	w := newWorld(t, publishing)
	w.must(w.setBlacklist(guard.BlacklistRecord{Address: eve, Revision: 1, Severity: blacklist.High}, "user operator"))
	w.must(w.setBlacklist(guard.BlacklistRecord{Address: eve, Revision: 2, Remove: true}, "user admin"))
	w.must(w.setBlacklist(guard.BlacklistRecord{Address: eve, Revision: 3, Severity: blacklist.High}, "user operator"))
	w.advance(2 * unlistDelay)
	w.wantSays(eve, "high by this node")
}

func TestBlacklistRecordIsRefused(t *testing.T) {
	high := guard.BlacklistRecord{Address: eve, Revision: 2, Severity: blacklist.High}
	for name, c := range map[string]struct {
		by   string
		r    guard.BlacklistRecord
		want string
	}{
		"by another party's operator": {"platform operator", high, "no operator"},
		"by the own tripper":          {"user tripper", high, "no operator"},
		"removal by an operator":      {"user operator", guard.BlacklistRecord{Address: bob, Revision: 2, Remove: true}, "no policy admin"},
		"an old revision":             {"user operator", guard.BlacklistRecord{Address: bob, Revision: 1, Severity: blacklist.High}, "not above 1"},
		"without a revision":          {"user operator", guard.BlacklistRecord{Address: eve, Severity: blacklist.High}, "not above 0"},
		"lowering":                    {"user admin", guard.BlacklistRecord{Address: bob, Revision: 2, Severity: blacklist.Low}, "takes it off first"},
		"removal of what isn't there": {"user admin", guard.BlacklistRecord{Address: eve, Revision: 2, Remove: true}, "is not on the list"},
		"removal with a severity":     {"user admin", guard.BlacklistRecord{Address: bob, Revision: 2, Remove: true, Severity: blacklist.Low}, "has no severity"},
		"an unknown severity":         {"user operator", guard.BlacklistRecord{Address: eve, Revision: 2, Severity: "grave"}, "none of low"},
		"a long reason":               {"user operator", guard.BlacklistRecord{Address: eve, Revision: 2, Severity: "low", Reason: strings.Repeat("x", 201)}, "at most 200"},
		"no address":                  {"user operator", guard.BlacklistRecord{Revision: 2, Severity: "low"}, "address is missing"},
	} {
		w := newWorld(t, publishing)
		w.must(w.setBlacklist(guard.BlacklistRecord{Address: bob, Revision: 1, Severity: blacklist.High}, "user operator"))
		if err := w.setBlacklist(c.r, c.by); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	w := newWorld(t, publishing)
	s := signBlacklist(high, "user operator")
	s.Signature[0] ^= 1
	if w.g.SetBlacklist(w.tx, w.now, s) == nil {
		t.Error("a bad signature was taken")
	}
	w.must(w.setBlacklist(high, "user operator"))
	guard.PutUsed(w.tx, "r", time.Unix(0, 0))
	if w.setBlacklist(guard.BlacklistRecord{Address: eve, Revision: 3, Remove: true}, "user admin") == nil {
		t.Error("a delay began to run before the chain's time was known")
	}
}

func TestAddressThatLooksLikeAListedOneIsFlagged(t *testing.T) {
	w := newWorld(t, publishing)
	w.must(w.setBlacklist(guard.BlacklistRecord{Address: eve, Revision: 1, Severity: blacklist.Critical}, "user operator"))
	if !trudy.LooksLike(eve) {
		t.Fatal("the test's addresses don't look alike")
	}
	w.wantSays(trudy, "critical by this node, alike 0:e1")
	w.wantSays(bob, "")
	w.wantSays(eve, "critical by this node")
	l, _, err := w.g.Listed(w.tx, trudy)
	if err != nil || l.Denies() {
		t.Errorf("a look-alike denies: %+v, %v", l, err)
	}
	if l, _, err = w.g.Listed(w.tx, eve); err != nil || !l.Denies() {
		t.Errorf("a critical address does not deny: %+v, %v", l, err)
	}
}

// published is a list as its file has it.
func published(by string, sequence uint64, rows ...blacklist.Row) (h blacklist.Header, text string) {
	for _, r := range rows {
		text += r.String()
	}
	return blacklist.Header{Source: by, Sequence: sequence, Generated: start.Unix(), Count: uint64(len(rows)), Rows: sha256.Sum256([]byte(text))}.Sign(key(by)), text
}

func (w *world) importRows(h blacklist.Header, first uint64, text string) (guard.ListProgress, error) {
	w.Helper()
	c, err := guard.ReadListChunk(h, first, []byte(text))
	w.must(err)
	var p guard.ListProgress
	for _, part := range c.Split() {
		got, refused, err := w.g.ImportList(w.tx, w.now, part)
		if p = got; err != nil || refused != nil {
			return p, fmt.Errorf("%v%v", err, refused)
		}
	}
	return p, nil
}

func (w *world) mustImport(h blacklist.Header, text string) {
	w.Helper()
	p, err := w.importRows(h, 0, text)
	w.must(err)
	if !p.Complete || p.Rows != h.Count {
		w.Fatalf("the import came to %+v", p)
	}
}

// blacklistKeys are all records of the blacklist.
func (w *world) blacklistKeys() (all []guard.Key) {
	for k := range w.tx.M {
		if strings.HasPrefix(string(k), string(guard.PrefixBlacklist)) {
			all = append(all, k)
		}
	}
	return all
}

func TestNextListReplacesTheSourcesOwnAndNoOther(t *testing.T) {
	w := newWorld(t, publishing)
	w.must(w.setBlacklist(guard.BlacklistRecord{Address: eve, Revision: 1, Severity: blacklist.Low}, "user operator"))
	h, text := published("scam-watch", 1, blacklist.Row{Address: eve, Severity: "high"}, blacklist.Row{Address: bob, Severity: "medium"})
	w.mustImport(h, text)
	w.wantSays(eve, "high by scam-watch")
	w.wantSays(bob, "medium by scam-watch")
	h, text = published("other-watch", 7, blacklist.Row{Address: bob, Severity: "critical"})
	w.mustImport(h, text)
	w.wantSays(bob, "critical by other-watch")
	h, text = published("scam-watch", 2, blacklist.Row{Address: pool, Severity: "high"})
	w.mustImport(h, text)
	w.wantSays(eve, "low by this node")
	w.wantSays(bob, "critical by other-watch")
	w.wantSays(pool, "high by scam-watch")
	h, text = published("other-watch", 8)
	w.mustImport(h, text)
	w.wantSays(bob, "")
}

func TestInterruptedImportLeavesTheOldListInForce(t *testing.T) {
	w := newWorld(t, publishing)
	h, text := published("scam-watch", 1, blacklist.Row{Address: eve, Severity: "low"}, blacklist.Row{Address: bob, Severity: "high"})
	w.mustImport(h, text)
	h, text = published("scam-watch", 2, blacklist.Row{Address: eve, Severity: "critical"}, blacklist.Row{Address: pool, Severity: "high"})
	first, second, _ := strings.Cut(text, "\n")
	first += "\n"
	p, err := w.importRows(h, 0, first)
	w.must(err)
	if p.Rows != 1 || p.Complete {
		t.Errorf("progress is %+v", p)
	}
	w.wantSays(eve, "low by scam-watch")
	w.wantSays(bob, "high by scam-watch")
	if p, err = w.importRows(h, 0, first); err != nil || p.Rows != 1 {
		t.Errorf("the first row given again came to %+v, %v", p, err)
	}
	if p, err = w.importRows(h, 1, second); err != nil || !p.Complete {
		t.Errorf("the last row came to %+v, %v", p, err)
	}
	w.wantSays(eve, "critical by scam-watch")
	w.wantSays(bob, "")
	w.wantSays(pool, "high by scam-watch")
}

func TestListThatIsNotTheSignedOneNeverCounts(t *testing.T) {
	w := newWorld(t, publishing)
	h, text := published("scam-watch", 1, blacklist.Row{Address: eve, Severity: "high"})
	forged := blacklist.Row{Address: bob, Severity: "high"}.String()
	if _, err := w.importRows(h, 0, forged); err == nil || !strings.Contains(err.Error(), "not those that were signed") {
		t.Errorf("forged rows: %v", err)
	}
	w.wantSays(bob, "")
	if _, err := w.importRows(h, 0, text+forged); err == nil || !strings.Contains(err.Error(), "more rows") {
		t.Errorf("a row too many: %v", err)
	}
	w.mustImport(h, text)
	w.wantSays(eve, "high by scam-watch")
	w.wantSays(bob, "")
}

func TestListIsRefused(t *testing.T) {
	row := blacklist.Row{Address: eve, Severity: "high"}
	for want, list := range map[string]func() (blacklist.Header, string){
		"do not name the source": func() (blacklist.Header, string) { return published("mallory", 9, row) },
		"does not fit": func() (blacklist.Header, string) {
			h, text := published("scam-watch", 9, row)
			return h.Sign(key("mallory")), text
		},
		"not above 5": func() (blacklist.Header, string) { return published("scam-watch", 5, row) },
		"in the future": func() (blacklist.Header, string) {
			h, text := published("scam-watch", 9, row)
			h.Generated = start.Add(time.Hour).Unix()
			return h.Sign(key("scam-watch")), text
		},
	} {
		w := newWorld(t, publishing)
		h, text := published("scam-watch", 5)
		w.mustImport(h, text)
		h, text = list()
		if _, err := w.importRows(h, 0, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	w := worldOf(t, config())
	h, text := published("scam-watch", 5)
	if _, err := w.importRows(h, 0, text); err == nil || !strings.Contains(err.Error(), "no policy") {
		t.Errorf("without a policy: %v", err)
	}
	many := make([]blacklist.Row, 501)
	for i := range many {
		many[i] = blacklist.Row{Address: ton.Address{Hash: [32]byte{1, byte(i), byte(i >> 8)}}, Severity: "low"}
	}
	w = newWorld(t, publishing)
	h, text = published("scam-watch", 5, many...)
	c, err := guard.ReadListChunk(h, 0, []byte(text))
	w.must(err)
	if _, _, err := w.g.ImportList(w.tx, w.now, c); err == nil || !strings.Contains(err.Error(), "at most 500") {
		t.Errorf("501 rows at once: %v", err)
	}
	w.mustImport(h, text)
}

// What a bundle no longer names says nothing, and what is swept is of no list in force.
func TestListsCountAsLongAsTheBundleNamesThem(t *testing.T) {
	base := strings.Replace(publishing, "loosenDelay: 24h", "loosenDelay: 0s", 1)
	w := newWorld(t, base)
	h, text := published("scam-watch", 1, blacklist.Row{Address: eve, Severity: "high"})
	w.mustImport(h, text)
	without := strings.Replace(permissive, "version: 1", "version: 2\nparent: "+parentOf(base), 1)
	w.applyPolicy(without)
	w.wantSays(eve, "")
	w.applyPolicy(strings.Replace(publishing, "version: 1", "version: 3\nparent: "+parentOf(without), 1))
	w.wantSays(eve, "high by scam-watch")
}

func TestSweepDropsEarlierListsAndNothingElse(t *testing.T) {
	w := newWorld(t, publishing)
	before := len(w.tx.M)
	w.must(w.setBlacklist(guard.BlacklistRecord{Address: eve, Revision: 1, Severity: blacklist.Low}, "user operator"))
	for sequence := range uint64(3) {
		h, text := published("scam-watch", sequence+1, blacklist.Row{Address: eve, Severity: "high"}, blacklist.Row{Address: ton.Address{Hash: [32]byte{byte(sequence + 1)}}, Severity: "high"})
		w.mustImport(h, text)
	}
	h, text := published("scam-watch", 4, blacklist.Row{Address: bob, Severity: "high"})
	w.mustImport(h, text)
	lists, err := w.g.Lists(w.tx)
	w.must(err)
	if len(lists) != 2 || lists[1].Source != "scam-watch" || lists[1].Rows != 1 || lists[1].Sequence != 4 || lists[1].Sweep == 0 || lists[0].Sweep != 0 {
		t.Fatalf("lists are %+v", lists)
	}
	w.must(w.g.SweepBlacklist(w.tx, lists, w.blacklistKeys()))
	w.must(w.g.Swept(w.tx, lists))
	w.wantSays(eve, "low by this node")
	w.wantSays(bob, "high by scam-watch")
	if lists, err = w.g.Lists(w.tx); err != nil || lists[1].Sweep != 0 {
		t.Errorf("after the sweep: %+v, %v", lists, err)
	}
	// two addresses with two keys of their ends each, and the source
	if n := len(w.tx.M) - before; n != 7 {
		t.Errorf("%d records are left, want 7: %q", n, slices.Sorted(maps.Keys(w.tx.M)))
	}
}

func TestSweepKeepsWhatIsBeingImported(t *testing.T) {
	w := newWorld(t, publishing)
	h, text := published("scam-watch", 1, blacklist.Row{Address: eve, Severity: "high"}, blacklist.Row{Address: bob, Severity: "high"})
	first, second, _ := strings.Cut(text, "\n")
	_, err := w.importRows(h, 0, first+"\n")
	w.must(err)
	w.must(w.g.SweepBlacklist(w.tx, []guard.ListState{{Source: "scam-watch"}}, w.blacklistKeys()))
	_, err = w.importRows(h, 1, second)
	w.must(err)
	w.wantSays(eve, "high by scam-watch")
}

func TestAuditOfAnImportNamesTheList(t *testing.T) {
	w := newWorld(t, publishing)
	h, text := published("scam-watch", 3, blacklist.Row{Address: eve, Severity: "high"})
	w.mustImport(h, text)
	e := w.tx.Entries[len(w.tx.Entries)-1]
	if e.EventType != audit.BlacklistImported || e.Actor.ID != "scam-watch" || e.Details.Get("rows") != "1" || e.Details.Get("sequence") != "3" || e.Resource.ID != fmt.Sprintf("%x", h.Digest()) {
		t.Errorf("%+v", e)
	}
}
