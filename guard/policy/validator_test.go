package policy

import (
	"crypto/ed25519"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
	"time"
)

func parseValidators(lines ...string) ([]Validator, error) {
	b, err := Parse([]byte("version: 1\nvalidators:\n  - " + strings.Join(lines, "\n  - ") + "\nagents: {a: {preset: balanced}, b: {preset: balanced}}\n"))
	if err != nil {
		return nil, err
	}
	return b.Validators("a"), nil
}

func TestValidators(t *testing.T) {
	key := strings.Repeat("ab", 32)
	got, err := parseValidators(
		"{id: critic, layer: intent, url: 'https://critic.example/intent?model=2'}",
		"{id: others, layer: intent, url: 'https://critic.example', agents: [b]}",
		"{id: planner, layer: strategy, url: 'http://[::1]:8080/', publicKey: "+key+", timeout: 500ms, agents: [b, a], onFailure: escalate}",
		"{id: inside, layer: strategy, onFailure: deny}")
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := hex.DecodeString(key)
	want := []Validator{
		{ID: "critic", Layer: IntentLayer, URL: "https://critic.example/intent?model=2", Timeout: 5 * time.Second},
		{ID: "planner", Layer: StrategyLayer, URL: "http://[::1]:8080/", PublicKey: ed25519.PublicKey(raw), Timeout: 500 * time.Millisecond,
			Agents: []string{"b", "a"}, Escalates: true},
		{ID: "inside", Layer: StrategyLayer, Timeout: 5 * time.Second},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("validators\n%+v, want\n%+v", got, want)
	}
}

func TestBadValidatorIsRefusedWithItsPlace(t *testing.T) {
	with := func(field string) string { return "{id: v, layer: intent, " + field + "}" }
	for line, says := range map[string]string{
		"{layer: intent}":        "3:6: validators[0].id: want an id",
		"{id: V, layer: intent}": "3:10: validators[0].id: want an id",
		"{id: v}":                "3:6: validators[0].layer: want intent or strategy",
		"{id: v, layer: risk}":   "3:20: validators[0].layer: want intent or strategy",
		"":                       "validators[0]: want fields",
		with("extra: 1"):         "validators[0].extra: unknown field",
		with("timeout: 99ms"):    "timeout is a duration from 100ms to 7s",
		with("timeout: 8s"):      "timeout is a duration from 100ms to 7s",
		with("timeout: 5"):       "timeout is a duration",
		with("onFailure: allow"): "onFailure: want deny or escalate",
		with("agents: [a, c]"):   "validators[0].agents: there is no agent \"c\" in this document",
		with("agents: []"):       "agents: an empty list",
		with("publicKey: ab, url: 'https://v.example'"):                                           "publicKey: want the 64 hex digits",
		with("publicKey: " + strings.Repeat("ab", 32)):                                            "signs nothing",
		with("url: 'http://v.example'"):                                                           "want https; http only at a loopback address",
		with("url: 'http://localhost:80'"):                                                        "want https; http only at a loopback address",
		with("url: 'http://10.0.0.1:80'"):                                                         "want https; http only at a loopback address",
		with("url: 'ftp://127.0.0.1'"):                                                            "want https; http only at a loopback address",
		with("url: 'https://user:secret@v.example'"):                                              "want a plain URL",
		with("url: 'https://v.example/#x'"):                                                       "want a plain URL",
		with("url: '/validate'"):                                                                  "want a plain URL",
		with("url: 'https://v.example/" + strings.Repeat("x", maxURL) + "'"):                      "want a plain URL",
		"{id: v, layer: intent}\n  - {id: v, layer: strategy}":                                    "4:10: validators[1].id: an earlier validator has this id",
		strings.TrimPrefix(numbered(maxValidators+1, "\n  - {id: v%d, layer: intent}"), "\n  - "): "validators: 17 are listed, at most 16 may be",
	} {
		_, err := parseValidators(line)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.100s: %v, want %q", line, err, says)
		}
	}
}
