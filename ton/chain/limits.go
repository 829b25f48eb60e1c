package chain

import "time"

const (
	// callTimeout bounds every call but WaitHead. A liteserver answers from memory in milliseconds; one that takes longer
	// is treated as down, so that a signing request is refused while its caller still waits.
	callTimeout = 5 * time.Second

	// factsTimeout bounds the proof of a payload's destinations: the longest, 255 jetton transfers, is some 500 reads.
	factsTimeout = 10 * time.Second

	// factsAtOnce bounds the destinations that are being proven at a time.
	factsAtOnce = 16

	// patience is how long one liteserver may take when there is another to be asked, beyond a wait that was asked for: some
	// times what a far one takes.
	patience = 1500 * time.Millisecond

	// waitTimeout is how long one query waits for a block: what liteservers allow at most. WaitHead asks again.
	waitTimeout = 10 * time.Second

	// waitPause is the least time between two waits for a block.
	waitPause = 100 * time.Millisecond

	// waitGrace is what an answer may take beyond the wait that was asked for.
	waitGrace = 2 * time.Second

	// seenFor is how long after it was named a block may stand in for the newest, for who only wants one after another.
	seenFor = time.Second

	// catchUp is how long a liteserver that lags behind the newest block seen may take to have it.
	catchUp = 2 * time.Second

	// maxLag is how much older than the newest block seen the shard state behind an account may be, and how far a proven
	// newest block may be from the clock. Blocks and shards come within seconds; a minute is what the clocks of nodes may
	// differ by.
	maxLag = 60 * time.Second

	// maxLinks is how many links of a proof are read at once. Liteservers send up to 16, each with its signatures.
	maxLinks = 64

	// MaxWalk is how many transactions one call of Transactions reads at most: some hours of a wallet that signs every few
	// seconds, and about 20 MiB.
	MaxWalk = 4096

	// perPage is the most transactions that liteservers send at once.
	perPage   = 16
	firstPage = 2

	// maxPage bounds one page in bytes: sixteen transactions of wallets, each with at most 255 messages, stay below.
	maxPage = 4 << 20

	// maxExternal is the largest external message (config parameter 43).
	maxExternal = 64 << 10

	// maxSendTo is how many liteservers a message is given to at once: enough that one that drops it changes nothing.
	maxSendTo = 4

	// maxToncenter bounds an answer of a toncenter in bytes. The largest is an account with its code and data.
	maxToncenter = 1 << 20

	// maxToncenters bounds the configuration.
	maxToncenters = 8

	// maxErrorText bounds what of a liteserver's error is repeated.
	maxErrorText = 200

	// dialTimeout bounds one attempt to connect, handshake included; Close waits for it.
	dialTimeout = 3 * time.Second

	// maxPacket bounds one packet of a liteserver: the largest answer is a page of transactions or a whole configuration.
	maxPacket = 8 << 20

	// blameFor is how long a liteserver that didn't answer, or answered what can't be true, is passed over for others.
	blameFor = 30 * time.Second

	// pingEvery keeps a connection open; one that is silent for maxSilence is dead.
	pingEvery  = 5 * time.Second
	maxSilence = 15 * time.Second

	// writeTimeout bounds the writing of one query into the socket's buffer.
	writeTimeout = 5 * time.Second

	// maxAsked bounds the queries under way on one connection.
	maxAsked = 1024

	// minBackoff and maxBackoff bound the pause between attempts to connect, which doubles.
	minBackoff = 100 * time.Millisecond
	maxBackoff = 3 * time.Second

	// maxGlobalConfig bounds a network's global configuration file; mainnet's has 30 KiB.
	maxGlobalConfig = 1 << 20

	// maxLiteservers bounds the configuration: each is a connection that is kept open.
	maxLiteservers = 16
)
