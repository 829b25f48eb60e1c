package audit

// EventType names what happened. The names are part of the format: they are never reused for something else.
type EventType string

// What a node records. Those of transactions that have an effect in common with the product document bear its names.
const (
	TransactionAuthorized  EventType = "transaction_authorized"  // this node's own effect is allow; reserved
	TransactionDenied      EventType = "transaction_denied"      // any other effect; never reserved
	TransactionReleasing   EventType = "transaction_releasing"   // the last message of this node may leave
	TransactionSigned      EventType = "transaction_signed"      // a verified signature exists
	TransactionFailed      EventType = "transaction_failed"      // an attempt or a request ended without one
	TransactionExecuted    EventType = "transaction_executed"    // the chain ran a payload
	TransactionDead        EventType = "transaction_dead"        // a payload is proven never to run
	TransactionUnexplained EventType = "transaction_unexplained" // the chain ran what this node has no record of
	TransactionByOwner     EventType = "transaction_by_owner"    // a wallet's owner signed without asking
	TransactionExplained   EventType = "transaction_explained"   // the agent's request for it was verified afterwards
	ContractOrdered        EventType = "contract_ordered"        // a policy wallet did what its owner or guardian ordered
	ContractChanged        EventType = "contract_changed"        // a policy wallet's policy, spender or freeze is another than before
	KillRaised             EventType = "kill_raised"
	KillLifted             EventType = "kill_lifted"
	PolicyApplied          EventType = "policy_applied"   // in force
	PolicyPending          EventType = "policy_pending"   // loosens something, and waits
	PolicyDropped          EventType = "policy_dropped"   // waited, and another one took its place
	PolicyCancelled        EventType = "policy_cancelled" // waited, and a policy admin stopped it
	ShadowStarted          EventType = "shadow_started"   // a policy is judged beside the one in force
	ShadowEnded            EventType = "shadow_ended"
	WalletCreated          EventType = "wallet_created"
	AgentCreated           EventType = "agent_created"
	AgentSuspended         EventType = "agent_suspended"
	KeyProposed            EventType = "key_proposed"
	KeyApproved            EventType = "key_approved" // by an operator: the ceremony may run
	KeyPrepared            EventType = "key_prepared" // share on disk, certificate incomplete
	KeyActivated           EventType = "key_activated"
	KeyTested              EventType = "key_tested" // a permit for the one test signature of a set of signers
	KeyDiscarded           EventType = "key_discarded"
	BlacklistAdded         EventType = "blacklist_added"
	BlacklistRemoved       EventType = "blacklist_removed"  // ends once the delay is over
	BlacklistImported      EventType = "blacklist_imported" // a published list is in force
	PeerEquivocated        EventType = "peer_equivocated"
	NodeStarted            EventType = "node_started"
	NodeStopped            EventType = "node_stopped"
)

// Outcome is how it ended for who asked.
type Outcome string

// The outcomes.
const (
	Success Outcome = "success"
	Denied  Outcome = "denied"  // the guard said no: the system did its work
	Failure Outcome = "failure" // the system could not do its work
)

// Severity is who should care.
type Severity string

// The severities, from the least.
const (
	Info     Severity = "info"
	Warning  Severity = "warning"
	Error    Severity = "error"
	Critical Severity = "critical"
)
