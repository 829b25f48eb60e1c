package node

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/policy"
)

// builtIn is a validator that is a function.
type builtIn func(context.Context, ValidationRequest) (guard.Opinion, error)

func (f builtIn) Validate(ctx context.Context, r ValidationRequest) (guard.Opinion, error) {
	return f(ctx, r)
}

func TestValidatorThatIsBuiltInIsAskedByItsIDAndLayer(t *testing.T) {
	agrees := builtIn(func(_ context.Context, r ValidationRequest) (guard.Opinion, error) {
		return guard.Opinion{Valid: r.Agent == "agent-1", Confidence: 900, Err: "only the node says so"}, nil
	})
	n := &Node{log: slog.New(slog.DiscardHandler), env: Env{
		IntentValidators: map[string]IntentValidator{"critic": agrees,
			"fails": builtIn(func(context.Context, ValidationRequest) (guard.Opinion, error) {
				return guard.Opinion{Valid: true}, errors.New("no model")
			}),
			"panics": builtIn(func(context.Context, ValidationRequest) (guard.Opinion, error) { panic("nil model") }),
			"hangs": builtIn(func(ctx context.Context, _ ValidationRequest) (guard.Opinion, error) {
				<-ctx.Done()
				return guard.Opinion{}, ctx.Err()
			})},
		StrategyValidators: map[string]StrategyValidator{"planner": agrees},
	}}
	for name, c := range map[string]struct{ id, layer, says string }{
		"an intent":                {"critic", policy.IntentLayer, ""},
		"a strategy":               {"planner", policy.StrategyLayer, ""},
		"one of the other layer":   {"planner", policy.IntentLayer, "no validator of this id and layer"},
		"one of the first layer":   {"critic", policy.StrategyLayer, "no validator of this id and layer"},
		"one that is nowhere":      {"stranger", policy.IntentLayer, "no validator of this id and layer"},
		"one that fails":           {"fails", policy.IntentLayer, "no model"},
		"one that panics":          {"panics", policy.IntentLayer, "it panicked: nil model"},
		"one that does not return": {"hangs", policy.IntentLayer, "deadline exceeded"},
	} {
		v := policy.Validator{ID: c.id, Layer: c.layer, Timeout: 50 * time.Millisecond}
		o := n.opinion(t.Context(), v, ValidationRequest{Agent: "agent-1"})
		if c.says == "" && (!o.Valid || o.Confidence != 900 || o.Err != "") || c.says != "" && !strings.Contains(o.Err, c.says) {
			t.Errorf("%s: %+v, want %q", name, o, c.says)
		}
	}
}
