package tss

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
)

// exchange is one party's end of a session: one message from each member in each round, the first one wins, and a
// second, different one is equivocation. Messages of later rounds wait here, at most one for each round and member.
type exchange struct {
	link     Link
	protocol protocol
	session  [32]byte
	peers    []string // the other members, in committee order
	sizes    []int    // length of the body of each round, in bytes

	kept   map[slot][]byte // whole frames
	frames map[string]int  // received from each member
}

type slot struct {
	round int
	from  string
}

func newExchange(l Link, p protocol, session [32]byte, peers []string, sizes ...int) *exchange {
	return &exchange{
		link: l, protocol: p, session: session, peers: peers, sizes: sizes,
		kept: map[slot][]byte{}, frames: map[string]int{},
	}
}

// broadcast sends one body to every other member.
func (x *exchange) broadcast(ctx context.Context, round int, body []byte) error {
	for _, to := range x.peers {
		if err := x.send(ctx, round, to, body); err != nil {
			return err
		}
	}
	return nil
}

func (x *exchange) send(ctx context.Context, round int, to string, body []byte) error {
	if err := x.link.Send(ctx, to, x.seal(round, body)); err != nil {
		return fmt.Errorf("round %d: send to %s: %w", round, to, err)
	}
	return nil
}

// gather waits until every member's message of a round is there and returns the bodies.
func (x *exchange) gather(ctx context.Context, round int) (map[string][]byte, error) {
	for len(x.missing(round)) > 0 {
		from, frame, err := x.link.Recv(ctx)
		if err != nil {
			return nil, x.interrupted(ctx, round, err)
		}
		if err := x.accept(from, frame); err != nil {
			return nil, err
		}
	}
	bodies := make(map[string][]byte, len(x.peers))
	for _, p := range x.peers {
		bodies[p] = x.frame(round, p)[headerSize:]
	}
	return bodies, nil
}

func (x *exchange) missing(round int) []string {
	return slices.DeleteFunc(slices.Clone(x.peers), func(p string) bool { return x.frame(round, p) != nil })
}

// frame returns the message that was kept, nil if none is there.
func (x *exchange) frame(round int, from string) []byte { return x.kept[slot{round, from}] }

// interrupted names the members still missing if it was the deadline that ended the wait.
func (x *exchange) interrupted(ctx context.Context, round int, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Silent{Parties: x.missing(round), Round: round, Err: ctx.Err()}
	}
	return fmt.Errorf("round %d: receive: %w", round, err)
}

// accept takes a frame in. A sender that isn't a member of this session, or is this party itself, is passed over: a
// stray frame is no member's doing and must not end the session.
func (x *exchange) accept(from string, frame []byte) error {
	if !slices.Contains(x.peers, from) {
		return nil
	}
	if x.frames[from]++; x.frames[from] > maxFrames {
		return &Fault{Party: from, Reason: "sends without end"}
	}
	round, err := x.open(frame)
	if err != nil {
		return &Fault{Party: from, Reason: err.Error(), Evidence: [][]byte{bytes.Clone(frame[:min(len(frame), MaxMessage)])}}
	}
	if first := x.frame(round, from); first != nil {
		return x.repeated(from, round, first, frame)
	}
	x.kept[slot{round, from}] = bytes.Clone(frame)
	return nil
}

func (x *exchange) repeated(from string, round int, first, second []byte) error {
	if bytes.Equal(first, second) {
		return nil
	}
	reason := fmt.Sprintf("equivocation: two different messages of round %d", round)
	return &Fault{Party: from, Reason: reason, Evidence: [][]byte{first, bytes.Clone(second)}}
}

// fault names a member, with all that it sent as evidence.
func (x *exchange) fault(party string, reason error) error {
	f := &Fault{Party: party, Reason: reason.Error()}
	for r := range x.sizes {
		if frame := x.frame(r+1, party); frame != nil {
			f.Evidence = append(f.Evidence, frame)
		}
	}
	return f
}
