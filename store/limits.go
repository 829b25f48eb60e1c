package store

import "time"

const (
	// maxQueue is how many operations may wait for the committer. Each is a caller that waits, so more would only be
	// latency; beyond it callers wait to be queued, and their contexts govern.
	maxQueue = 1024

	// maxBatch is how many operations share a sync. Measured: 30,000 operations a second at 64 callers, and a batch of
	// small operations still runs in well under the time of its sync.
	maxBatch = 64

	// linger is how long patient operations wait for company: longer than the rest of the reply that they make room for,
	// shorter than anybody notices.
	linger = 3 * time.Millisecond

	// maxBatchBytes closes a batch early. Badger refuses a transaction above 15 % of the memtable (1.2 MiB of 8); the
	// last operation may add maxOpBytes to this.
	maxBatchBytes = 512 << 10

	// maxOpBytes bounds one operation's writes: a proposal with its body, payload and statements is below 200 KiB.
	maxOpBytes = 512 << 10

	// writeOverhead is charged for each write, so that badger's limit on their number is never met either (96 bytes a
	// node in the memtable).
	writeOverhead = 128

	// maxRecent bounds the records that are kept in memory, those of some thousand requests, and maxRecentValue one of them.
	// recentOverhead is what one costs beside its key and value.
	maxRecent      = 8 << 20
	maxRecentValue = 128 << 10
	recentOverhead = 128

	// maxKey bounds a key: the longest have two ids and an asset.
	maxKey = 512

	// maxScan bounds the records of one listing.
	maxScan = 10_000

	// edgeEvery is the distance of the stored edges of the audit tree, in entries: how many are rehashed at least at
	// Open (about a millisecond), and how many must be read to know the root of any earlier size.
	edgeEvery = 1024

	// anchorEvery is the least time between two anchors, so that their syncs don't compete with the committer's.
	anchorEvery = 250 * time.Millisecond

	// minFree is the free space below which nothing is written: badger maps sparse files and dies of SIGBUS on a full
	// disk, and needs room for compaction and for three memtables to leave it.
	minFree = 512 << 20

	// freeFor is how long a look at the free space holds: nothing of ours fills half a gigabyte in it.
	freeFor = 100 * time.Millisecond

	// maxSmallFile bounds VERSION, anchor and passphrase files, which hold a few lines.
	maxSmallFile = 4 << 10

	// maxPage bounds the page of file keys: maxShares records of about 150 bytes.
	maxPage = 1 << 20

	// maxShares bounds the page: it is written anew for each change.
	maxShares = 2000

	// maxSealed bounds a sealed share: that of five parties is below 2 KiB.
	maxSealed = 64 << 10

	// minPassphrase is the fewest bytes of a passphrase: Argon2id can't make up for a word.
	minPassphrase = 12
)
