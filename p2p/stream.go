package p2p

import (
	"bufio"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
)

// streamBuffer holds some dozens of the small frames that signing consists of. Larger bodies pass it by.
const streamBuffer = 16 << 10

// streamLink is a link over a libp2p stream.
type streamLink struct {
	stream   network.Stream
	kinds    kinds
	r        *bufio.Reader
	w        *bufio.Writer
	deadline time.Time // of writing; owned by the sender
}

func newStreamLink(s network.Stream, k kinds) *streamLink {
	return &streamLink{stream: s, kinds: k, r: bufio.NewReaderSize(s, streamBuffer), w: bufio.NewWriterSize(s, streamBuffer)}
}

func (l *streamLink) send(f *frame) error {
	if err := l.extend(); err != nil {
		return err
	}
	return writeFrame(l.w, f)
}

func (l *streamLink) flush() error {
	if err := l.extend(); err != nil {
		return err
	}
	return l.w.Flush()
}

// extend moves the write deadline once a second rather than for every frame: each move costs a timer.
func (l *streamLink) extend() error {
	now := time.Now()
	if l.deadline.Sub(now) > writeTimeout-time.Second {
		return nil
	}
	l.deadline = now.Add(writeTimeout)
	return l.stream.SetWriteDeadline(l.deadline)
}

// recv has no deadline of its own: a peer that stops in the middle of a frame sends no heartbeats either.
func (l *streamLink) recv() (frame, error) { return readFrame(l.r, l.kinds) }

// close takes the connection with it, so that a dead one is not used again.
func (l *streamLink) close() { _ = l.stream.Conn().Close() }
