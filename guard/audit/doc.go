// Package audit says what an entry of a party's audit log is, how it is encoded and hashed, and keeps the right edge of
// the Merkle log that the entries form. It is pure: package store writes the entries, in the same transaction as the
// state they explain.
//
// The log is that of RFC 6962 section 2.1, as golang.org/x/mod/sumdb/tlog computes it, over the encoded entries; a
// [Tree] holds what is needed to go on appending, some 32 bytes a level, and never the entries themselves.
//
// A root proves order and content of everything before it to who kept the root elsewhere. It proves nothing about a
// log whose every copy of the root was replaced: that is what an anchor beside the ledger and the other parties are for.
package audit
