package store

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const anchorName = "log/anchor"

// anchor is what must at least be in the ledger. Its file is the body of a checkpoint (C2SP tlog-checkpoint): origin,
// size and root of the audit log, and the number of commits as an extension line.
type anchor struct {
	origin  string
	size    uint64
	root    [32]byte
	commits uint64
}

func (a anchor) marshal() []byte {
	return fmt.Appendf(nil, "%s\n%d\n%s\n%d\n", a.origin, a.size, base64.StdEncoding.EncodeToString(a.root[:]), a.commits)
}

// parseAnchor accepts what marshal writes and nothing else.
func parseAnchor(b []byte) (anchor, error) {
	lines := strings.Split(string(b), "\n")
	if len(lines) != 5 {
		return anchor{}, fmt.Errorf("parse anchor: %d lines, not 4", len(lines)-1)
	}
	a := anchor{origin: lines[0]}
	var err error
	if a.size, err = strconv.ParseUint(lines[1], 10, 64); err != nil {
		return anchor{}, fmt.Errorf("parse anchor: size: %w", err)
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || copy(a.root[:], root) != len(a.root) {
		return anchor{}, fmt.Errorf("parse anchor: root %q", lines[2])
	}
	if a.commits, err = strconv.ParseUint(lines[3], 10, 64); err != nil {
		return anchor{}, fmt.Errorf("parse anchor: commits: %w", err)
	}
	if !bytes.Equal(a.marshal(), b) {
		return anchor{}, fmt.Errorf("parse anchor: not in canonical form")
	}
	return a, nil
}

// anchors writes the anchor behind the commits, off their path.
type anchors struct {
	root   *os.Root
	origin string
	wake   chan struct{} // one pending: the ledger has moved
	quit   chan struct{} // closed: write a last one and end
	ended  chan struct{} // closed when loop has ended
}

func newAnchors(root *os.Root, origin string) *anchors {
	return &anchors{root: root, origin: origin,
		wake: make(chan struct{}, 1), quit: make(chan struct{}), ended: make(chan struct{})}
}

func (a *anchors) write(h head) error {
	return writeFile(a.root, anchorName,
		anchor{origin: a.origin, size: h.tree.Size(), root: h.tree.Root(), commits: h.commits}.marshal())
}

// moved tells the anchor's writer that there is a newer head. It never blocks.
func (l *Ledger) moved() {
	select {
	case l.anchors.wake <- struct{}{}:
	default:
	}
}

// anchorLoop writes the newest head's anchor when it has moved, at most every anchorEvery, and once more at the end.
func (l *Ledger) anchorLoop() {
	defer close(l.anchors.ended)
	for l.anchors.await() {
		l.anchorHead()
		l.anchors.rest()
	}
	l.anchorHead()
}

// await returns true when the ledger has moved, false at the end.
func (a *anchors) await() bool {
	select {
	case <-a.quit:
		return false
	case <-a.wake:
		return true
	}
}

func (a *anchors) rest() {
	t := time.NewTimer(anchorEvery)
	defer t.Stop()
	select {
	case <-t.C:
	case <-a.quit:
	}
}

// anchorHead writes the anchor of what is synced. A failure is the disk's, so it is treated as one of a commit.
func (l *Ledger) anchorHead() {
	if l.failure() != nil {
		return
	}
	if err := l.anchors.write(*l.head.Load()); err != nil {
		l.tell(l.fail(err))
	}
}
