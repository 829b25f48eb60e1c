package main

import (
	"testing"

	"github.com/tonaiagent/mpcnode/guard/policy"
)

// All changes are counted, and no more listed than anybody reads.
func TestReplayListsAtMost(t *testing.T) {
	b, err := policy.Parse([]byte("version: 1\nagents: {other: {preset: balanced}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	e := auditEntry{Timestamp: "2026-01-02T03:04:05.678Z", Details: map[string]string{"values": "agentId=a,type=transfer", "04 policy": "allow"}}
	var r replayReport
	for range maxChanges + 1 {
		r.add(b, e)
	}
	if r.NewlyDenied != maxChanges+1 || len(r.Changes) != maxChanges {
		t.Errorf("%d denied, %d listed", r.NewlyDenied, len(r.Changes))
	}
}
