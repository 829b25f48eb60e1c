package tss

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// Mallory runs two honest instances, one towards user and one towards platform. tss-lib alone ends with two different
// keys and no error.
func TestTwoInstancesOfOneMemberLeaveNoKey(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWires([]string{"user", "platform", "to-user", "to-platform"})
		links := map[string]Link{
			"user":        &forked{w, "user"},
			"platform":    &forked{w, "platform"},
			"to-user":     &fork{w, "user"},
			"to-platform": &fork{w, "platform"},
		}
		got := all([]string{"user", "platform", "to-user", "to-platform"}, func(p string) (*Generated, error) {
			self := p
			if strings.HasPrefix(p, "to-") {
				self = mallory
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			return Keygen(ctx, committee(2, 3, self), links[p])
		})
		disputes(t, "user", got["user"].err, "platform", mallory)
		disputes(t, "platform", got["platform"].err, "user", mallory)
	})
}

func disputes(t *testing.T, who string, err error, parties ...string) {
	t.Helper()
	var d *Dispute
	if !errors.As(err, &d) || !slices.Equal(d.Parties, parties) || len(d.Evidence) != 2 {
		t.Errorf("%s: got %v, want a dispute of %q with two messages", who, err, parties)
	}
}

// forked is the link of an honest party: what it sends mallory reaches both instances.
type forked struct {
	*wires
	self string
}

func (l *forked) Send(ctx context.Context, to string, b []byte) error {
	if to != mallory {
		return l.link(l.self).Send(ctx, to, b)
	}
	l.boxes["to-user"] <- frame{l.self, b}
	l.boxes["to-platform"] <- frame{l.self, b}
	return nil
}

func (l *forked) Recv(ctx context.Context) (string, []byte, error) { return l.link(l.self).Recv(ctx) }

// fork is the link of the instance that talks to one party only.
type fork struct {
	*wires
	victim string
}

func (l *fork) Send(_ context.Context, to string, b []byte) error {
	if to == l.victim {
		l.boxes[to] <- frame{mallory, b}
	}
	return nil
}

func (l *fork) Recv(ctx context.Context) (string, []byte, error) {
	return l.link("to-" + l.victim).Recv(ctx)
}

// equivocate makes a hook that sends victim another round 1 than the rest.
func equivocate(victim string) hook {
	return body(1, func(to string, b []byte) []byte {
		if to == victim {
			b[0] ^= 1
		}
		return b
	})
}

// With more than three parties the honest majority's reports single out who explains them all.
func TestEquivocatorTowardsOneIsNamedByThatOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		got := runKeygen(3, 5, equivocate("user"))
		blames(t, "user", got["user"].err, "reports of what was broadcast differ")
		for _, p := range []string{"platform", "d", "e"} {
			disputes(t, p, got[p].err, "user", mallory)
		}
	})
}

// lie makes a hook by which mallory's echo of a round misreports what about sent.
func lie(round byte, about string) hook {
	return body(round, func(_ string, b []byte) []byte {
		b[slices.Index(names, about)*fieldSize] ^= 1
		return b
	})
}

func TestFalseReportIsNamedByWhomItIsAbout(t *testing.T) {
	for _, round := range []byte{2, 4} {
		bubble(t, func(t *testing.T) {
			got := runKeygen(2, 3, lie(round, "user"))
			blames(t, "user", got["user"].err, "reports of what was broadcast differ")
			disputes(t, "platform", got["platform"].err, "user", mallory)
		})
	}
}

func TestFalseReportOfOnesOwnMessageIsNamedByAll(t *testing.T) {
	bubble(t, func(t *testing.T) {
		got := runKeygen(2, 3, lie(2, mallory))
		for _, p := range []string{"user", "platform"} {
			blames(t, p, got[p].err, "reports of what was broadcast differ")
		}
	})
}

func TestFalseReportsAboutTwoSingleOutTheReporter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		two := func(to string, b []byte) [][]byte { return lie(2, "user")(to, lie(2, "platform")(to, b)[0]) }
		got := runKeygen(2, 5, two)
		for _, p := range []string{"user", "platform", "d", "e"} {
			blames(t, p, got[p].err, "reports of what was broadcast differ")
		}
	})
}

func TestContradictionsWithoutOneCulpritNameAll(t *testing.T) {
	k := &dkg{c: committee(2, 5, "user"), x: newExchange(nil, protocolKeygen, [32]byte{1}, names[1:5])}
	err := k.judge(2, []contradiction{{"platform", "d"}, {"backup", "e"}})
	var d *Dispute
	if !errors.As(err, &d) || !slices.Equal(d.Parties, []string{"platform", "backup", "d", "e"}) {
		t.Errorf("got %v", err)
	}
}
