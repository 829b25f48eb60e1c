package node

import (
	"context"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/kill"
	"github.com/tonaiagent/mpcnode/p2p"
	"github.com/tonaiagent/mpcnode/ton/chain"
)

// Health is this node's own state.
type Health struct {
	Party   string
	Network [32]byte
	Missing []string // what keeps it from signing; empty: ready
	// Warnings are what somebody should look at although the node may sign.
	Warnings []string
	Peers    []p2p.Status
	Head     chain.Head
	HeadErr  error
	Audit    uint64
	Policy   Policy
	Trips    []kill.Trip
}

// Health looks at every part.
func (n *Node) Health(ctx context.Context) (h Health, err error) {
	h = Health{Party: n.self, Network: n.network, Audit: n.auditSize()}
	if h.Policy, err = n.Policy(ctx); err != nil {
		return h, err
	}
	if h.Trips, err = n.Trips(ctx); err != nil {
		return h, err
	}
	if n.isOnline() {
		h.Peers = n.net.Peers()
	}
	h.Head, h.HeadErr = n.chain.Head(ctx)
	h.Missing, h.Warnings = n.missing(h), append(h.Policy.warning(), n.warnings.list()...)
	return h, nil
}

// missing names what keeps the node from signing.
func (n *Node) missing(h Health) (missing []string) {
	up := 1
	for _, p := range h.Peers {
		if p.Up && n.clocks.of(p.Party).Abs() <= maxPeerSkew {
			up++
		}
	}
	if up < n.manifest.Need {
		missing = append(missing, fmt.Sprintf("peers: %d of the %d parties that must sign are here", up, n.manifest.Need))
	}
	if h.HeadErr != nil {
		missing = append(missing, "chain: "+h.HeadErr.Error())
	} else if skew := n.env.Now().Sub(h.Head.Time); skew.Abs() > time.Minute {
		missing = append(missing, fmt.Sprintf("clock: %s from the chain's", skew.Round(time.Second)))
	}
	if n.emulator.Load() == nil {
		missing = append(missing, "chain: the blockchain's configuration was not read yet")
	}
	if h.Policy.Version == 0 {
		missing = append(missing, "policy: none is applied, so everything is denied")
	}
	for _, t := range h.Trips {
		if t.Scope == kill.Network {
			missing = append(missing, "stopped: trip "+t.ID)
		}
	}
	n.spawnMu.Lock()
	defer n.spawnMu.Unlock()
	if n.stopping {
		missing = append(missing, "stopping")
	}
	return missing
}

// auditSize returns the number of entries in the audit log.
func (n *Node) auditSize() uint64 {
	if n.ledger == nil {
		return 0
	}
	size, _ := n.ledger.Head()
	return size
}

func (n *Node) isOnline() bool {
	select {
	case <-n.online:
		return true
	default:
		return false
	}
}

// AuditQuery selects entries of the audit log, newest last. The zero value selects the first hundred.
type AuditQuery struct {
	From    uint64 // sequence number
	Limit   int    // at most 1,000
	Request string // only of this request
	Type    string // only of this event type
}

// Audit returns entries of this node's audit log.
func (n *Node) Audit(ctx context.Context, q AuditQuery) (entries []audit.Entry, err error) {
	if q.Limit <= 0 || q.Limit > 1000 {
		q.Limit = 100
	}
	take := func(e audit.Entry) bool {
		if q.Type == "" || string(e.EventType) == q.Type {
			entries = append(entries, e)
		}
		return len(entries) < q.Limit
	}
	if q.Request != "" {
		err = n.ledger.RequestEntries(ctx, q.Request, q.From, maxListed, take)
	} else {
		err = n.ledger.Entries(ctx, q.From, maxListed, take)
	}
	return entries, err
}
