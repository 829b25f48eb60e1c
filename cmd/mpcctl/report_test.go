package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/node/client"
)

// Scripts read these names.
func TestDemoReportHasItsNames(t *testing.T) {
	for want, v := range map[string]any{
		"keygen parties refused seconds signed threshold wallet": demoReport{},
		"epoch key_id public_key seconds":                        demoKeygen{},
		"address raw version":                                    demoWallet{},
		"amount boc confirmed destination destination_balance request_id signature signers signing_hash verified": demoSigned{},
		"layer reason reason_code request_id":                        demoRefused{},
		"agent_key context liteserver nodes operator_keys toncenter": devReport{},
		"metrics party pid url":                                      devNode{},
		"effect rules":                                               checkReport{},
		"action id matched name unmet":                               ruleReport{Name: "n", Unmet: "u"},
		"effect reason rule violates":                                outcomeReport{Rule: "r", Violates: "v", Reason: "r"},
		"got name passed want":                                       testReport{},
		"action agents conditions id name priority unless":           listedRule{Name: "n", Agents: []string{"a"}, Unless: [][]string{{}}},
		"allowed reason violated_rule":                               capabilityAnswer{Reason: "r", Violated: "v"},
		"file hash parent version":                                   writtenPolicy{},
		"matched_patterns":                                           matchedPatterns{},
		"agent enrolment permissions policy":                         agentReport{Enrolment: &client.Agent{}, Policy: "p", Permissions: &permissionsReport{}},
		"actions max_slippage name whitelist_only":                   capabilityReport{MaxSlippage: "0", Actions: []string{"trade"}},
		"asset calendar daily monthly per_transaction require_approval_above weekly": limitReport{RequireApprovalAbove: "1", Calendar: &calendarReport{}},
		"daily monthly time_zone weekly":                                             calendarReport{Daily: "1", Weekly: "1", Monthly: "1"},
		"allowed_destinations allowed_tokens capabilities cooldown_seconds limits max_per_hour max_validity_seconds min_confidence preset rules rules_only strategies": permissionsReport{
			Preset: "p", AllowedDestinations: []string{"a"}, MaxPerHour: 1, Strategies: []string{"s"}},
		"addr public_key": devLiteserver{},
	} {
		var names map[string]any
		if err := json.Unmarshal(must(json.Marshal(v)), &names); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(slices.Sorted(maps.Keys(names)), " "); got != want {
			t.Errorf("%T: %s, want %s", v, got, want)
		}
	}
}

func TestResultIsOneJSONObjectAndProgressIsElsewhere(t *testing.T) {
	var out, err bytes.Buffer
	u := &ui{out: &out, err: &err, json: true}
	u.say("starting")
	if e := u.result(demoReport{Refused: []demoRefused{{Reason: "a <b> & c"}}}, nil); e != nil {
		t.Fatal(e)
	}
	d := json.NewDecoder(&out)
	var r demoReport
	if e := d.Decode(&r); e != nil || d.More() || r.Refused[0].Reason != "a <b> & c" {
		t.Errorf("decode: %+v, %v", r, e)
	}
	if err.String() != `{"note":"starting"}`+"\n" {
		t.Errorf("progress = %q", err.String())
	}
}
