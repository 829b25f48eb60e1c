package store

import (
	"strings"
	"testing"
)

func TestParseAnchorAcceptsOneFormOnly(t *testing.T) {
	want := anchor{origin: "00ff/user", size: 12, root: [32]byte{1, 31: 4}, commits: 7}
	good := string(want.marshal())
	if got, err := parseAnchor([]byte(good)); err != nil || got != want {
		t.Fatalf("parseAnchor(%q): %+v, %v", good, got, err)
	}
	for name, bad := range map[string]string{
		"nothing":                  "",
		"line too few":             strings.TrimSuffix(good, "7\n"),
		"line too many":            good + "\n",
		"no line end":              strings.TrimSuffix(good, "\n"),
		"leading zero":             strings.Replace(good, "\n12\n", "\n012\n", 1),
		"sign":                     strings.Replace(good, "\n12\n", "\n+12\n", 1),
		"size is no number":        strings.Replace(good, "\n12\n", "\nx\n", 1),
		"size beyond 64 bits":      strings.Replace(good, "\n12\n", "\n18446744073709551616\n", 1),
		"commits are no number":    strings.Replace(good, "\n7\n", "\n\n", 1),
		"root of another length":   strings.Replace(good, "AQAA", "", 1),
		"root with unused bits":    strings.Replace(good, "AQ=\n", "AR=\n", 1),
		"root with a line end":     strings.Replace(good, "AQAA", "AQ\rAA", 1),
		"root not in the alphabet": strings.Replace(good, "AQAA", "A_AA", 1),
	} {
		if bad == good {
			t.Errorf("%s: the case changes nothing of %q", name, good)
		}
		if a, err := parseAnchor([]byte(bad)); err == nil {
			t.Errorf("%s: accepted as %+v", name, a)
		}
	}
}

func FuzzParseAnchor(f *testing.F) {
	f.Add(anchor{origin: "00ff/user", size: 12, commits: 7}.marshal())
	f.Add(anchor{}.marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := parseAnchor(b); err == nil && string(a.marshal()) != string(b) {
			t.Errorf("%q was read as %+v", b, a)
		}
	})
}
