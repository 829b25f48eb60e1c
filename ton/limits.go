package ton

// Caps on what is read from outside (facts: a bag of cells of 7 KB can hold 4^500 paths, so cells are also counted
// once each, never by path).
const (
	maxPayloadBytes = 60 << 10 // a validator takes external messages up to 64 KiB (ext_msg_limits, config param 43); the rest is for header, signature and StateInit
	maxPayloadCells = 4096     // 255 messages of 16 cells; more than a block would carry
	maxPayloadDepth = 512      // external messages may be this deep (config param 43)
	maxMessages     = 255      // C5 action list, of TVM and V5R1
	maxMessageCells = 64       // a transfer with the longest comment needs 10; also caps a message at 64 × 1,023 bits, below 8 KiB
	maxHops         = 3        // exchanges that one swap passes; more can't be judged by the last one's minimum
	maxCommentBytes = 1024     // what a person can be asked to read before approving

	maxLibraries = 16        // a contract uses one or two
	maxGetterGas = 1_000_000 // what liteservers allow a get method
	maxResults   = 256       // get methods return up to 20 values

	maxExternalBytes = 64 << 10 // ext_msg_limits of config param 43: the chain takes none that is larger
	// MaxPolicyData bounds what a policy wallet is deployed with: some 256 destinations. It is a part of the wallet's record, and
	// goes along with its first message.
	MaxPolicyData = 24 << 10

	maxConfigBytes = 4 << 20 // mainnet's whole configuration, validator sets included, is below 1 MiB
)
