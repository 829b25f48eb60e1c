package tss

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/tonaiagent/mpcnode/digest"
)

// What runs already is a logger that a library under tss-lib starts with the process.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// wires is a network in memory. A hostile member is an honest one whose outgoing messages a hook rewrites: it has real
// secrets and makes real proofs, but says what it likes to whom it likes.
type wires struct {
	boxes map[string]chan frame
	hooks map[string]hook
	ear   func([]byte) []byte // rewrites what mallory receives
}

type frame struct {
	from string
	b    []byte
}

// hook returns what is sent in place of b.
type hook func(to string, b []byte) [][]byte

func newWires(parties []string) *wires {
	w := &wires{boxes: map[string]chan frame{}, hooks: map[string]hook{}}
	for _, p := range parties {
		w.boxes[p] = make(chan frame, 256)
	}
	return w
}

func (w *wires) link(self string) Link { return &wire{w, self} }

type wire struct {
	*wires
	self string
}

func (l *wire) Send(_ context.Context, to string, b []byte) error {
	sent := [][]byte{b}
	if h := l.hooks[l.self]; h != nil {
		sent = h(to, b)
	}
	for _, b := range sent {
		l.boxes[to] <- frame{l.self, b}
	}
	return nil
}

func (l *wire) Recv(ctx context.Context) (string, []byte, error) {
	select {
	case f := <-l.boxes[l.self]:
		if l.self == mallory && l.ear != nil {
			f.b = l.ear(f.b)
		}
		return f.from, f.b, nil
	case <-ctx.Done():
		return "", nil, ctx.Err()
	}
}

// body makes a hook that rewrites the body of one round.
func body(round byte, edit func(to string, body []byte) []byte) hook {
	return func(to string, b []byte) [][]byte {
		if b[1] != round {
			return [][]byte{b}
		}
		return [][]byte{append(slices.Clone(b[:headerSize]), edit(to, slices.Clone(b[headerSize:]))...)}
	}
}

// whole makes a hook that replaces the messages of one round.
func whole(round byte, edit func(to string, b []byte) [][]byte) hook {
	return func(to string, b []byte) [][]byte {
		if b[1] != round {
			return [][]byte{b}
		}
		return edit(to, b)
	}
}

// consistent makes a hook's lies in a keygen of 2 of 3 pass the echo: mallory reports of itself what it sent, not what
// its honest half thinks it sent, and that half hears the others report what it thinks.
func consistent(h hook) *liar { return &liar{h, map[byte][]byte{}, map[byte][]byte{}} }

type liar struct {
	say  hook
	sent map[byte][]byte // bodies of mallory's broadcasts, by round
	own  map[byte][]byte // what the honest half reports of itself, by round of the echo
}

// entry is mallory's place in an echo.
func entry(frame []byte) []byte {
	return frame[headerSize+slices.Index(names, mallory)*fieldSize:][:fieldSize]
}

func (l *liar) speak(to string, b []byte) [][]byte {
	round := b[1]
	if round%2 == 0 {
		l.own[round] = slices.Clone(entry(b))
		b = slices.Clone(b)
		told := digest.Sum(digest.Broadcast, [32]byte(b[2:headerSize]), int(round)-1, mallory, l.sent[round-1])
		copy(entry(b), told[:])
		return l.say(to, b)
	}
	out := l.say(to, b)
	if len(out) > 0 && len(out[0]) == len(b) {
		l.sent[round] = out[0][headerSize:]
		if round == 3 {
			l.sent[round] = l.sent[round][:openingSize(2)]
		}
	}
	return out
}

func (l *liar) hear(b []byte) []byte {
	if b[1]%2 == 0 && l.own[b[1]] != nil {
		b = slices.Clone(b)
		copy(entry(b), l.own[b[1]])
	}
	return b
}

var names = []string{"user", "platform", "backup", "d", "e"}

// mallory is the hostile party of every story.
const mallory = "backup"

func committee(need, n int, self string) Committee {
	return Committee{
		Network: [32]byte{1}, Session: [32]byte{2}, Key: "main", Epoch: 1,
		Need: need, Parties: names[:n], Self: self,
	}
}

type outcome[T any] struct {
	value T
	err   error
}

// all runs f for each party at once and returns what each got.
func all[T any](parties []string, f func(party string) (T, error)) map[string]outcome[T] {
	var mu sync.Mutex
	var wg sync.WaitGroup
	got := map[string]outcome[T]{}
	for _, p := range parties {
		wg.Go(func() {
			v, err := f(p)
			mu.Lock()
			defer mu.Unlock()
			got[p] = outcome[T]{v, err}
		})
	}
	wg.Wait()
	return got
}

// runKeygen runs a keygen in which mallory's messages pass through h.
func runKeygen(need, n int, h hook) map[string]outcome[*Generated] {
	w := newWires(names[:n])
	w.hooks[mallory] = h
	return w.keygen(need, n)
}

// runLiar runs a keygen of 2 of 3 in which mallory's lies pass the echo.
func runLiar(l *liar) map[string]outcome[*Generated] {
	w := newWires(names[:3])
	w.hooks[mallory], w.ear = l.speak, l.hear
	return w.keygen(2, 3)
}

func (w *wires) keygen(need, n int) map[string]outcome[*Generated] {
	return all(names[:n], func(p string) (*Generated, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		return Keygen(ctx, committee(need, n, p), w.link(p))
	})
}

var (
	keysMu sync.Mutex
	keys   = map[string]map[string]Share{}
)

// shares returns the shares of one key for each (need, n), made once.
func shares(t testing.TB, need, n int) map[string]Share {
	t.Helper()
	keysMu.Lock()
	defer keysMu.Unlock()
	id := fmt.Sprint(need, n)
	if keys[id] == nil {
		keys[id] = map[string]Share{}
		for p, o := range runKeygen(need, n, nil) {
			if o.err != nil {
				t.Fatalf("keygen %d of %d at %s: %v", need, n, p, o.err)
			}
			keys[id][p] = o.value.Share
		}
	}
	return keys[id]
}

// sign runs one party's whole signing.
func sign(s Share, session [32]byte, signers []string, hash [32]byte, l Link) (sig [64]byte, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	h, err := Begin(ctx, s, session, signers, hash, l)
	if err != nil {
		return sig, err
	}
	if err := h.Release(ctx); err != nil {
		return sig, err
	}
	return h.Signature(ctx)
}

var testSession, testHash = [32]byte{3}, [32]byte{31: 9}

// runSign runs a signing by all of signers in which mallory's messages pass through h.
func runSign(keys map[string]Share, signers []string, h hook) map[string]outcome[[64]byte] {
	w := newWires(names)
	w.hooks[mallory] = h
	return all(signers, func(p string) ([64]byte, error) {
		return sign(keys[p], testSession, signers, testHash, w.link(p))
	})
}

// bubble runs f on a clock that jumps over waiting: a deadline costs nothing.
func bubble(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }
