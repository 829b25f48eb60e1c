package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tonaiagent/mpcnode/node/client"
)

// Polling must not pile up connections: a node takes a bounded number, and waits for them when it stops.
func TestSiteKeepsItsConnection(t *testing.T) {
	var opened atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("[]")) }))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	dir := t.TempDir()
	if err := writeContexts(dir, server.URL, server.URL); err != nil {
		t.Fatal(err)
	}
	all := must(readContexts(filepath.Join(dir, "contexts.yaml")))
	s := must(newSite(all.Contexts[0]))
	for range 10 {
		if _, err := s.ceremonies(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections for 10 calls", n)
	}
}

// A node that hangs holds up no other, and every outcome stands at its place.
func TestAskAsksAllAtOnce(t *testing.T) {
	sites := []*site{{Context: Context{Name: "a"}}, {Context: Context{Name: "b"}}}
	met := make(chan struct{})
	all := ask(t.Context(), sites, func(_ context.Context, s *site) (string, error) {
		if s.Name == "a" {
			<-met // until b is asked
			return "", errors.New("no")
		}
		close(met)
		return s.Name, nil
	})
	if all[0].Context != "a" || all[0].err == nil || all[1].Context != "b" || *all[1].Result != "b" {
		t.Errorf("outcomes = %+v", all)
	}
	if err := first(all); err == nil || err.Error() != "a: no" {
		t.Errorf("first = %v", err)
	}
}

func TestExitCodeOfAnError(t *testing.T) {
	refusal := &client.Problem{Code: "lift_refused"}
	for want, errs := range map[int][]error{
		exitDone:    {nil},
		exitFailed:  {errors.New("x"), &client.Problem{Code: "unknown_key"}, errInterrupted},
		exitRefused: {refusal, refusedf("", "x"), hinted(refusal, "y"), errors.Join(nil, refusal)},
		exitWaiting: {waitingf("", "x")},
		exitUsage:   {unknownContext("x"), wrong("amount", errors.New("x"))},
	} {
		for _, err := range errs {
			if got := exitOf(err); got != want {
				t.Errorf("%v: %d, want %d", err, got, want)
			}
		}
	}
}

func TestRequestThatEndedBadlyIsNoSuccess(t *testing.T) {
	for _, c := range []struct {
		s    client.Status
		code int
	}{
		{client.Status{State: "SIGNED"}, exitDone},
		{client.Status{State: "CONFIRMED"}, exitDone},
		{client.Status{State: "DENIED"}, exitRefused},
		{client.Status{State: "SIMULATED", Effect: "deny"}, exitRefused},
		{client.Status{State: "SIMULATED", Effect: "allow"}, exitDone},
		{client.Status{State: "PENDING_APPROVAL"}, exitWaiting},
		{client.Status{State: "FAILED"}, exitFailed},
		{client.Status{State: "EXPIRED"}, exitFailed},
		{client.Status{State: "CANCELLED"}, exitFailed},
	} {
		if got := exitOf(verdict(c.s)); got != c.code {
			t.Errorf("%s %s: %d, want %d", c.s.State, c.s.Effect, got, c.code)
		}
	}
}

// A hint for a reason that no guard gives would never be seen.
func TestHintsAreOfReasonsThatExist(t *testing.T) {
	catalogue := string(must(os.ReadFile("../../docs/reasons.md"))) // generated from package guard's
	for reason := range reasonHints {
		if !strings.Contains(catalogue, "| `"+reason+"` |") {
			t.Errorf("no guard refuses with %s", reason)
		}
	}
}
