package digest

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the golden file")

// TestGolden freezes the encoding: a change here changes what every signature of the network means.
func TestGolden(t *testing.T) {
	var out strings.Builder
	line := func(name string, sum [32]byte) { fmt.Fprintf(&out, "%s %s\n", name, hex.EncodeToString(sum[:])) }
	line("empty", Sum("empty/v1"))
	line("string", Sum("string/v1", "abc"))
	line("bytes", Sum("bytes/v1", []byte{1, 2, 3}))
	line("array", Sum("array/v1", [32]byte{1}))
	line("ints", Sum("ints/v1", 0, 23, 24, uint64(1<<63), int64(-1)))
	line("bool", Sum("bool/v1", true, false))
	line("list", Sum("list/v1", []string{"a", "b"}, [][]byte{{1}, {2}}))
	line("struct", Sum("struct/v1", struct {
		B string `cbor:"b"`
		A uint8  `cbor:"a"`
	}{"x", 1}))

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
		t.Errorf("digests changed:\n%s\nwant:\n%s", out.String(), want)
	}
}

func TestFieldsDontRunIntoEachOther(t *testing.T) {
	seen := map[[32]byte]string{}
	for name, sum := range map[string][32]byte{
		"ab,c":      Sum("t/v1", "ab", "c"),
		"a,bc":      Sum("t/v1", "a", "bc"),
		"abc":       Sum("t/v1", "abc"),
		"bytes abc": Sum("t/v1", []byte("abc")),
		"list":      Sum("t/v1", []string{"ab", "c"}),
		"other tag": Sum("u/v1", "ab", "c"),
	} {
		if other, ok := seen[sum]; ok {
			t.Errorf("%q and %q have one digest", name, other)
		}
		seen[sum] = name
	}
}

func TestDecodeIsStrict(t *testing.T) {
	type body struct {
		A uint8 `cbor:"a"`
	}
	good := Encode(map[string]any{"a": 1})
	for name, b := range map[string][]byte{
		"unknown field":     Encode(map[string]any{"a": 1, "b": 2}),
		"trailing bytes":    append(append([]byte{}, good...), 0),
		"duplicate key":     {0xa2, 0x61, 'a', 1, 0x61, 'a', 2},
		"indefinite length": {0xbf, 0x61, 'a', 1, 0xff},
		"tag":               {0xc1, 1},
		"empty":             {},
	} {
		var v body
		if err := Decode(b, &v); err == nil {
			t.Errorf("%s: accepted as %+v", name, v)
		}
	}
	var v body
	if err := Decode(good, &v); err != nil || v.A != 1 {
		t.Errorf("Decode(good) = %+v, %v", v, err)
	}
}

func TestUnencodableIsABug(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a channel was encoded")
		}
	}()
	Sum("t/v1", make(chan int))
}
