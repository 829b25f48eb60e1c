package audit

const (
	// maxEntry bounds an encoded entry, in bytes: a decision with every verdict of a payload is about 2 KiB, and values
	// that stay small keep the ledger's value log idle.
	maxEntry = 32 << 10

	// maxDetails bounds the named values of an entry: eight layers with a few verdicts each are far below.
	maxDetails = 128

	// maxRequest bounds a request id, which is part of a ledger key; ids have at most 64 bytes.
	maxRequest = 64
)
