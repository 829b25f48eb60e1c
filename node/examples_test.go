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
	left := 0
	for line := range strings.Lines(errorOf(ParseConfig(raw, environment(nil)))) {
		if left++; !strings.Contains(line, "has a key of the example") {
			t.Error(line)
		}
	}
	if left != 11 {
		t.Errorf("%d lists of example keys are found, want all 11", left)
	}
	if raw, err = os.ReadFile("../configs/policy.example.yaml"); err != nil {
		t.Fatal(err)
	}
	if _, err := policy.Parse(raw); err != nil {
		t.Error(err)
	}
}
