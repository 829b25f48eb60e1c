package feed

import (
	"crypto/ed25519"
	"encoding/hex"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the golden file")

var (
	oracle    = ed25519.NewKeyFromSeed([]byte(strings.Repeat("o", 32)))
	publicKey = [32]byte(oracle.Public().(ed25519.PublicKey))
)

func quote() Quote {
	return Quote{Feed: "feed-a", Asset: ton.Native, Price: "3.25", Sequence: 12, At: 1_790_000_000}.Sign(oracle)
}

// TestGolden freezes form and digest: feeds sign both.
func TestGolden(t *testing.T) {
	line, err := quote().JSON()
	if err != nil {
		t.Fatal(err)
	}
	d := quote().Digest()
	got := string(line) + "\ndigest " + hex.EncodeToString(d[:]) + "\n"
	const path = "testdata/quote.golden"
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
		t.Errorf("quotes changed:\n%s\nwant:\n%s", got, want)
	}
	if again, err := Parse(line); err != nil || again.Digest() != d || again.Verify(publicKey) != nil {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestSignatureCoversEveryFieldOfAQuote(t *testing.T) {
	for name, change := range map[string]func(*Quote){
		"feed":      func(q *Quote) { q.Feed = "feed-b" },
		"asset":     func(q *Quote) { q.Asset = "jetton:0:" + strings.Repeat("1", 64) },
		"price":     func(q *Quote) { q.Price = "3.26" },
		"sequence":  func(q *Quote) { q.Sequence++ },
		"time":      func(q *Quote) { q.At++ },
		"signature": func(q *Quote) { q.Signature = q.Signature[:63] },
	} {
		q := quote()
		if change(&q); q.Verify(publicKey) == nil {
			t.Errorf("a quote with another %s verifies", name)
		}
	}
}

func TestBadQuoteIsRefused(t *testing.T) {
	line, _ := quote().JSON()
	good := string(line)
	for want, bad := range map[string]string{
		"feed \"Feed\" is no id":   strings.Replace(good, "feed-a", "Feed", 1),
		"neither native nor":       strings.Replace(good, "native", "TON", 1),
		"price is 0":               strings.Replace(good, "3.25", "0", 1),
		"write it as 3.2":          strings.Replace(good, "3.25", "3.20", 1),
		"price: ":                  strings.Replace(good, "3.25", "-3.25", 1),
		"the first is 1":           strings.Replace(good, ":12,", ":0,", 1),
		"at is missing":            strings.Replace(good, "1790000000", "0", 1),
		"unknown":                  strings.Replace(good, "{", `{"more":1,`, 1),
		"duplicate":                strings.Replace(good, "{", `{"feed":"feed-b",`, 1),
		"Go string":                strings.Replace(good, `"3.25"`, "3.25", 1),
		"signature is not base64":  strings.Replace(good, `"signature":"`, `"signature":"*`, 1),
		"more than 1024 bytes":     good + strings.Repeat(" ", MaxQuote),
		"quote: jsontext: invalid": good + "{}",
	} {
		if _, err := Parse([]byte(bad)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", bad, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	line, _ := quote().JSON()
	f.Add(line)
	f.Fuzz(func(t *testing.T, raw []byte) {
		q, err := Parse(raw)
		if err != nil {
			return
		}
		again, err := q.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if p, err := Parse(again); err != nil || p.Digest() != q.Digest() {
			t.Errorf("%q: %v", raw, err)
		}
	})
}
