// Package guard decides whether this node signs. It is pure: what it judges comes in as a [Case], what it remembers
// goes through a [Tx], and time is an argument. Every decision, with all its verdicts, becomes an audit entry in the
// same transaction as what it changes.
//
// The order of calls for one request is
//
//	Observe   what the chain executed, until the mirror has reached the proven account state
//	Decide    the layers in order; an allow reserves the payload
//	Permit    from the reservation on disk, for one attempt: the only thing for which the vault opens a share
//	Release   right before the one message that could complete a signature
//
// Layers are kill, intent (1), strategy (2), policy (4), limits (5), rate (6) and simulation (8). Kill and intent stop the line; the
// others all run, so that an operator sees every reason.
//
// The chain is the accountant: what left a wallet is read from its transactions, and one payload a seqno can execute,
// so each honest node alone keeps a wallet within its limits. The guard promises nothing about an account whose state
// was not proven to it.
package guard
