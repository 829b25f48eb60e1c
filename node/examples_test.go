package node

import (
	"os"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/guard/policy"
)

func errorOf(_ Config, err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// The example lacks nothing but keys, and doesn't pass for a configuration before they are exchanged.
func TestExamplesAreValid(t *testing.T) {
	raw, err := os.ReadFile("../configs/mpcnode.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, example := range []string{string(raw), onMainnet(t, string(raw))} {
		left := 0
		for line := range strings.Lines(errorOf(ParseConfig([]byte(example), environment(nil)))) {
			if left++; !strings.Contains(line, "has a key of the example") {
				t.Error(line)
			}
		}
		if left != 11 {
			t.Errorf("%d lists of example keys are found, want all 11", left)
		}
	}
	if raw, err = os.ReadFile("../configs/policy.example.yaml"); err != nil {
		t.Fatal(err)
	}
	if _, err := policy.Parse(raw); err != nil {
		t.Error(err)
	}
}

// onMainnet is the example as a party of mainnet edits it: what is commented out is put in, and the local liteserver is gone.
func onMainnet(t *testing.T, example string) string {
	t.Helper()
	for old, new := range map[string]string{
		"name: dev ": "name: mainnet ", "# trusted_block:": "trusted_block:", "# global_config:": "global_config:", "# toncenter:": "toncenter:",
		"#   - url:": "  - url:", "#     version:": "    version:", "#     api_key_file:": "    api_key_file:",
		"  liteservers:\n    - address: 127.0.0.1:7900\n      key: n4VDnSCUuSpjnCyUk9e3QOOd6o0ItSWYbTnW3Wnn8wk=\n": "",
	} {
		if strings.Count(example, old) != 1 {
			t.Fatalf("the example has %q %d times", old, strings.Count(example, old))
		}
		example = strings.Replace(example, old, new, 1)
	}
	return example
}
