package tss

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSignatureOfHashWithLeadingZerosVerifies(t *testing.T) {
	keys := shares(t, 2, 3)
	public := keys["user"].Public()
	for _, hash := range [][32]byte{{}, {1: 1}, {0: 1}, {31: 1}} {
		w := newWires(names[:2])
		for p, o := range all(names[:2], func(p string) ([64]byte, error) {
			return sign(keys[p], testSession, names[:2], hash, w.link(p))
		}) {
			if o.err != nil || !ed25519.Verify(public[:], hash[:], o.value[:]) {
				t.Errorf("hash %x at %s: %v", hash, p, o.err)
			}
		}
	}
}

func TestAllSignersGetOneSignatureWhateverTheirOrder(t *testing.T) {
	keys := shares(t, 2, 3)
	w := newWires(names[:3])
	orders := map[string][]string{"platform": {"platform", "backup"}, "backup": {"backup", "platform"}}
	got := all(orders["platform"], func(p string) ([64]byte, error) {
		return sign(keys[p], testSession, orders[p], testHash, w.link(p))
	})
	if got["platform"].err != nil || got["platform"].value != got["backup"].value {
		t.Errorf("got %v and %v", got["platform"], got["backup"])
	}
}

func TestCallThatCantBeSignedIsRefused(t *testing.T) {
	s := shares(t, 2, 3)["user"]
	destroyed, err := ParseShare(s.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	destroyed.Destroy()
	for name, c := range map[string]struct {
		share   Share
		session [32]byte
		signers []string
		want    string
	}{
		"a signer without a share": {s, testSession, []string{"user", "stranger"}, "different parties"},
		"too many signers":         {s, testSession, names[:3], "3 signers, want 2"},
		"too few signers":          {s, testSession, names[:1], "1 signers, want 2"},
		"no signers":               {s, testSession, nil, "0 signers, want 2"},
		"a signer twice":           {s, testSession, []string{"user", "user"}, "different parties"},
		"not one of the signers":   {s, testSession, names[1:3], "isn't one of the signers"},
		"no session":               {s, [32]byte{}, names[:2], "no session"},
		"the zero share":           {Share{}, testSession, names[:2], "empty or destroyed"},
		"a destroyed share":        {destroyed, testSession, names[:2], "empty or destroyed"},
	} {
		h, err := Begin(t.Context(), c.share, c.session, c.signers, testHash, nil)
		if err == nil || h != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want …%s…", name, err, c.want)
		}
	}
}

// Round 2 is: 0 blinding, 1 R, 2 alpha, 3 T.
var hostileSigning = map[string]struct {
	hook   hook
	reason string
}{
	"commitment of 4 MiB":       {body(1, func(string, []byte) []byte { return make([]byte, 4<<20) }), "bytes, want"},
	"another commitment":        {body(1, flip(0)), "nonce isn't the committed one"},
	"commitment zero":           {body(1, put(0, make([]byte, 32))), "ValidateBasic"},
	"R off the curve":           {body(2, put(1, offCurve)), "nonce: not a point"},
	"R not canonical":           {body(2, put(1, notCanonical)), "nonce: point is not canonical"},
	"R of low order":            {body(2, put(1, lowOrder)), "nonce: point has low order"},
	"R with torsion":            {body(2, put(1, withTorsion)), "nonce: point is outside the prime-order group"},
	"another R":                 {body(2, put(1, generator)), "nonce isn't the committed one"},
	"another blinding":          {body(2, flip(0)), "nonce isn't the committed one"},
	"alpha off the curve":       {body(2, put(2, offCurve)), "proof: not a point"},
	"another alpha":             {body(2, put(2, generator)), "failed to prove Rj"},
	"T at the group order":      {body(2, put(3, groupOrder)), "proof: scalar is not below"},
	"another T":                 {body(2, flip(3)), "failed to prove Rj"},
	"T of 1 KiB":                {body(2, func(_ string, b []byte) []byte { return append(b, make([]byte, 992)...) }), "bytes, want"},
	"no proof":                  {body(2, func(_ string, b []byte) []byte { return b[:2*fieldSize] }), "bytes, want"},
	"s at the group order":      {body(3, put(0, groupOrder)), "round 3: scalar is not below"},
	"s zero":                    {body(3, put(0, make([]byte, 32))), "round 3: scalar is zero"},
	"another s":                 {body(3, flip(0)), "bad signature share"},
	"empty s":                   {body(3, func(string, []byte) []byte { return nil }), "bytes, want"},
	"other session":             {whole(2, rewrite(func(b []byte) { b[2] ^= 1 })), "another session"},
	"keygen's message":          {whole(2, rewrite(func(b []byte) { b[0] = byte(protocolKeygen) })), "another protocol"},
	"round four":                {whole(2, rewrite(func(b []byte) { b[1] = 4 })), "message of round 4"},
	"two commitments":           {twice(1), "equivocation"},
	"two nonces":                {twice(2), "equivocation"},
	"a flood of one message":    {whole(1, func(_ string, b []byte) [][]byte { return slices.Repeat([][]byte{b}, maxFrames+1) }), "without end"},
	"tss-lib's own wire format": {whole(1, func(string, []byte) [][]byte { return [][]byte{libraryWire} }), "another protocol"},
}

func TestHostileSignerIsNamedByAll(t *testing.T) {
	for _, need := range []int{2, 3} {
		keys := shares(t, need, 3)
		signers := names[3-need : 3]
		for name, c := range hostileSigning {
			t.Run(fmt.Sprintf("%d of 3/%s", need, name), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					got := runSign(keys, signers, c.hook)
					for _, p := range others(signers, mallory) {
						if got[p].value != [64]byte{} {
							t.Fatalf("%s has a signature", p)
						}
						blames(t, p, got[p].err, c.reason)
					}
				})
			})
		}
	}
}

func TestSilentSignerIsNamedAtTheDeadline(t *testing.T) {
	keys := shares(t, 3, 3)
	for round := byte(1); round <= 3; round++ {
		bubble(t, func(t *testing.T) {
			got := runSign(keys, names[:3], whole(round, func(string, []byte) [][]byte { return nil }))
			for _, p := range []string{"user", "platform"} {
				var s *Silent
				if !errors.As(got[p].err, &s) || !slices.Equal(s.Parties, []string{mallory}) || s.Round != int(round) {
					t.Errorf("round %d: %s: %v", round, p, got[p].err)
				}
				if !errors.Is(got[p].err, context.DeadlineExceeded) {
					t.Errorf("round %d: %s: the deadline isn't wrapped", round, p)
				}
			}
		})
	}
}

func TestSessionEndsWithoutACallersDeadline(t *testing.T) {
	s := shares(t, 2, 3)["user"]
	bubble(t, func(t *testing.T) {
		w := newWires(names[:2])
		start := time.Now()
		_, err := Begin(context.Background(), s, testSession, names[:2], testHash, w.link("user"))
		var silent *Silent
		if !errors.As(err, &silent) || time.Since(start) != maxSigning {
			t.Errorf("ended after %v with %v", time.Since(start), err)
		}
		_, err = Keygen(context.Background(), committee(2, 3, "user"), newWires(names[:3]).link("user"))
		if !errors.As(err, &silent) || time.Since(start) != maxSigning+maxKeygen {
			t.Errorf("ended after %v with %v", time.Since(start), err)
		}
		h := begun(t, newWires(names[:2]))["user"].value
		if err := h.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		start = time.Now()
		if _, err := h.Signature(context.Background()); !errors.As(err, &silent) || time.Since(start) != maxSigning {
			t.Errorf("ended after %v with %v", time.Since(start), err)
		}
	})
}

func TestCancelledSessionNamesNobody(t *testing.T) {
	s := shares(t, 2, 3)["user"]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Begin(ctx, s, testSession, names[:2], testHash, newWires(names[:2]).link("user"))
	var silent *Silent
	if !errors.Is(err, context.Canceled) || errors.As(err, &silent) {
		t.Errorf("got %v", err)
	}
}

// begun runs a signing of user and platform up to its halves.
func begun(t *testing.T, w *wires) map[string]outcome[*Half] {
	t.Helper()
	keys := shares(t, 2, 3)
	got := all(names[:2], func(p string) (*Half, error) {
		return Begin(t.Context(), keys[p], testSession, names[:2], testHash, w.link(p))
	})
	for p, o := range got {
		if o.err != nil {
			t.Fatalf("%s: %v", p, o.err)
		}
	}
	return got
}

// The message that completes the signature is held: before Release nothing of it is on the wire.
func TestLastMessageStaysUntilRelease(t *testing.T) {
	w := newWires(names[:3])
	var rounds []byte
	w.hooks["user"] = func(_ string, b []byte) [][]byte { rounds = append(rounds, b[1]); return [][]byte{b} }
	h := begun(t, w)["user"].value
	if !bytes.Equal(rounds, []byte{1, 2}) {
		t.Fatalf("Begin sent rounds %v", rounds)
	}
	if err := h.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(rounds, []byte{1, 2, 3}) {
		t.Errorf("after Release, rounds %v were sent", rounds)
	}
	if len(w.boxes["backup"]) != 0 {
		t.Error("a party that doesn't sign was sent something")
	}
	if err := h.Release(t.Context()); err == nil || len(rounds) != 3 {
		t.Error("released twice")
	}
}

func TestSignatureRefusesBeforeRelease(t *testing.T) {
	halves := begun(t, newWires(names[:2]))
	if err := halves["platform"].value.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := halves["user"].value
	if _, err := h.Signature(t.Context()); err == nil {
		t.Fatal("user has a signature that it didn't release")
	}
	if err := h.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sig, err := h.Signature(t.Context()); err != nil || !Verify(h.share.rec.Public, testHash, sig) {
		t.Errorf("after release: %v", err)
	}
}

func TestSignatureMayBeAwaitedAgainAfterADeadline(t *testing.T) {
	halves := begun(t, newWires(names[:2]))
	h := halves["user"].value
	if err := h.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	past, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	var silent *Silent
	if _, err := h.Signature(past); !errors.As(err, &silent) || !slices.Equal(silent.Parties, []string{"platform"}) {
		t.Fatalf("got %v", err)
	}
	if err := halves["platform"].value.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Signature(t.Context()); err != nil {
		t.Errorf("second wait: %v", err)
	}
}

func TestReplayedMessagesOfAnEarlierSessionAreRefused(t *testing.T) {
	keys := shares(t, 2, 3)
	var recorded [][]byte
	w := newWires(names[:2])
	w.hooks["platform"] = func(_ string, b []byte) [][]byte { recorded = append(recorded, b); return [][]byte{b} }
	begun(t, w)
	w = newWires(names[:2])
	for _, b := range recorded {
		w.boxes["user"] <- frame{"platform", b}
	}
	_, err := Begin(t.Context(), keys["user"], [32]byte{4}, names[:2], testHash, w.link("user"))
	var f *Fault
	if !errors.As(err, &f) || f.Party != "platform" || !strings.Contains(f.Reason, "another session") {
		t.Errorf("got %v", err)
	}
}

func TestOneShareSignsInManySessionsAtOnce(t *testing.T) {
	keys := shares(t, 2, 3)
	sessions := make([]string, 8)
	for i := range sessions {
		sessions[i] = string(rune('a' + i))
	}
	for id, o := range all(sessions, func(id string) (bool, error) {
		w, session := newWires(names[:2]), [32]byte{id[0]}
		for _, o := range all(names[:2], func(p string) ([64]byte, error) {
			return sign(keys[p], session, names[:2], session, w.link(p))
		}) {
			if o.err != nil || !Verify(keys["user"].Public(), session, o.value) {
				return false, fmt.Errorf("not signed: %w", o.err)
			}
		}
		return true, nil
	}) {
		if o.err != nil {
			t.Errorf("session %s: %v", id, o.err)
		}
	}
}

// Goroutines that outlive the test fail it in TestMain too; here they would be counted a hundred times over.
func TestAbandonedSigningsLeaveNoGoroutine(t *testing.T) {
	s := shares(t, 2, 3)["user"]
	before := runtime.NumGoroutine()
	for range 100 {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Begin(ctx, s, testSession, names[:2], testHash, newWires(names[:2]).link("user")); err == nil {
			t.Fatal("signed alone")
		}
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}

// brokenLink fails as a transport does whose peer went away.
type brokenLink struct{ send, recv error }

func (l brokenLink) Send(context.Context, string, []byte) error   { return l.send }
func (l brokenLink) Recv(context.Context) (string, []byte, error) { return "", nil, l.recv }

func TestErrorsOfTheLinkReachTheCaller(t *testing.T) {
	s := shares(t, 2, 3)["user"]
	down := errors.New("peer down")
	for _, l := range []Link{brokenLink{send: down}, brokenLink{recv: down}} {
		if _, err := Begin(t.Context(), s, testSession, names[:2], testHash, l); !errors.Is(err, down) {
			t.Errorf("sign: got %v", err)
		}
		if _, err := Keygen(t.Context(), committee(2, 3, "user"), l); !errors.Is(err, down) {
			t.Errorf("keygen: got %v", err)
		}
	}
	h := begun(t, newWires(names[:2]))["user"].value
	h.x.link = brokenLink{send: down}
	if err := h.Release(t.Context()); !errors.Is(err, down) {
		t.Errorf("release: got %v", err)
	}
	if err := h.Release(t.Context()); err == nil || errors.Is(err, down) {
		t.Errorf("release after a failed one: got %v", err)
	}
}

func TestEvidenceOfABadShareIsAllThatItsSenderSent(t *testing.T) {
	for name, c := range map[string]struct {
		hook hook
		want int
	}{
		"bad share":     {hostileSigning["another s"].hook, 3},
		"bad nonce":     {hostileSigning["R off the curve"].hook, 2},
		"bad proof":     {hostileSigning["another T"].hook, 2},
		"equivocation":  {hostileSigning["two nonces"].hook, 2},
		"malformed one": {hostileSigning["no proof"].hook, 1},
	} {
		bubble(t, func(t *testing.T) {
			var f *Fault
			err := runSign(shares(t, 2, 3), names[1:3], c.hook)["platform"].err
			if !errors.As(err, &f) || len(f.Evidence) != c.want {
				t.Errorf("%s: %v with evidence %x", name, err, f.Evidence)
			}
		})
	}
}

// A bad share of our own is never put on another.
func TestOwnBadShareBlamesNobody(t *testing.T) {
	halves := begun(t, newWires(names[:2]))
	h := halves["user"].value
	for _, o := range halves {
		if err := o.value.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	h.own.Add(h.own, reduce([]byte{1}))
	_, err := h.Signature(t.Context())
	var f *Fault
	if err == nil || errors.As(err, &f) {
		t.Errorf("got %v", err)
	}
}
