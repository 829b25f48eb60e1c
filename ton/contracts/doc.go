// Package contracts is the policy wallet: a contract whose spender is bound by limits, a list of destinations and an
// owner, on chain. Its source is policy-wallet.tolk beside this file; the code is embedded and its hash pinned.
//
// State is what an account of it keeps, Spend what its spender signs; Order is what its owner sends. Check says before
// anything is signed what the contract would say after: the same refusal, with the same exit code. Everything is read
// completely or refused, and encodes to the bytes it was read from.
//
// It is pure: no network, no clock, no disk. The contract has not been audited by a third party; docs/contract.md says
// what it promises.
package contracts
