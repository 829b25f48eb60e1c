package policy

import (
	"maps"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/ton"
)

// Bundle is one parsed document.
type Bundle struct {
	Version uint64   // rises with every bundle of a party
	Parent  [32]byte // hash of the bundle it replaces; zero for the first
	Hash    [32]byte // of the document's exact bytes

	Quorum      int           // how many of the party's policy admins sign the next one
	LoosenDelay time.Duration // how long the next one waits if it loosens something

	agents     map[string]Permissions
	contracts  []ton.Vouched
	risk       Risk
	rules      ruleBook
	validators []Validator
	lists      map[string][32]byte // by source: the key that signs its blacklists
	feeds      []Feed              // by rising id
}

// Risk returns how layers 3 and 7 judge.
func (b *Bundle) Risk() Risk { return b.risk }

// Contracts returns what the party vouches for: from these contracts the nodes prove what others are.
func (b *Bundle) Contracts() []ton.Vouched { return slices.Clone(b.contracts) }

// Permissions returns what the bundle allows an agent, and whether it names the agent at all.
func (b *Bundle) Permissions(agent string) (Permissions, bool) {
	p, ok := b.agents[agent]
	return p, ok
}

// Agents returns the ids the bundle names, sorted.
func (b *Bundle) Agents() []string { return slices.Sorted(maps.Keys(b.agents)) }

// Enrolled returns the ids of the agents that the bundle enrols, sorted.
func (b *Bundle) Enrolled() []string {
	return slices.DeleteFunc(b.Agents(), func(id string) bool { return b.agents[id].Enrolment == nil })
}

// Hash returns the hash by which a document is known in decisions, permits and sessions.
func Hash(document []byte) [32]byte { return digest.Sum(digest.Policy, document) }

// SigningDigest returns what a policy admin of a party signs to put a document in force there.
func SigningDigest(network [32]byte, party string, document []byte) [32]byte {
	return digest.Sum(digest.PolicySign, network, party, Hash(document))
}

// ShadowDigest returns what a policy admin of a party signs to have a document judged there beside the one in force; of no
// bytes, to end that. The revision counts what was signed so, so that nothing comes back.
func ShadowDigest(network [32]byte, party string, revision uint64, document []byte) [32]byte {
	return digest.Sum(digest.PolicyShadow, network, party, revision, Hash(document))
}

// CancelDigest returns what a policy admin of a party signs so that the bundle of that hash never comes into force there.
func CancelDigest(network [32]byte, party string, hash [32]byte) [32]byte {
	return digest.Sum(digest.PolicyCancel, network, party, hash)
}
