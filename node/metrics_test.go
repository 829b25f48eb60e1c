package node

import (
	"fmt"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tonaiagent/mpcnode/guard"
)

func TestWhatTheShadowSaysIsCounted(t *testing.T) {
	m := newMetrics(&Node{})
	for _, o := range []*guard.ShadowOpinion{
		nil, {Effect: guard.Allow}, {Effect: guard.Escalate, Differs: true}, {Effect: guard.Deny, Differs: true}, {Effect: guard.Deny, Differs: true}, {Err: "broken"},
	} {
		m.decided(guard.Decision{Effect: guard.Allow, Shadow: o})
	}
	r := prometheus.NewRegistry()
	r.MustRegister(m.shadows)
	all, err := r.Gather()
	if err != nil || len(all) != 1 || all[0].GetName() != "mpcnode_shadow_decisions_total" {
		t.Fatalf("%v, %v", all, err)
	}
	var got []string
	for _, one := range all[0].GetMetric() {
		line := fmt.Sprint(one.GetCounter().GetValue())
		for _, l := range one.GetLabel() {
			line += " " + l.GetName() + "=" + l.GetValue()
		}
		got = append(got, line)
	}
	want := []string{"1 differs=false effect=allow", "1 differs=false effect=error", "1 differs=true effect=escalate", "2 differs=true effect=deny"}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
