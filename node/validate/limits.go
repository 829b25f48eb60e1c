package validate

// Bounds on what a validator can cost a node. How long it is waited for, its entry in the policy says.
const (
	maxAnswer   = 64 << 10 // bytes of a body: an opinion with the reasoning behind it
	maxHeader   = 16 << 10 // bytes of a response's header
	maxInFlight = 32       // questions under way; more wait, each until its own deadline
	maxIdle     = 4        // connections kept open to one validator
)
