package guard

import (
	"testing"

	"github.com/tonaiagent/mpcnode/guard/policy"
)

// Rules and tests of a policy name types of requests: all that there are, as the actions that the guard asks about.
func TestPolicyKnowsEveryTypeOfRequest(t *testing.T) {
	for name := range kinds {
		if policy.ActionOf(name) == "" {
			t.Errorf("%s is no action of a policy", name)
		}
	}
}
