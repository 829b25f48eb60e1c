package guard

import (
	"testing"

	"github.com/tonaiagent/mpcnode/guard/policy"
)

// Rules and tests of a policy name types of requests: all that there are, as the actions that the guard asks about.
func TestPolicyKnowsEveryTypeOfRequest(t *testing.T) {
	for name, k := range kinds {
		if got := policy.ActionOf(name); got != k.action {
			t.Errorf("%s is %q for a policy, want %q", name, got, k.action)
		}
	}
}
