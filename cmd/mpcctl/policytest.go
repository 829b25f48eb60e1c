package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/strictyaml"
)

// testReport is how one case of a test file went. Its names are stable.
type testReport struct {
	Name   string        `json:"name"`
	Passed bool          `json:"passed"`
	Got    outcomeReport `json:"got"`
	Want   outcomeReport `json:"want"`
}

func (t *tool) policyTest() *cobra.Command {
	return verb("test POLICY TESTS", "Run a file of cases against a policy", func(_ context.Context, args []string) error {
		b, err := parsePolicy(args[0])
		if err != nil {
			return err
		}
		raw, err := readSmall(args[1], maxPolicy)
		if err != nil {
			return fmt.Errorf("read tests: %w", err)
		}
		tests, err := policy.ParseTests(raw)
		if err != nil {
			return strictyaml.In(args[1], err)
		}
		return t.testResults(b.Run(tests))
	})
}

func (t *tool) testResults(results []policy.Result) error {
	failed, reports := 0, make([]testReport, len(results))
	for i, r := range results {
		reports[i] = testReport{r.Name, r.Passed, outcomeOf(r.Got), outcomeOf(r.Want)}
		if !r.Passed {
			failed++
		}
	}
	err := t.ui.result(reports, func(w io.Writer) {
		for _, r := range reports {
			if r.Passed {
				line(w, "ok", r.Name)
				continue
			}
			line(w, "FAILED", r.Name, "got "+r.Got.words(), "want "+r.Want.words())
		}
	})
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d of %d tests failed", failed, len(results))
	}
	return err
}

// words is an outcome without its reason.
func (o outcomeReport) words() string {
	if by := or(o.Rule, o.Violates); by != "" {
		return o.Effect + " by " + by
	}
	return o.Effect
}
