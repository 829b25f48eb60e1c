package node

import (
	"os"
	"testing"

	"github.com/tonaiagent/mpcnode/guard/policy"
)

func TestExamplesAreValid(t *testing.T) {
	raw, err := os.ReadFile("../configs/mpcnode.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseConfig(raw, environment(nil)); err != nil {
		t.Error(err)
	}
	if raw, err = os.ReadFile("../configs/policy.example.yaml"); err != nil {
		t.Fatal(err)
	}
	if _, err := policy.Parse(raw); err != nil {
		t.Error(err)
	}
}
