package ton

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/xssnick/tonutils-go/address"
	"pgregory.net/rapid"
)

// The address of TEP-2's own examples: one account in its four friendly forms.
var (
	tep2     = Address{Hash: hash("ca6e321c7cce9ecedf0a8ca2492ec8592494aa5fb5ce0387dff96ef6af982a3e")}
	tep2Form = map[string]struct {
		form    Form
		testnet bool
	}{
		"EQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPrHF": {FormBounceable, false},
		"UQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPuwA": {FormNonBounceable, false},
		"kQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPgpP": {FormBounceable, true},
		"0QDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPleK": {FormNonBounceable, true},
		"EQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff+W72r5gqPrHF": {FormBounceable, false},
	}
)

func TestFriendlyAddresses(t *testing.T) {
	for s, want := range tep2Form {
		a, form, err := ParseAddress(s, true)
		if err != nil || a != tep2 || form != want.form {
			t.Errorf("%s on a test network: %s, form %d, %v", s, a, form, err)
		}
		a, form, err = ParseAddress(s, false)
		if want.testnet && !errors.Is(err, ErrAddress) {
			t.Errorf("%s is for test networks and was taken on mainnet as %s", s, a)
		}
		if !want.testnet && (err != nil || a != tep2 || form != want.form) {
			t.Errorf("%s: %s, form %d, %v", s, a, form, err)
		}
	}
}

func TestAddressesAgreeWithTonutils(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genTransfer(t).To
		for _, bounce := range []bool{true, false} {
			for _, testnet := range []bool{true, false} {
				s := a.Friendly(bounce, testnet)
				theirs, err := address.ParseAddr(s)
				if err != nil || theirs.StringRaw() != a.String() || theirs.IsBounceable() != bounce || theirs.IsTestnetOnly() != testnet {
					t.Fatalf("%s of %s: tonutils reads %v, %v", s, a, theirs, err)
				}
				if back, form, err := ParseAddress(s, testnet); err != nil || back != a || (form == FormBounceable) != bounce {
					t.Fatalf("%s of %s was read as %s, form %d, %v", s, a, back, form, err)
				}
			}
		}
		if back, form, err := ParseAddress(a.String(), false); err != nil || back != a || form != FormRaw {
			t.Fatalf("%s was read as %s, form %d, %v", a, back, form, err)
		}
	})
}

func TestAddressTricks(t *testing.T) {
	const good = "EQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPrHF"
	raw := tep2.String()
	for name, s := range map[string]string{
		"empty":                  "",
		"trailing newline":       good + "\n",
		"leading space":          " " + good,
		"space for a character":  " " + good[1:],
		"newline inside":         good[:47] + "\n",
		"four newlines":          good[:44] + "\n\n\n\n",
		"twelve line breaks":     good[:36] + strings.Repeat("\r\n", 6),
		"carriage return inside": good[:20] + "\r" + good[21:],
		"one short":              good[:47],
		"one long":               good + "A",
		"padding":                good[:46] + "==",
		"wrong case":             strings.ToLower(good),
		"one character changed":  strings.Replace(good, "K", "L", 1),
		"two swapped":            "EQKDbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPrHF",
		"Cyrillic look-alike":    strings.Replace(good, "M", "М", 1)[:48],
		"full-width letter":      "Ｅ" + good[3:],
		"mixed alphabets":        mixedAlphabets(t),
		"unknown tag":            friendlyWith(0x12, 0),
		"zero tag":               friendlyWith(0x00, 0),
		"workchain 1":            friendlyWith(0x11, 1),
		"workchain -2":           friendlyWith(0x11, 0xfe),
		"raw workchain 1":        "1" + raw[1:],
		"raw workchain 00":       "0" + raw,
		"raw workchain +0":       "+" + raw,
		"raw no workchain":       raw[1:],
		"raw short":              raw[:len(raw)-1],
		"raw two short":          raw[:len(raw)-2],
		"raw two long":           raw + "00",
		"raw long":               raw + "0",
		"raw trailing newline":   raw + "\n",
		"raw not hex":            raw[:len(raw)-1] + "g",
		"raw prefix":             "0:0x" + raw[4:],
		"raw look-alike colon":   strings.Replace(raw, ":", "：", 1),
		"raw two colons":         "0:" + raw[:64],
		"URL":                    "ton://transfer/" + good,
		"long":                   strings.Repeat("A", 1<<20),
	} {
		if a, _, err := ParseAddress(s, false); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: %q was read as %s, %v", name, s[:min(len(s), 100)], a, err)
		} else if len(err.Error()) > 300 {
			t.Errorf("%s: error has %d characters", name, len(err.Error()))
		}
	}
}

// friendlyWith writes an address with any tag and workchain and a checksum that is right.
func friendlyWith(tag, workchain byte) string {
	raw := append([]byte{tag, workchain}, tep2.Hash[:]...)
	crc := crc16(raw)
	return base64.URLEncoding.EncodeToString(append(raw, byte(crc>>8), byte(crc)))
}

// mixedAlphabets writes an address whose bytes encode to "----" with one of the four from the other alphabet.
func mixedAlphabets(t *testing.T) string {
	s := Address{Hash: [32]byte{1: 0xfb, 2: 0xef, 3: 0xbe}}.Friendly(true, false)
	if !strings.Contains(s, "----") {
		t.Fatalf("%s has no such characters", s)
	}
	return strings.Replace(s, "-", "+", 1)
}

// The raw form is what machines write: a friendly one in JSON is an error, and so is every form but the one.
func TestAddressInJSONIsRaw(t *testing.T) {
	b, err := json.Marshal(tep2)
	if err != nil || string(b) != `"`+tep2.String()+`"` {
		t.Errorf("written as %s, %v", b, err)
	}
	var a Address
	if err := json.Unmarshal(b, &a); err != nil || a != tep2 {
		t.Errorf("read as %s, %v", a, err)
	}
	if err := json.Unmarshal([]byte(`"`+tep2.Friendly(true, false)+`"`), &a); err == nil {
		t.Error("a friendly address was read")
	}
}

func TestAddressBinaryRoundTrip(t *testing.T) {
	for _, a := range []Address{tep2, {Workchain: -1, Hash: [32]byte{1}}, {}} {
		b, _ := a.MarshalBinary()
		var got Address
		if err := got.UnmarshalBinary(b); err != nil || got != a {
			t.Errorf("%s became %s, %v", a, got, err)
		}
	}
	var a Address
	for _, n := range []int{0, 32, 34} {
		if err := a.UnmarshalBinary(make([]byte, n)); err == nil {
			t.Errorf("%d bytes were read as %s", n, a)
		}
	}
	if !a.IsZero() || tep2.IsZero() {
		t.Error("IsZero is wrong")
	}
}
