package p2p

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"time"
)

// backoff spaces attempts: doubling from 100 ms to 5 s, each shortened by up to a half, so that the two ends of a link
// don't keep in step. Its source of chance is derived from both names, so that runs under fake time repeat.
type backoff struct {
	next time.Duration
	rand *rand.Rand
}

func newBackoff(self, other []byte) *backoff {
	sum := sha256.Sum256(append(append([]byte{}, self...), other...))
	seed := rand.NewPCG(binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(sum[8:]))
	return &backoff{next: backoffMin, rand: rand.New(seed)}
}

func (b *backoff) reset() { b.next = backoffMin }

// sleep waits for the next step, or until ctx ends.
func (b *backoff) sleep(ctx context.Context) {
	d := b.next/2 + time.Duration(b.rand.Int64N(int64(b.next/2)+1))
	b.next = min(2*b.next, backoffMax)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// grumble logs what goes wrong again and again: as a warning when it changes and once a minute, else at debug level.
type grumble struct {
	text string
	at   time.Time
}

func (g *grumble) warn(log *slog.Logger, msg, peer string, err error) {
	level, text := slog.LevelDebug, err.Error()
	if text != g.text || time.Since(g.at) >= time.Minute {
		level, g.text, g.at = slog.LevelWarn, text, time.Now()
	}
	log.Log(context.Background(), level, msg, "peer", peer, "reason", text)
}
