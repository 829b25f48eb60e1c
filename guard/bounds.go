package guard

import "time"

// Bounds on what comes from outside and on how far views of time may differ.
const (
	maxBody        = 96 << 10 // bytes of a request: a payload of 60 KiB in base64, and the fields
	maxMemo        = 1024     // bytes; what a person can be asked to read
	maxPayments    = 255      // of one request: as many messages as a payload can send
	maxContext     = 4096     // bytes of the agent's reasoning, which is kept in the audit only
	maxPayload     = 60 << 10 // bytes of a payload after base64, as package ton reads it
	maxPayloads    = 4        // live payloads a seqno: a retry after a lost coordinator needs one more, not dozens
	maxLive        = 256      // query ids with a live payload, a Highload V3 wallet: every decision adds them up
	maxSeen        = 64       // refused payloads remembered a seqno; one beyond that has to be explained if it executes
	maxMoves       = 2        // assets of one payload: coins, and the one jetton that its request names
	maxJettons     = 64       // own jetton wallets a wallet whose spending is kept: 64 windows of 12,246 bytes
	maxOpinions    = 16       // noted of one request: as many validators as a bundle names
	maxRemembered  = 256      // destinations of one operation of the ledger: three records of 200 bytes each
	maxVersionStep = 1 << 32  // of policies, so that none is the last for ever
	maxLookAlikes  = 4        // noted of one request: the first tells enough
	maxOpenTrips   = 64       // a party: more say nothing more
	maxParties     = 5        // of a network
	maxKeys        = 32       // of one kind, a party
	maxWallets     = 64       // an agent may use
	maxKeyTests    = 16       // attempts at the test signature of one set of signers; nonces are fresh each time
	maxAttempt     = 1 << 20  // the number of an attempt, so that it fits every encoding
	maxNote        = 200      // bytes of text from a peer or a library kept in an audit entry
	maxListRows    = 500      // rows of a blacklist that one call takes in: with the longest reasons 420 KB of writes, of 512 that the ledger takes
	maxObserved    = 1000     // transactions of one call of Observe: keeps the ledger's transaction short
)

const (
	// maxSkew is how far the local clock may be from the newest proven chain time. Blocks come every few seconds, so a
	// larger distance means a wrong clock or a stale chain.
	maxSkew = 60 * time.Second

	// maxDestAge is how far the state of a destination may be from that of the own account: it is read in parallel and
	// cached for 60 s of chain time.
	maxDestAge = 90 * time.Second

	// maxValidity is the longest a payload may live, whatever a policy says: as long it holds its wallet and must be
	// held by the windows.
	maxValidity = 10 * time.Minute

	// testValidity is how long the permit of a key test lives: one signature takes milliseconds.
	testValidity = time.Minute

	// Backfill is how far a mirror that begins in the middle of an account's history must reach back: the longest month of the
	// calendar, a day for changes of the clock, and one bucket of the longest window.
	Backfill = 31*24*time.Hour + 25*time.Hour + 6*time.Hour
)

// feeCap is what the wallet may pay besides the values of its messages, for each message: 0.1 TON in nanotons, ten
// times what a transfer costs and little enough to lose.
const feeCap = 100_000_000
