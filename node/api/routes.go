package api

import (
	"net/http"
	"strings"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
)

// The people of a party, by what they may do here. A key that has two roles bears the first of node.Caller's, so a
// record that one role signs may be brought by the others: its own signature decides.
var (
	agents    = []node.Role{node.RoleAgent}
	operators = []node.Role{node.RoleOperator}
	admins    = []node.Role{node.RoleOperator, node.RoleAdmin}
	auditors  = []node.Role{node.RoleOperator, node.RoleAuditor}
	people    = []node.Role{node.RoleOperator, node.RoleAdmin, node.RoleAuditor}
	anyPerson = []node.Role{node.RoleOperator, node.RoleAdmin, node.RoleAuditor, node.RoleTripper} // anyone can stop
	readers   = []node.Role{node.RoleAgent, node.RoleOperator, node.RoleAdmin, node.RoleAuditor}
	senders   = []node.Role{node.RoleAgent, node.RoleOperator}
	observers = []node.Role{node.RoleAgent, node.RoleOperator, node.RoleAuditor}
)

// route is one signed call: who may make it, and what it does. A call that is not listed doesn't exist, and a role that
// is not listed may not make it.
type route struct {
	method, path string
	id, summary  string
	roles        []node.Role
	takes        any  // the type of its body, for the description
	carried      bool // to every party, as it was signed: the node verifies it, and takes the token, itself
	bind         binding
}

func (r route) pattern() string { return r.method + " " + r.path }

// policy reports whether a whole policy is its body.
func (r route) policy() bool { return r.method == post && strings.HasPrefix(r.path, "/v1/policies") }

func (r route) admits(role node.Role) bool {
	for _, may := range r.roles {
		if role == may && role != node.RoleNone {
			return true
		}
	}
	return false
}

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// importPath takes a large list in many calls, of which each is cheap: they are counted as reads are.
const importPath = "/v1/blacklist/import"

var routes = []route{
	{post, "/v1/requests", "send", "Ask for a signature", agents, client.Request{}, true, calls((*server).send)},
	{post, "/v1/requests:simulate", "simulate", "Ask what the guard would decide; nothing is kept", observers, client.Request{}, true, calls((*server).simulate)},
	{get, "/v1/requests", "requests", "List the requests decided last, newest first", auditors, nil, false, calls((*server).requests)},
	{get, "/v1/requests/{id}", "request", "Show a request", observers, nil, false, calls((*server).request)},

	{post, "/v1/requests/{id}/signature", "takeSignature", "Bring the signature of the wallet's owner", senders, client.OwnerSignature{}, false, calls((*server).takeSignature)},

	{post, "/v1/requests/{id}/approval", "requestApproval", "Ask people to approve a request that waits for it", senders, nil, false, calls((*server).requestApproval)},
	{post, "/v1/messages", "broadcast", "Send a complete signed external message, such as an owner's order, to the chain", operators, client.Message{}, false, calls((*server).broadcast)},

	{get, "/v1/wallets", "wallets", "List wallets; an agent sees those it may use", readers, nil, false, calls((*server).wallets)},
	{get, "/v1/wallets/{id}", "wallet", "Show a wallet and its account", readers, nil, false, calls((*server).wallet)},
	{post, "/v1/wallets", "createWallet", "Enter a wallet that the operator signed", operators, client.Signed{}, false, enters((*node.Node).EnterWallet)},
	{get, "/v1/agents", "agents", "List agents", people, nil, false, calls((*server).agents)},
	{post, "/v1/agents", "enrolAgent", "Enter an agent's enrolment that the operator signed", operators, client.Signed{}, false, enters((*node.Node).EnterAgent)},
	{get, "/v1/policies", "policy", "Show the policy in force, and the one that waits", people, nil, false, calls((*server).policy)},
	{post, "/v1/policies", "applyPolicy", "Enter a policy that policy admins signed: in force at once, or after a wait if it allows more", admins, client.Signed{}, false, enters((*node.Node).EnterPolicy)},
	{post, "/v1/policies:shadow", "shadowPolicy", "Have a policy judged beside the one in force, as a policy admin signed it; it decides nothing", admins, client.Signed{}, false, enters((*node.Node).EnterShadow)},
	{post, "/v1/policies:cancel", "cancelPolicy", "Stop the policy that waits, as a policy admin signed it", admins, client.Signed{}, false, enters((*node.Node).EnterPolicyCancellation)},

	{get, "/v1/keys", "keys", "List keys of which every party holds an active share", people, nil, false, calls((*server).keys)},
	{get, "/v1/keygens", "keygens", "List key generations", people, nil, false, calls((*server).keygens)},
	{post, "/v1/keygens", "proposeKeygen", "Propose a key generation, with this party's operator's approval", operators, client.Signed{}, false, calls((*server).propose)},
	{post, "/v1/keygens/{id}/approve", "approveKeygen", "Approve a key generation, as this party's operator signed it", operators, client.Signed{}, false, calls((*server).approve)},

	{get, "/v1/kill", "trips", "List the orders to stop that stand here", anyPerson, nil, false, calls((*server).trips)},
	{post, "/v1/kill", "trip", "Stop what a signed order names; answered once this node has stopped", anyPerson, client.Signed{}, false, calls((*server).trip)},
	{post, "/v1/kill/lift", "lift", "Lift orders to stop, as operators of two parties signed it", operators, client.Signed{}, false, enters((*node.Node).EnterLift)},

	{get, "/v1/blacklist", "blacklist", "List the addresses that should not be paid", people, nil, false, calls((*server).blacklist)},
	{get, "/v1/blacklist/{address}", "onBlacklist", "Show what the blacklist says of an address", people, nil, false, calls((*server).onBlacklist)},
	{post, "/v1/blacklist", "setBlacklist", "Put an address on the blacklist, or take it off, as the operator or policy admin signed it", admins, client.Signed{}, false, enters((*node.Node).EnterBlacklist)},
	{post, importPath, "importList", "Bring the next rows of a list that its publisher signed", admins, client.ListChunk{}, false, calls((*server).importList)},
	{get, "/v1/feeds", "feeds", "Show the last quotes of the price feeds and what follows from them", people, nil, false, calls((*server).feeds)},
	{post, "/v1/feeds", "quote", "Bring a price that its feed signed", readers, client.Quote{}, false, takesBody((*node.Node).EnterQuote)},

	{get, "/v1/audit", "audit", "Read the audit log, oldest first", auditors, nil, false, calls((*server).audit)},
	{get, "/v1/health", "health", "Show the node's own state", people, nil, false, calls((*server).health)},
}
