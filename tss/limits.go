package tss

import "time"

const (
	// MaxMessage caps a message, in bytes. The largest of ours is 354 (keygen round 3 with need 5); the cap is the
	// one p2p has for frames of this kind, so that a longer one is refused before it is hashed or kept.
	MaxMessage = 1024

	// maxParties bounds a committee: every cost of keygen is quadratic in it, and five is what a network is run with.
	maxParties = 5

	// maxFrames is how many messages one member may send in a session, duplicates included. Honest members send at
	// most 4; the rest is room for a transport that delivers twice.
	maxFrames = 16

	// maxShare caps an encoded share, in bytes. With five parties of the longest names it has about 900.
	maxShare = 2048

	// maxConfirm caps a confirm body, in bytes. With five parties of the longest names it has about 1,200.
	maxConfirm = 4096

	// maxKeygen and maxSigning end a session whose caller gave no earlier deadline. Both protocols take milliseconds
	// on a healthy network; a session is never worth waiting longer for, and it holds secrets while it waits.
	maxKeygen  = 60 * time.Second
	maxSigning = 30 * time.Second
)
