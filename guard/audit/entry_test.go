package audit

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the golden file")

func sample() Entry {
	return Entry{
		V: Version, Seq: 41, TS: At(time.Date(2026, 2, 1, 12, 30, 0, 5e6, time.UTC)), Party: "user",
		EventType: TransactionAuthorized, Actor: Actor{Type: "agent", ID: "agent-1"}, Action: "transfer",
		Resource: Resource{Type: "wallet", ID: "wallet-1"}, Outcome: Success, Severity: Info,
		Request: "r-00112233445566778899aabbccddeeff", PolicyHash: [32]byte{1, 2, 3},
		Details: KV("amount", "100", "destination", "0:ab", "note", `a "quoted" <b> é`),
		Context: KV("sessionId", "session-001"), Salt: [16]byte{9},
	}
}

// bare has nothing that may be left out.
func bare() Entry {
	return Entry{V: Version, EventType: NodeStarted, Actor: Actor{Type: "node"}, Action: "start", Outcome: Success, Severity: Info}
}

// TestGolden freezes encoding, leaf and JSON: a change here breaks every log that was ever written.
func TestGolden(t *testing.T) {
	var out strings.Builder
	for _, e := range []Entry{sample(), bare()} {
		b, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		j, err := json.MarshalIndent(e, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		leaf := Leaf(b)
		fmt.Fprintf(&out, "%s\nencoded %s\nleaf %s\n\n", j, hex.EncodeToString(b), hex.EncodeToString(leaf[:]))
	}
	const path = "testdata/golden.txt"
	if *rewrite {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestDecodeReturnsWhatWasEncoded(t *testing.T) {
	for _, e := range []Entry{sample(), bare()} {
		b, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", e) {
			t.Errorf("got %+v, want %+v", got, e)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	many := make(Details, maxDetails+1)
	for i := range many {
		many[i].K = fmt.Sprint(i)
	}
	for name, breakIt := range map[string]func(*Entry){
		"another version":      func(e *Entry) { e.V = Version + 1 },
		"no event type":        func(e *Entry) { e.EventType = "" },
		"no actor":             func(e *Entry) { e.Actor.Type = "" },
		"no action":            func(e *Entry) { e.Action = "" },
		"no outcome":           func(e *Entry) { e.Outcome = "" },
		"no severity":          func(e *Entry) { e.Severity = "" },
		"slash in request":     func(e *Entry) { e.Request = "a/b" },
		"long request":         func(e *Entry) { e.Request = strings.Repeat("a", maxRequest+1) },
		"resource not UTF-8":   func(e *Entry) { e.Resource.ID = "\xff" },
		"detail not UTF-8":     func(e *Entry) { e.Details = KV("a", "\xff") },
		"detail without name":  func(e *Entry) { e.Details = KV("", "x") },
		"detail twice":         func(e *Entry) { e.Details = KV("a", "x", "a", "y") },
		"context twice":        func(e *Entry) { e.Context = KV("a", "x", "a", "y") },
		"too many details":     func(e *Entry) { e.Details = many },
		"more than the bounds": func(e *Entry) { e.Details = KV("a", strings.Repeat("x", maxEntry)) },
	} {
		e := sample()
		breakIt(&e)
		if b, err := e.Encode(); err == nil {
			t.Errorf("%s: encoded to %d bytes", name, len(b))
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	good, err := sample().Encode()
	if err != nil {
		t.Fatal(err)
	}
	longInt := bytes.Replace(good, []byte("cseq\x18\x29"), []byte("cseq\x19\x00\x29"), 1)
	if bytes.Equal(longInt, good) {
		t.Fatal("the sample has no seq to lengthen")
	}
	for name, b := range map[string][]byte{
		"nothing":         nil,
		"trailing byte":   append(bytes.Clone(good), 0),
		"cut":             good[:len(good)-1],
		"too long":        make([]byte, maxEntry+1),
		"long integer":    longInt,
		"unknown field":   digest.Encode(map[string]any{"v": 1, "x": 1}),
		"invalid content": digest.Encode(map[string]any{"v": 1}),
	} {
		if e, err := Decode(b); err == nil {
			t.Errorf("%s: accepted as %+v", name, e)
		}
	}
}

func TestOddPairsAreABug(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a name without a value was taken")
		}
	}()
	KV(strings.Fields("alone")...)
}

func TestDetailsGet(t *testing.T) {
	d := KV("a", "1", "b", "2")
	if d.Get("b") != "2" || d.Get("c") != "" {
		t.Errorf("Get: b %q, c %q", d.Get("b"), d.Get("c"))
	}
}

func TestTimesAreUTCMilliseconds(t *testing.T) {
	at := time.Date(2026, 7, 1, 2, 3, 4, 567_899_999, time.FixedZone("", 3600))
	if got := At(at).Time().Format(time.RFC3339Nano); got != "2026-07-01T01:03:04.567Z" {
		t.Error(got)
	}
}

func FuzzDecode(f *testing.F) {
	for _, e := range []Entry{sample(), bare()} {
		b, err := e.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Decode(b)
		if err != nil {
			return
		}
		if again, err := e.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("decodes to what encodes otherwise: %v", err)
		}
		if j, err := json.Marshal(e); err != nil || !json.Valid(j) {
			t.Errorf("JSON %s: %v", j, err)
		}
	})
}
