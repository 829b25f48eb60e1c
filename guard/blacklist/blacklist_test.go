package blacklist

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the golden file")

var (
	publisher = ed25519.NewKeyFromSeed([]byte(strings.Repeat("p", 32)))
	publicKey = [32]byte(publisher.Public().(ed25519.PublicKey))
)

// list is a signed list as its file has it.
func list() (h Header, rows string) {
	for _, r := range []Row{
		{ton.Address{Hash: [32]byte{1}}, High, "drains wallets"},
		{ton.Address{Workchain: -1, Hash: [32]byte{2}}, Low, ""},
	} {
		rows += r.String()
	}
	return Header{Source: "scam-watch", Sequence: 12, Generated: 1_790_000_000, Count: 2, Rows: sha256.Sum256([]byte(rows))}.Sign(publisher), rows
}

// TestGolden freezes form and digest: publishers have signed both.
func TestGolden(t *testing.T) {
	h, rows := list()
	d := h.Digest()
	got := h.String() + rows + "digest " + hex.EncodeToString(d[:]) + "\n"
	const path = "testdata/list.golden"
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("lists changed:\n%s\nwant:\n%s", got, want)
	}
}

func TestListIsReadAsItWasWritten(t *testing.T) {
	h, rows := list()
	again, err := ParseHeader(h.String())
	if err != nil || again.String() != h.String() || again.Verify(publicKey) != nil {
		t.Errorf("%+v, %v", again, err)
	}
	if n := strings.Count(h.String(), "\n"); n != HeaderLines {
		t.Errorf("the header has %d lines, not %d", n, HeaderLines)
	}
	all, err := ParseRows([]byte(rows), 0)
	if err != nil || len(all) != 2 || all[0].Reason != "drains wallets" || all[1].Address.Workchain != -1 || all[1].Severity != Low {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestSignatureCoversEveryFieldOfTheHeader(t *testing.T) {
	for name, change := range map[string]func(*Header){
		"source":    func(h *Header) { h.Source = "scam-watcher" },
		"sequence":  func(h *Header) { h.Sequence++ },
		"generated": func(h *Header) { h.Generated++ },
		"count":     func(h *Header) { h.Count++ },
		"rows":      func(h *Header) { h.Rows[31]++ },
		"signature": func(h *Header) { h.Signature = h.Signature[:63] },
	} {
		h, _ := list()
		if change(&h); h.Verify(publicKey) == nil {
			t.Errorf("a header with another %s verifies", name)
		}
	}
	if h, _ := list(); h.Verify([32]byte{1}) == nil {
		t.Error("a header verifies under another key")
	}
}

func TestBadHeaderIsRefusedWithItsLine(t *testing.T) {
	h, _ := list()
	good := h.String()
	for want, bad := range map[string]string{
		"line 1":                  "mpcnode-blacklist/v2" + good[len(magic):],
		"line 2":                  strings.Replace(good, "source\t", "source ", 1),
		"line 3":                  strings.Replace(good, "\t12\n", "\ttwelve\n", 1),
		"line 4":                  strings.Replace(good, "generated", "Generated", 1),
		"line 5":                  strings.Replace(good, "count\t2", "count\t-2", 1),
		"line 6":                  strings.Replace(good, "rows\t", "rows\t00", 1),
		"line 7":                  good[:strings.Index(good, "signature")],
		"no leading zeros":        strings.Replace(good, "\t12\n", "\t012\n", 1),
		"empty line at the end":   strings.TrimSuffix(good, "\n"),
		"an empty line":           good + "\n",
		"is no id":                strings.Replace(good, "scam-watch", "Scam", 1),
		"the first is 1":          strings.Replace(good, "\t12\n", "\t0\n", 1),
		"at most 1000000 are":     strings.Replace(good, "count\t2", "count\t1000001", 1),
		"more than 1024 bytes":    good + strings.Repeat("x", MaxHeader),
		"rows can't be read: enc": strings.Replace(good, "rows\t"+hex.EncodeToString(h.Rows[:1]), "rows\txy", 1),
	} {
		if _, err := ParseHeader(bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", bad, err, want)
		}
	}
}

func TestBadRowIsRefusedWithItsLine(t *testing.T) {
	const good = "0:0000000000000000000000000000000000000000000000000000000000000001\thigh\treason\n"
	for name, bad := range map[string]string{
		"a space for a tab":     strings.Replace(good, "\t", " ", 1),
		"a fourth field":        strings.TrimSuffix(good, "\n") + "\tmore\n",
		"no line feed":          strings.TrimSuffix(good, "\n"),
		"carriage return":       strings.TrimSuffix(good, "\n") + "\r\n",
		"an empty line":         "\n",
		"the zero address":      strings.Replace(good, "1\t", "0\t", 1),
		"upper case":            strings.Replace(good, "1\t", "A\t", 1),
		"a friendly address":    "EQBp-d2E_joQ3vXqE2BetEXw3AJML4g-95W7GhW54nQGWAZY\thigh\treason\n",
		"an unknown severity":   strings.Replace(good, "high", "grave", 1),
		"severity in capitals":  strings.Replace(good, "high", "High", 1),
		"a long reason":         strings.Replace(good, "reason", strings.Repeat("x", MaxReason+1), 1),
		"an escape sequence":    strings.Replace(good, "reason", "\x1b[2J", 1),
		"reason that's no UTF8": strings.Replace(good, "reason", "\xff", 1),
	} {
		_, err := ParseRows([]byte(good+bad), 90)
		if err == nil || !strings.HasPrefix(err.Error(), "line 100: ") {
			t.Errorf("%s: %v, want line 100", name, err)
		}
	}
}

func TestSeveritiesRise(t *testing.T) {
	for i, s := range severities {
		if s.Denies() != (i >= 2) || s.Above(s) || i > 0 && (!s.Above(severities[i-1]) || severities[i-1].Above(s)) {
			t.Errorf("%s is out of order", s)
		}
	}
	if !Severity("").Denies() {
		t.Error("no severity allows")
	}
}

func FuzzParseRows(f *testing.F) {
	_, rows := list()
	f.Add([]byte(rows))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := ParseRows(text, 0)
		if err != nil {
			return
		}
		var again strings.Builder
		for _, r := range all {
			again.WriteString(r.String())
		}
		if again.String() != string(text) {
			t.Errorf("%q was read as %q", text, again.String())
		}
	})
}
