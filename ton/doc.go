// Package ton is what this project knows about TON: addresses, amounts, wallets, building the cell that is signed,
// reading it back to its whole meaning, and running it before anything is signed. It is pure: no network, no clock,
// no disk; package chain beside it fetches what these functions judge.
//
// The bytes are the truth. Decode reads a payload completely or refuses it, and the hash that is signed is computed
// over cells that Decode walked. It does not promise to understand every wallet or operation: what has no meaning
// here is refused by name.
package ton
