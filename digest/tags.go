package digest

// The tags in use. Each is followed by the fields it covers, in order.
const (
	Manifest   Tag = "manifest/v1"    // the network: block in canonical form; its digest is the network id
	ShareID    Tag = "share-id"       // network, key, epoch, party
	ChainCode  Tag = "chain-code/v1"  // session, reveals in party order
	Reveal     Tag = "reveal/v1"      // session, party, secret: the commitment to a chain code contribution
	Echo       Tag = "echo/v1"        // session, round, hashes of what each party sent, in party order
	Confirm    Tag = "confirm/v1"     // the confirm body of a keygen
	KeyTest    Tag = "key-test/v1"    // network, key, epoch, signers
	Ceremony   Tag = "ceremony/v1"    // the proposal with all its terms
	Approve    Tag = "approve/v1"     // ceremony digest, party, operator, expires
	Session    Tag = "session/v1"     // see node/wire.SessionTerms
	Order      Tag = "order/v1"       // request id, party
	RequestID  Tag = "request/v1"     // network, agent, idempotency key
	Body       Tag = "body/v1"        // request id, SHA-256 of the exact HTTP body
	Query      Tag = "query/v1"       // request digest: the source of query ids
	Statement  Tag = "statement/v1"   // network, kind, party, body: what a party's identity key signs
	Trip       Tag = "trip/v1"        // network, every field of a trip but its signature
	Trips      Tag = "trips/v1"       // sorted ids of the trips in force
	Lift       Tag = "lift/v1"        // network, sorted trip ids, expires
	Policy     Tag = "policy/v1"      // the exact bytes of a bundle's document
	PolicySign Tag = "policy-sign/v1" // network, party, policy hash: what a policy admin signs
	Operator   Tag = "operator/v1"    // network, party, kind, record: what an operator signs
	Vault      Tag = "vault/v1"       // network, key, party, epoch: associated data of a sealed share
	Effects    Tag = "effects/v1"     // network, wallet, per message: destination, value, bounce, mode, body hash, StateInit hash
	Broadcast  Tag = "broadcast/v1"   // session, round, party, body: one broadcast of a keygen, as the echo compares it
	Blacklist  Tag = "blacklist/v1"   // source, sequence, generated, count, SHA-256 of the rows: what a list's publisher signs
	Quote      Tag = "quote/v1"       // feed, asset, price, sequence, at: what a price feed signs
	VaultPage  Tag = "vault-page/v1"  // network, party, cost and salt of its key: associated data of the page of file keys

	PolicyShadow Tag = "policy-shadow/v1" // network, party, policy hash: what a policy admin signs to have a bundle judged beside the one in force
	PolicyCancel Tag = "policy-cancel/v1" // network, party, policy hash: what a policy admin signs to cancel a bundle that waits
)
