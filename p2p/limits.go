package p2p

import "time"

// Caps on what a peer can make this host hold, and deadlines on what it can make it wait for.
const (
	helloCap     = 1 << 10 // release, protocol majors, a digest and a clock: a few hundred bytes
	heartbeatCap = 256     // a digest or two, every second, from every peer
	reasonCap    = 512     // text for a log line

	// frameCap bounds what a Limit may declare, so that a slip in a table can't open the door. It leaves room above the
	// largest frame in use (192 KiB).
	frameCap = 1 << 20

	handlersPerPeer = 64 // requests of one peer being handled at a time; the next is answered "busy"

	sessionsMax   = 1024 // joined at a time: sixteen times what is planned for
	mailboxFrames = 64   // waiting in a session, shared evenly between its peers

	// Frames may come before Join, because a peer is quicker. These bounds are a peer's, so that a hostile one fills only
	// its own boxes.
	earlySessions = 64
	earlyFrames   = 16
	earlyBytes    = 1 << 20
	earlyLife     = 10 * time.Second

	// closedMax ids of closed sessions are remembered, so that a frame that comes late isn't taken for an early one, and
	// an id is not joined twice. Late means within a round trip or two: this is seconds at a thousand sessions a second.
	closedMax = 4096

	// queueFrames wait for the one writer of a link: the planned 64 sessions with a few frames each.
	queueFrames = 256

	// urgentFrames is one heartbeat and one echo a second, for as long as a peer may take nothing.
	urgentFrames = 8
)

const (
	writeTimeout = 5 * time.Second // a peer that takes nothing for so long is as good as down
	helloTimeout = 5 * time.Second // from a new stream to both hellos accepted
	dialTimeout  = 5 * time.Second // TCP and Noise together

	// callMax bounds a call whose caller set no nearer deadline, and what a callee believes of the time left.
	callMax = time.Minute

	heartbeatEvery  = time.Second
	heartbeatMissed = 3 // in a row, and the peer is down

	backoffMin = 100 * time.Millisecond
	backoffMax = 5 * time.Second
)

// Limits of the libp2p host, for at most a handful of parties. A link needs one connection and one stream a peer; two
// connections exist for a moment when both sides dial at once.
const (
	connsMax         = 16
	connsInbound     = 12 // so that strangers who knock can't take the slots for dialling out
	connsHandshaking = 8  // inbound ones not yet authenticated; more are refused before any cryptography
	connsPerPeer     = 2
	streamsPerPeer   = 16
	memoryMax        = 32 << 20
	memoryPerPeer    = 8 << 20

	// Connections an address may open: a burst for parties behind one NAT, then a few a second for their redialling.
	// libp2p's default (one in five seconds) is slower than our own backoff.
	connsPerSecond = 2
	connsBurst     = 16

	windowMax = 1 << 20 // bytes of a stream in flight: five of the largest frames in use

	strangerLogEvery = time.Minute // one line a source
	strangerSources  = 256         // remembered; beyond these nothing is logged until the minute is over
)
