package policy

import (
	"maps"
	"slices"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/ton"
)

// Bundle is one parsed document.
type Bundle struct {
	Version uint64   // rises with every bundle of a party
	Parent  [32]byte // hash of the bundle it replaces; zero for the first
	Hash    [32]byte // of the document's exact bytes

	agents    map[string]Permissions
	contracts []ton.Vouched
	lists     map[string][32]byte // by source: the key that signs its blacklists
	feeds     []Feed              // by rising id
}

// Contracts returns what the party vouches for: from these contracts the nodes prove what others are.
func (b *Bundle) Contracts() []ton.Vouched { return slices.Clone(b.contracts) }

// Permissions returns what the bundle allows an agent, and whether it names the agent at all.
func (b *Bundle) Permissions(agent string) (Permissions, bool) {
	p, ok := b.agents[agent]
	return p, ok
}

// Agents returns the ids the bundle names, sorted.
func (b *Bundle) Agents() []string { return slices.Sorted(maps.Keys(b.agents)) }

// Hash returns the hash by which a document is known in decisions, permits and sessions.
func Hash(document []byte) [32]byte { return digest.Sum(digest.Policy, document) }

// SigningDigest returns what a policy admin of a party signs to put a document in force there.
func SigningDigest(network [32]byte, party string, document []byte) [32]byte {
	return digest.Sum(digest.PolicySign, network, party, Hash(document))
}
