package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"net"
	"path/filepath"
	"slices"

	"github.com/goccy/go-yaml"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton/devchain"
)

const (
	devNeed  = 2
	devAgent = "agent-1"

	// devGlobalID is mainnet's, so that a local wallet has the address that other programs work out by default. The keys
	// are made for this network and must not be used on another.
	devGlobalID = -239
)

// devParties are the owners of a local network; the first is the one that agents ask.
var devParties = []string{"user", "platform", "backup"}

// party is one owner of a local network, in a directory of its own:
//
//	node.yaml  node.log  passphrase  data/  operator.key  policy-admin.key
type party struct {
	name, dir           string
	api, metrics, p2p   string // host:port
	operator, admin, id wire.Key
}

func (p *party) path(name string) string { return filepath.Join(p.dir, name) }
func (p *party) url() string             { return "http://" + p.api }

// layOut makes everything that three nodes need to start, under dir, and the contexts with which the tool speaks to them.
func layOut(dir string, lite *devchain.Server, trusted string) ([]*party, Contexts, error) {
	var parties []*party
	for _, name := range devParties {
		p := &party{name: name, dir: filepath.Join(dir, name)}
		if err := p.makeKeys(); err != nil {
			return nil, Contexts{}, err
		}
		parties = append(parties, p)
	}
	if err := giveAddresses(parties); err != nil {
		return nil, Contexts{}, err
	}
	var network [32]byte
	for _, p := range parties {
		id, err := p.writeConfig(parties, lite, trusted)
		if err != nil {
			return nil, Contexts{}, err
		}
		network = id
	}
	contexts, err := devContexts(dir, parties, network)
	return parties, contexts, err
}

// makeKeys makes the party's keys: of the node, of its people, and the passphrase that seals its shares.
func (p *party) makeKeys() error {
	id, err := node.CreateIdentity(p.path("data"))
	if err != nil {
		return err
	}
	operator, err := createKey(p.path("operator.key"))
	if err != nil {
		return err
	}
	admin, err := createKey(p.path("policy-admin.key"))
	if err != nil {
		return err
	}
	p.id, p.operator, p.admin = wire.Key(id), wire.Key(operator), wire.Key(admin)
	return writePrivate(p.path("passphrase"), []byte(rand.Text()+"\n"))
}

// giveAddresses finds a free port for everything that listens.
func giveAddresses(parties []*party) (err error) {
	var held []net.Listener
	defer func() {
		for _, l := range held {
			l.Close()
		}
	}()
	for _, p := range parties {
		for _, a := range []*string{&p.api, &p.metrics, &p.p2p} {
			l, err := freePort()
			if err != nil {
				return err
			}
			held = append(held, l)
			*a = l.Addr().String()
		}
	}
	return nil
}

// freePort holds a free port below those that systems give to outgoing connections, so that none of these takes it in
// the moment between our letting go of it and the node's listening.
func freePort() (net.Listener, error) {
	const low, high, tries = 20_000, 32_000, 64
	var errs []error
	for range tries {
		n, err := rand.Int(rand.Reader, big.NewInt(high-low))
		if err != nil {
			return nil, err
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", low+n.Int64()))
		if err == nil {
			return l, nil
		}
		errs = append(errs, err)
	}
	return nil, fmt.Errorf("find a free port: %w", errs[0])
}

// provenNetwork is the name of a local network whose nodes believe nothing that the liteserver can't prove.
const provenNetwork = "local"

// writeConfig writes the party's configuration, with the block that proofs start from if there is one, and returns the network id that follows from it.
func (p *party) writeConfig(parties []*party, lite *devchain.Server, trusted string) (network [32]byte, err error) {
	c := p.config(parties, lite)
	if trusted != "" {
		c.Network.Name = provenNetwork
		if err := c.Network.TrustedBlock.UnmarshalText([]byte(trusted)); err != nil {
			return network, fmt.Errorf("write configuration: %w", err)
		}
	}
	raw, err := yaml.Marshal(c)
	if err != nil {
		return network, fmt.Errorf("write configuration: %w", err)
	}
	parsed, err := node.ParseConfig(raw, func(string) string { return "" })
	if err != nil {
		return network, fmt.Errorf("check configuration: %w", err)
	}
	return parsed.Manifest().ID(), writePrivate(p.path("node.yaml"), raw)
}

func (p *party) config(parties []*party, lite *devchain.Server) node.Config {
	c := node.Config{
		Party: p.name, Data: p.path("data"),
		Network: node.Network{Name: wire.DevNetwork, GlobalID: devGlobalID, Threshold: devNeed, Accounting: devParties[:devNeed]},
		P2P:     node.P2P{Listen: []string{multiaddr(p.p2p)}},
		API:     node.API{Listen: p.api},
		Metrics: node.Metrics{Listen: p.metrics},
		Chain: node.ChainConfig{Liteservers: []node.Liteserver{
			{Address: lite.Addr, Key: base64.StdEncoding.EncodeToString(lite.PublicKey)}}},
		Vault: node.VaultConfig{PassphraseFile: p.path("passphrase")},
	}
	for _, o := range parties {
		c.Network.Parties = append(c.Network.Parties, node.PartyConfig{Name: o.name, Identity: o.id,
			Addresses: []string{multiaddr(o.p2p)}, Operators: []wire.Key{o.operator}, PolicyAdmins: []wire.Key{o.admin}})
	}
	return c
}

func multiaddr(hostport string) string {
	host, port, _ := net.SplitHostPort(hostport)
	return "/ip4/" + host + "/tcp/" + port
}

// devContexts makes a context for each party, all with the one agent, in the file contexts.yaml.
func devContexts(dir string, parties []*party, network [32]byte) (all Contexts, err error) {
	agentKey := filepath.Join(dir, devAgent+".key")
	if _, err := createKey(agentKey); err != nil {
		return all, err
	}
	all.Current = parties[0].name
	for _, p := range parties {
		all.Contexts = append(all.Contexts, Context{
			Name: p.name, Party: p.name, URL: p.url(), Network: hex.EncodeToString(network[:]), GlobalID: devGlobalID,
			Threshold: devNeed, Parties: slices.Sorted(slices.Values(devParties)),
			OperatorKeyFile: p.path("operator.key"), PolicyAdminKeyFile: p.path("policy-admin.key"),
			Agent: devAgent, AgentKeyFile: agentKey,
		})
	}
	return all, all.write(filepath.Join(dir, "contexts.yaml"))
}
