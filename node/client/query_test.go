package client

import (
	"encoding/json"
	"testing"
	"time"
)

func TestEveryQueryIDIsOneThatFits(t *testing.T) {
	until := time.Unix(1_790_000_000, 5)
	for n := range uint64(queryBits * queryShifts) {
		q := QueryOf(n, until)
		if q.ID >= 1<<23 || q.ID&1023 > 1022 || uint64(q.ID>>10*queryBits+q.ID&1023) != n {
			t.Fatalf("the %dth id is %d", n, q.ID)
		}
	}
	if q := QueryOf(queryBits*queryShifts, until); q.ID != 0 {
		t.Errorf("after the last comes %d", q.ID)
	}
	one, again, other := QueryFor("k1", until), QueryFor("k1", until), QueryFor("k2", until)
	if *one != *again || one.ID == other.ID || one.ID&1023 > 1022 || !one.CreatedAt.Equal(time.Unix(1_790_000_000-3600, 0)) {
		t.Errorf("drawn: %+v, %+v, %+v", one, again, other)
	}
}

func TestQueryIsPartOfTheBodyOnlyIfThereIsOne(t *testing.T) {
	for want, q := range map[string]*Query{
		`{}`: nil, `{"query_id":0,"created_at":"2026-10-01T12:00:00Z"}`: {CreatedAt: time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)},
	} {
		raw, err := json.Marshal(Request{Query: q})
		if err != nil {
			t.Fatal(err)
		}
		var has map[string]any
		if err := json.Unmarshal(raw, &has); err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{"query_id", "created_at"} {
			if _, ok := has[field]; ok != (q != nil) {
				t.Errorf("%s of %s: there %t", field, want, ok)
			}
		}
	}
}
