package guard

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync/atomic"

	"github.com/tonaiagent/mpcnode/guard/kill"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/ton"
)

// Config is what a guard knows for good: the network it belongs to, and the node's own tightening.
type Config struct {
	Party    string   // whose guard this is
	Network  [32]byte // network id
	Parties  []Party
	Need     int      // how many sign: at least 2
	Required []string // parties among the signers of every session
	GlobalID int32    // of the chain: −239 mainnet, −3 testnet

	// Accounting are the parties that must have reserved a payload of a wallet without a seqno before anyone signs it: as
	// many as sign, so that one is honest. None: such a wallet can't be entered.
	Accounting []string

	MaxTransaction *ton.Nano // MAX_TRANSACTION_TON; tightens every agent's limit, never widens one
	MaxDaily       *ton.Nano // MAX_DAILY_TON; the same for 24 h
	MaxRiskScore   int       // MAX_RISK_SCORE, 1 to 100; 0: none
}

// Party is one party's section of the manifest: ed25519 public keys, RFC 8032.
type Party struct {
	Name         string
	Operators    [][32]byte
	PolicyAdmins [][32]byte
	Trippers     [][32]byte
	Identity     [32]byte
}

// Guard is one node's guard. Its methods don't share state but through the Tx they are given, and may be called from
// several goroutines, each with its own Tx.
type Guard struct {
	cfg     Config
	bundle  atomic.Pointer[policy.Bundle] // the bundle in force, parsed last and found again by its hash
	pending atomic.Pointer[policy.Bundle] // the same of the one that waits
	shadow  atomic.Pointer[policy.Bundle] // and of the shadow
}

// New checks cfg and returns a guard.
func New(cfg Config) (*Guard, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("guard: %w", err)
	}
	return &Guard{cfg: cfg}, nil
}

func (c Config) check() error {
	switch {
	case c.Network == [32]byte{}:
		return errors.New("network id is missing")
	case c.GlobalID == 0:
		return errors.New("global id of the chain is missing")
	case len(c.Parties) > maxParties:
		return fmt.Errorf("%d parties, at most %d", len(c.Parties), maxParties)
	case c.Need < 2 || c.Need > len(c.Parties):
		return fmt.Errorf("%d of %d parties sign: wants at least 2 and at most all", c.Need, len(c.Parties))
	case len(c.Required) > c.Need:
		return errors.New("more required parties than signers")
	case len(c.Accounting) > 0 && len(c.Accounting) != c.Need:
		return fmt.Errorf("%d accounting parties: want none, or as many as sign, %d", len(c.Accounting), c.Need)
	}
	names := make([]string, 0, len(c.Parties))
	for _, p := range c.Parties {
		if !validID(p.Name) || slices.Contains(names, p.Name) {
			return fmt.Errorf("party %q: not an id, or named twice", p.Name)
		}
		names = append(names, p.Name)
	}
	for _, name := range slices.Concat([]string{c.Party}, c.Required, c.Accounting) {
		if !slices.Contains(names, name) {
			return fmt.Errorf("%q is not one of the parties", name)
		}
	}
	if distinct := slices.Compact(slices.Sorted(slices.Values(c.Accounting))); len(distinct) != len(c.Accounting) {
		return errors.New("an accounting party is named twice")
	}
	return c.checkKeys()
}

// checkKeys refuses a key that two parties list: one person would be two.
func (c Config) checkKeys() error {
	owner := map[[32]byte]string{}
	for _, p := range c.Parties {
		if len(p.Operators) > maxKeys || len(p.PolicyAdmins) > maxKeys || len(p.Trippers) > maxKeys {
			return fmt.Errorf("party %s: more than %d keys of a kind", p.Name, maxKeys)
		}
		for _, k := range slices.Concat(p.Operators, p.PolicyAdmins, p.Trippers, [][32]byte{p.Identity}) {
			if k == [32]byte{} {
				return fmt.Errorf("party %s: a key is missing", p.Name)
			}
			if o, taken := owner[k]; taken && o != p.Name {
				return fmt.Errorf("parties %s and %s list the same key", o, p.Name)
			}
			owner[k] = p.Name
		}
	}
	return nil
}

func (g *Guard) party(name string) (Party, bool) {
	i := slices.IndexFunc(g.cfg.Parties, func(p Party) bool { return p.Name == name })
	if i < 0 {
		return Party{}, false
	}
	return g.cfg.Parties[i], true
}

// self is this node's own party; New made sure that there is one.
func (g *Guard) self() Party {
	p, _ := g.party(g.cfg.Party)
	return p
}

func (g *Guard) isOperator(by kill.By) bool {
	p, ok := g.party(by.Party)
	return ok && slices.Contains(p.Operators, by.Key)
}

func (g *Guard) mayTrip(by kill.By) bool {
	p, ok := g.party(by.Party)
	return ok && (by.Key == p.Identity || slices.Contains(p.Trippers, by.Key) || slices.Contains(p.Operators, by.Key))
}

// testnet tells whether friendly addresses that are flagged test-only are read.
func (g *Guard) testnet() bool { return g.cfg.GlobalID != mainnet }

const mainnet = -239

var id = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// validName is the form of names of programs and exchanges.
var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9_]{0,63}$`)

// requestID is the form of ids made by Intent.For.
var requestID = regexp.MustCompile(`^r-[0-9a-f]{32}$`)

func validID(s string) bool { return id.MatchString(s) }
