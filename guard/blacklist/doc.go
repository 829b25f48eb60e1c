// Package blacklist is the form of lists of addresses that should not be paid, as their publishers sign them: text, so that people and
// their tools can read and compare lists, with a header of fixed lines that names and signs the rows.
//
//	mpcnode-blacklist/v1
//	source	scam-watch
//	sequence	12
//	generated	1790000000
//	count	2
//	rows	<SHA-256 of all that follows the empty line, 64 hex digits>
//	signature	<ed25519 over Digest, 128 hex digits>
//
//	0:<64 hex digits>	high	drains wallets
//	-1:<64 hex digits>	low
//
// Tabs separate, every line ends with a line feed, and a row is a raw address, a severity and a reason, which may be empty. The order of
// rows means nothing, and no address has two. Who reads the header knows what was signed, so the rows can be taken in as they come, and
// count for something once the last one's hash fits.
package blacklist
