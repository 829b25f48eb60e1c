package node

import (
	"context"
	"crypto/ed25519"
	"slices"
	"strings"

	"github.com/tonaiagent/mpcnode/node/reqsig"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// Role is what a caller may do at this node. The zero value may do nothing.
type Role string

const (
	RoleNone     Role = ""
	RoleAgent    Role = "agent"        // ask for signatures, see its own requests
	RoleOperator Role = "operator"     // of this party: everything that needs no other signature
	RoleAdmin    Role = "policy_admin" // of this party: policy
	RoleAuditor  Role = "auditor"      // of this party: read
	RoleTripper  Role = "tripper"      // of any party: stop
)

// Caller is who signed a call.
type Caller struct {
	Role  Role
	Agent string   // of an agent
	Key   wire.Key // of a person
}

// personPrefix begins the key id of an enrolled person's signature.
const personPrefix = "key:"

// Authenticate returns who signed a call, freshly. People's keys are in the manifest; a person of another party may stop
// this node and nothing else.
func (n *Node) Authenticate(ctx context.Context, e reqsig.Envelope) (Caller, error) {
	keyID, err := e.KeyID()
	if err != nil {
		return Caller{}, unsigned(err)
	}
	if err := e.Fresh(n.env.Now()); err != nil {
		return Caller{}, &Problem{Status: 401, Code: "signature_stale", Detail: err.Error()}
	}
	if strings.HasPrefix(keyID, agentPrefix) {
		a, err := n.signer(ctx, e)
		return Caller{Role: RoleAgent, Agent: a.ID}, err
	}
	var k wire.Key
	hex, ok := strings.CutPrefix(keyID, personPrefix)
	if !ok || k.UnmarshalText([]byte(hex)) != nil {
		return Caller{}, problemf(401, "bad_signature", "keyid is neither %s<id> nor %s<64 hex digits>", agentPrefix, personPrefix)
	}
	role := n.role(k)
	if role == RoleNone {
		return Caller{}, problemf(401, "unknown_key", "key %s is not enrolled at %s", k, n.self)
	}
	if err := e.Verify(ed25519.PublicKey(k[:])); err != nil {
		return Caller{}, unsigned(err)
	}
	return Caller{Role: role, Key: k}, nil
}

func (n *Node) role(k wire.Key) Role {
	own, _ := n.manifest.Party(n.self)
	switch {
	case slices.Contains(own.Operators, k):
		return RoleOperator
	case slices.Contains(own.PolicyAdmins, k):
		return RoleAdmin
	case slices.Contains(own.Auditors, k):
		return RoleAuditor
	}
	for _, p := range n.manifest.Parties {
		if slices.Contains(p.Trippers, k) || slices.Contains(p.Operators, k) {
			return RoleTripper
		}
	}
	return RoleNone
}

// TakeToken takes one of the caller's tokens.
func (n *Node) TakeToken(ctx context.Context, c Caller) error {
	if c.Role == RoleAgent {
		return n.takeToken(ctx, c.Agent, "")
	}
	return n.takeFrom(c.bucket(), Allowance{})
}

// TakeRead takes one of the caller's reads.
func (n *Node) TakeRead(c Caller) error {
	return n.takeFrom("read "+c.bucket(), Allowance{PerSecond: readsPerSecond, Burst: readBurst})
}

// bucket names the caller among the tokens.
func (c Caller) bucket() string {
	if c.Role == RoleAgent {
		return agentPrefix + c.Agent
	}
	return personPrefix + c.Key.String()
}
