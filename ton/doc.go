// Package ton is what this project knows about TON: addresses, amounts, wallets, building the cell that is signed,
// reading it back to its whole meaning, and running it before anything is signed. It is pure: no network, no clock,
// no disk; package chain beside it fetches what these functions judge.
//
// The bytes are the truth. Decode reads a payload completely or refuses it, and the hash that is signed is computed
// over cells that Decode walked. What a body says by itself is a Message's Op and Detail; what it means is known only
// together with Facts about its destination, which others must prove. It does not promise to understand every wallet or
// operation: an unknown wallet is refused, an unknown operation is a contract call and never anything more harmless.
package ton
