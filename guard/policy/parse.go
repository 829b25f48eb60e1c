package policy

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/strictyaml"
	"github.com/tonaiagent/mpcnode/ton"
)

// document is the YAML as it is written.
type document struct {
	// Version is above that of every document before, be it in force, replaced or cancelled. The first is 1.
	Version uint64 `yaml:"version"`
	// Parent is the hash of the document in force, which `mpcctl policy show` prints. Empty for the first.
	Parent string `yaml:"parent"`
	// Quorum is how many of the party's policy admins sign the next document, and this one if it is the first; at most as many as there
	// are. Default: 1.
	Quorum *uint32 `yaml:"quorum"`
	// LoosenDelay is how long the next document waits if it allows more in any point than this one, 0s to 720h in whole seconds. Default: 24h.
	LoosenDelay *delay `yaml:"loosenDelay"`
	// Contracts are those whose operations this party vouches for, at most 256.
	Contracts []contract `yaml:"contracts"`
	// Risk is how risk and anomalies are judged. Default: as the product does.
	Risk *riskFields `yaml:"risk"`
	// Validators are asked for an opinion on requests, at most 16. What they think can refuse a request, and allows nothing.
	Validators []*validator `yaml:"validators"`
	// Lists are the publishers of blacklists whose signed lists this node takes, by their source, at most 16. What an imported list says
	// counts as long as its source is named here.
	Lists map[string]*listFields `yaml:"lists"`
	// Feeds are the sources of prices, at most 16. What two or more of them say alike is the market.
	Feeds map[string]*feedFields `yaml:"feeds"`
	// Agents are what each agent may do, at most 1024. One that is not named may do nothing.
	Agents map[string]*permissionSet `yaml:"agents"`
	// TimeZone is that of the rules' hour and weekday, such as Europe/Berlin. Default: UTC.
	TimeZone zone `yaml:"timeZone"`
	// Rules deny, escalate or allow what meets their conditions, at most 1024.
	Rules []rule `yaml:"rules"`
}

// Parse reads a document strictly: unknown and duplicate keys, anchors, a second document, wrong types, amounts that
// aren't quoted, tickers of jettons and incomplete custom sets are mistakes. The error is of type strictyaml.Mistakes:
// all of them, each with line and column.
func Parse(b []byte) (*Bundle, error) {
	if len(b) > maxDocument {
		return nil, strictyaml.Mistakes{{Problem: fmt.Sprintf("larger than %d bytes", maxDocument)}}
	}
	doc, err := strictyaml.Parse(b)
	if err != nil {
		return nil, err
	}
	var d document
	unread := doc.Decode(&d)
	bundle, problems := d.bundle()
	if err := meant(unread, problems, doc.At); err != nil {
		return nil, err
	}
	bundle.Hash = Hash(b)
	return bundle, nil
}

// problem is one thing that is wrong with what a document says, at a path.
type problem struct{ path, text string }

func tooMany(path string, n, most int) problem {
	return problem{path, fmt.Sprintf("%d are listed, at most %d may be", n, most)}
}

func (d document) bundle() (b *Bundle, problems []problem) {
	b = &Bundle{Version: d.Version, Quorum: 1, LoosenDelay: defaultLoosenDelay, agents: make(map[string]Permissions, len(d.Agents))}
	if d.Version == 0 {
		problems = append(problems, problem{"version", "missing; the first is 1"})
	}
	if d.Parent != "" {
		if n, err := hex.Decode(b.Parent[:], []byte(d.Parent[:min(len(d.Parent), 66)])); err != nil || n != 32 || len(d.Parent) != 64 {
			problems = append(problems, problem{"parent", "want the 64 hex digits of a bundle's hash"})
		}
	}
	if d.Quorum != nil {
		if b.Quorum = int(*d.Quorum); b.Quorum < 1 || b.Quorum > maxQuorum {
			problems = append(problems, problem{"quorum", fmt.Sprintf("want 1 to %d", maxQuorum)})
		}
	}
	if d.LoosenDelay != nil {
		b.LoosenDelay = time.Duration(*d.LoosenDelay)
	}
	risk, wrong := d.Risk.resolve()
	b.risk, problems = risk, append(problems, wrong...)
	if len(d.Agents) == 0 || len(d.Agents) > maxAgents {
		problems = append(problems, problem{"agents", fmt.Sprintf("want 1 to %d", maxAgents)})
	}
	if len(d.Contracts) > maxContracts {
		problems = append(problems, tooMany("contracts", len(d.Contracts), maxContracts))
	}
	for _, c := range d.Contracts {
		b.contracts = append(b.contracts, ton.Vouched(c))
	}
	problems = slices.Concat(problems, d.readLists(b), d.readFeeds(b))
	for id, set := range d.Agents { // in any order: the mistakes are sorted
		if !agentID.MatchString(id) || set == nil {
			problems = append(problems, problem{fmt.Sprintf("agents.%.70s", id), "want an id (a-z, 0-9 and -, at most 64) with permissions"})
			continue
		}
		b.agents[id] = set.resolved
	}
	rules, wrong := d.ruleBook()
	b.rules = rules
	return b, slices.Concat(problems, wrong, d.validators(b))
}

var agentID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
