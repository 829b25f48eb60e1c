// Package wire holds what parties say to each other: the manifest that names them, the messages of the request flow and
// of ceremonies, and the statements they sign. Everything is deterministic CBOR (package digest) and is decoded
// strictly. The golden file in testdata freezes every type; a format changes only by adding a version.
//
// A value decoded here is well-formed and no more: who sent it is the authenticated peer, never a field, and whether it
// is true is for the receiver to check.
package wire
