package node

import (
	"crypto/rand"
	"sync"
	"time"
)

// maxAttempts bounds the outstanding nonces of one node. Each belongs to a request whose reservation is on disk, of
// which a wallet has one, or as many as can be live without a seqno.
const maxAttempts = 8192

// attempts holds the nonces this node gave out for signing sessions. They live in memory only: a nonce from before a
// restart is unknown, so nothing from before a restart can be taken up again.
type attempts struct {
	mu   sync.Mutex
	open map[[32]byte]attempt // by payload; guarded by mu
}

// attempt is the one session this node will join next for a payload.
type attempt struct {
	request [32]byte
	number  int
	nonce   [32]byte
	expires time.Time
}

// offer returns a fresh nonce for the given attempt on a payload and forgets the one before it. It returns false when
// the attempt isn't newer than the last, or too many are open.
func (a *attempts) offer(request, payload [32]byte, number int, expires, now time.Time) ([32]byte, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if last, ok := a.open[payload]; ok && (last.request != request || last.number >= number) {
		return [32]byte{}, false
	}
	if len(a.open) >= maxAttempts {
		a.sweep(now)
	}
	if len(a.open) >= maxAttempts {
		return [32]byte{}, false
	}
	next := attempt{request: request, number: number, expires: expires}
	rand.Read(next.nonce[:])
	a.open[payload] = next
	return next.nonce, true
}

// next offers a nonce for the attempt after the last one that is known here or was recorded.
func (a *attempts) next(request, payload [32]byte, recorded int, expires, now time.Time) (nonce [32]byte, number int, ok bool) {
	a.mu.Lock()
	number = max(recorded, a.open[payload].number) + 1
	a.mu.Unlock()
	nonce, ok = a.offer(request, payload, number, expires, now)
	return nonce, number, ok
}

// take uses up the nonce of the attempt: a session id can be joined once.
func (a *attempts) take(request, payload [32]byte, number int, now time.Time) ([32]byte, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	got, ok := a.open[payload]
	if !ok || got.request != request || got.number != number || got.nonce == [32]byte{} || !now.Before(got.expires) {
		return [32]byte{}, false
	}
	nonce := got.nonce
	got.nonce = [32]byte{}
	a.open[payload] = got
	return nonce, true
}

func (a *attempts) sweep(now time.Time) {
	for payload, at := range a.open {
		if !now.Before(at.expires) {
			delete(a.open, payload)
		}
	}
}
