package tss

import (
	"fmt"
	"strings"
)

// Fault is the error of a session that one party broke. Naming relies on authenticated links and, where more than one
// explanation is left, on at most one malicious party.
type Fault struct {
	Party    string   // who did it
	Reason   string   // what it did, for people
	Evidence [][]byte // the messages that show it, whole, oldest first; may be empty
}

func (f *Fault) Error() string { return fmt.Sprintf("party %s at fault: %s", f.Party, f.Reason) }

// Dispute is the error of an echo round in which two parties contradict each other and this one can't tell who lies:
// either the one equivocated, or the other reports falsely.
type Dispute struct {
	Parties  []string // the parties in dispute, in committee order
	Reason   string
	Evidence [][]byte // the messages that contradict each other
}

func (d *Dispute) Error() string {
	return fmt.Sprintf("parties %s in dispute: %s", strings.Join(d.Parties, ", "), d.Reason)
}

// Silent is the error of a session whose deadline passed while messages were missing. It wraps the context's error.
// Silence proves nothing: the network may have lost the message.
type Silent struct {
	Parties []string // whose message is missing, in committee order
	Round   int
	Err     error
}

func (s *Silent) Error() string {
	return fmt.Sprintf("round %d: nothing from %s: %v", s.Round, strings.Join(s.Parties, ", "), s.Err)
}

func (s *Silent) Unwrap() error { return s.Err }
