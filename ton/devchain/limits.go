package devchain

import "time"

const (
	// maxExternal is the largest external message in bytes: config parameter 43 allows 64 KiB.
	maxExternal = 64 << 10

	// maxPerBlock is how many messages one block delivers: a wallet of 255 messages fits, and contracts that answer each
	// other for ever can't keep a block open. The rest waits for the next block.
	maxPerBlock = 256

	// maxQueue bounds what waits between blocks. Only contracts that multiply their messages without end come here; what
	// they send beyond it is burnt.
	maxQueue = 1 << 16

	// ltPerBlock is the room in logical time of one block: the longest chain of 256 transactions, each of which takes at
	// most 257, fits. As on the network, transactions of different accounts may have the same logical time.
	ltPerBlock = 1_000_000

	// keepBlocks is how many past blocks answer queries: seven minutes of empty ones, a second or more under load. A client reads the newest block's
	// id and then asks for accounts at it, so far fewer are needed unless the client stalls.
	keepBlocks = 1024

	// keepTransactions bounds the memory of a network left running, about 2 KB each. Older ones are forgotten first, as a
	// liteserver that isn't an archive does.
	keepTransactions = 1 << 17

	// keepProofs is how many accounts' proofs a block keeps, about 4 KB each; making one allocates 150 KB.
	keepProofs = 16

	// linksPerAnswer is how many links a liteserver sends at most in one proof of a block.
	linksPerAnswer = 16

	// transactionsPerAnswer is what a liteserver sends at most to one getTransactions.
	transactionsPerAnswer = 16

	// maxWait is how long a liteserver holds a waitMasterchainSeqno.
	maxWait = 10 * time.Second

	// methodGas bounds one get method, as a liteserver does.
	methodGas = 1_000_000

	// maxArguments bounds the stack a get method is called with: the depth is a number of 24 bits in the query.
	maxArguments = 256

	// maxClients and maxQueries bound connections, and queries being answered or waited for; a few nodes need tens.
	maxClients = 256
	maxQueries = 1024

	// portTries is how often a free port is looked for, which another process may take between looking and listening.
	portTries = 16

	// startTimeout bounds the wait for the listener, which takes microseconds.
	startTimeout = 5 * time.Second

	// maxRecord is the largest block's record in a log: its first message, which is smaller unless a test makes one up.
	maxRecord = 1 << 20

	// snapshotEvery is how many blocks a log has before it begins anew with a snapshot: two hours of empty blocks, and some
	// seconds of work for whoever opens the chain after a crash. It is 10 MB of transfers, 1 GB of the largest messages.
	snapshotEvery = 1 << 14

	// maxSnapshot and maxSnapshotCells bound what is read of a chain's directory: keepTransactions of 20 cells each, and as
	// much again for everything else.
	maxSnapshot      = 512 << 20
	maxSnapshotCells = 1 << 23

	// maxHTTPBody is the largest request to the HTTP API: an external message in base64, and the JSON around it.
	maxHTTPBody = maxExternal*4/3 + 8<<10

	// httpTimeout bounds reading a request, and answering it: everything is in memory.
	httpTimeout = 10 * time.Second

	// httpTransactions is how many transactions one HTTP answer has at most, and httpAccounts how many accounts.
	httpTransactions = 100
	httpAccounts     = 100
)
