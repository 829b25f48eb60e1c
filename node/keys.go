package node

import (
	"github.com/tonaiagent/mpcnode/node/ceremony"
)

// Key is a threshold key and the ceremony that makes it, as this node sees them now.
type Key struct {
	ceremony.Ceremony
	State  ceremony.State
	Public [32]byte // zero until a party has confirmed a key
}

// Usable reports whether every party holds an active share.
func (k Key) Usable() bool { return k.State == ceremony.Active || k.State == ceremony.Ready }

// Keys returns the keys of all ceremonies, by name.
func (n *Node) Keys() []Key {
	var all []Key
	for _, c := range n.Ceremonies() {
		all = append(all, n.asKey(c))
	}
	return all
}

func (n *Node) key(id [32]byte) Key {
	c, _ := n.Ceremony(id)
	return n.asKey(c)
}

func (n *Node) asKey(c ceremony.Ceremony) Key {
	k := Key{Ceremony: c, State: c.State(n.self, n.env.Now())}
	if pub, err := PublicKey(c); err == nil {
		k.Public = pub
	}
	return k
}
