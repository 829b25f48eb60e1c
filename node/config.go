package node

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/strictyaml"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/chain"
)

// maxConfig bounds the configuration file; ours are below 4 KiB.
const maxConfig = 256 << 10

// Config is the static configuration of one node: one strict YAML file. What may change while the node runs (policy,
// agents, wallets) is not here but in signed records. Each field says its unit, its default, and what breaks.
type Config struct {
	// Party is this node's name in network.parties.
	Party string `yaml:"party"`
	// Data is the directory that holds everything the node keeps, mode 0700, on a file system with at least 512 MiB
	// free. Two nodes never share one.
	Data string `yaml:"data"`
	// Network names the chain and the parties. It must be the same at every node, addresses excepted: nodes whose
	// digests differ don't talk.
	Network Network `yaml:"network"`
	// P2P is how the other parties' nodes reach this one.
	P2P P2P `yaml:"p2p"`
	// API is the HTTP API for agents and operators.
	API API `yaml:"api"`
	// Metrics serves Prometheus metrics, /healthz and /readyz. Default: not served beside the API.
	Metrics Metrics `yaml:"metrics,omitempty"`
	// Chain is this node's own view of TON: liteservers of its operator's choosing.
	Chain ChainConfig `yaml:"chain"`
	// Feeds says where signed prices come from besides the API. Default: from nowhere else.
	Feeds Feeds `yaml:"feeds,omitempty"`
	// ValidatorHosts are those at which validators of the policy may be asked, host or host:port, such as validator.example.
	// Default: this machine's loopback addresses alone.
	ValidatorHosts []string `yaml:"validator_hosts,omitempty"`
	// Vault says where the passphrase that seals the shares is.
	Vault VaultConfig `yaml:"vault"`
	// Log is the node's log on standard error.
	Log Log `yaml:"log,omitempty"`

	// limits of the environment, which may only tighten the policy
	MaxTransaction *ton.Nano `yaml:"-"`
	MaxDaily       *ton.Nano `yaml:"-"`
	MaxRiskScore   int       `yaml:"-"`
	// passphrase from the environment, instead of the file
	passphrase string
}

// Network is the part of the configuration that all parties agree on.
type Network struct {
	// Name of the network, such as mainnet or testnet. On "dev", a local chain, the liteserver may be trusted instead of
	// proving what it says.
	Name string `yaml:"name"`
	// TrustedBlock is the masterchain block that all proofs start from, seqno:root hash:file hash: validator.init_block of
	// the network's global configuration, which every operator checks elsewhere. Needed but on dev.
	TrustedBlock chain.Block `yaml:"trusted_block,omitempty"`
	// GlobalID is TON's global id: -239 for mainnet, -3 for testnet.
	GlobalID int32 `yaml:"global_id"`
	// Threshold is how many parties must sign: at least 2.
	Threshold int `yaml:"threshold"`
	// Required parties must be among the signers of every session. Default: none.
	Required []string `yaml:"required,omitempty"`
	// Accounting are the parties that account for wallets without a seqno (Highload V3): as many as Threshold, so that one
	// of them is honest. Nothing of such a wallet is signed that one of them hasn't reserved, so none of them may be away.
	// Default: none, and no such wallet can be entered.
	Accounting []string `yaml:"accounting,omitempty"`
	// Parties are the owners and their nodes, 2 to 5.
	Parties []PartyConfig `yaml:"parties"`
}

// PartyConfig is one owner and its node.
type PartyConfig struct {
	// Name of the party: user, platform, backup.
	Name string `yaml:"name"`
	// Identity is the public key that `mpcnode init` prints, 64 hex digits.
	Identity wire.Key `yaml:"identity"`
	// Addresses are libp2p multiaddresses such as /ip4/192.0.2.1/tcp/7700. A party without one dials out.
	Addresses []string `yaml:"addresses,omitempty"`
	// Operators are the public keys of the people who run the node. At least one.
	Operators []wire.Key `yaml:"operators"`
	// PolicyAdmins sign the party's policy. Default: nobody, so no policy can be applied and everything is denied.
	PolicyAdmins []wire.Key `yaml:"policy_admins,omitempty"`
	// Trippers may stop the network and nothing else.
	Trippers []wire.Key `yaml:"trippers,omitempty"`
	// Auditors may read the party's node and nothing else.
	Auditors []wire.Key `yaml:"auditors,omitempty"`
}

// P2P is the node's side of the network between parties.
type P2P struct {
	// Listen are the multiaddresses to listen on. Default: none, for a node that only dials out.
	Listen []string `yaml:"listen,omitempty"`
}

// API is the HTTP API.
type API struct {
	// Listen is host:port. Beyond loopback TLS is required.
	Listen string `yaml:"listen"`
	// URL under which callers reach the API, scheme and authority: what their signatures must name.
	// Default: http://<listen>, with TLS https://<listen>.
	URL string `yaml:"url,omitempty"`
	// TLS certificate and key, PEM files. Default: none, which only loopback allows.
	TLS *TLS `yaml:"tls,omitempty"`
}

// TLS names the two PEM files of a certificate.
type TLS struct {
	// Certificate is the file with the chain, the server's own certificate first.
	Certificate string `yaml:"certificate"`
	// Key is the file with the private key, mode 0600.
	Key string `yaml:"key"`
}

// Metrics is the address for monitoring.
type Metrics struct {
	// Listen is host:port on loopback or a private network; what is served there names no amounts and no addresses.
	Listen string `yaml:"listen,omitempty"`
}

// ChainConfig is the node's own view of TON.
type ChainConfig struct {
	// Liteservers to ask. At least one, here or in GlobalConfig.
	Liteservers []Liteserver `yaml:"liteservers,omitempty"`
	// GlobalConfig is a file with the network's global configuration (global.config.json), whose first 16 liteservers are
	// asked after those above. Its init block is not used: the network's trusted_block is what all parties agreed on.
	GlobalConfig string `yaml:"global_config,omitempty"`
	// Toncenter are HTTP APIs that are given every message besides the liteservers, and whose word is held against what was
	// proven: a lasting difference is an alarm (mpcnode_chain_alarm), and decides nothing. At most 8. Default: none.
	Toncenter []Toncenter `yaml:"toncenter,omitempty"`
}

// Toncenter is an HTTP API as toncenter.com serves it. It learns which wallets this node looks at.
type Toncenter struct {
	// URL is scheme and authority, such as https://toncenter.com or https://testnet.toncenter.com: https, or http on loopback.
	URL string `yaml:"url"`
	// APIKeyFile holds the key that is sent with each call, mode 0600. Default: none, and toncenter.com then answers one call
	// a second.
	APIKeyFile string `yaml:"api_key_file,omitempty"`
	// Version of the API: v2 or v3.
	Version string `yaml:"version"`
}

// Liteserver is one server of TON's ADNL protocol.
type Liteserver struct {
	// Address is host:port.
	Address string `yaml:"address"`
	// Key is the server's public key in base64, as global configuration files give it.
	Key string `yaml:"key"`
}

// Feeds says where signed prices come from.
type Feeds struct {
	// File holds quotes as POST /v1/feeds takes them, one JSON object a line, at most 512 KiB. It is read again when it changes; what is
	// wrong with a line is in the log.
	File string `yaml:"file,omitempty"`
}

// VaultConfig says where the passphrase is.
type VaultConfig struct {
	// PassphraseFile holds the passphrase, mode 0600. The environment's KEY_ENCRYPTION_KEY or KEY_ENCRYPTION_KEY_FILE
	// take its place. Losing the passphrase loses the share.
	PassphraseFile string `yaml:"passphrase_file,omitempty"`
}

// Log is the node's log.
type Log struct {
	// Level is debug, info, warn or error. Default: info.
	Level string `yaml:"level,omitempty"`
	// Format is text or json. Default: text.
	Format string `yaml:"format,omitempty"`
}

// LoadConfig reads and checks the configuration file and the environment. The error lists everything that is wrong,
// each with file, line and column (strictyaml.Mistakes). getenv is os.Getenv.
func LoadConfig(path string, getenv func(string) string) (Config, error) {
	raw, err := readSmall(path, maxConfig)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	cfg, err := ParseConfig(raw, getenv)
	if err != nil {
		return Config{}, strictyaml.In(path, err)
	}
	return cfg, nil
}

// ParseConfig is LoadConfig without the file.
func ParseConfig(raw []byte, getenv func(string) string) (Config, error) {
	doc, err := strictyaml.Parse(raw)
	if err != nil {
		return Config{}, err
	}
	var cfg Config
	unread := doc.Decode(&cfg)
	wrong := unread
	if cfg.API.URL == "" && cfg.API.Listen != "" {
		cfg.API.URL = cfg.API.scheme() + "://" + cfg.API.Listen
	}
	for _, p := range append(cfg.check(), cfg.fromEnvironment(getenv)...) {
		if !p.idle(unread) {
			wrong = append(wrong, p.in(doc))
		}
	}
	if err := wrong.Err(); err != nil {
		return Config{}, err
	}
	return cfg, nil
}

// Manifest returns the part that all parties agree on; its digest is the network id.
func (c Config) Manifest() wire.Manifest {
	m := wire.Manifest{Name: c.Network.Name, GlobalID: c.Network.GlobalID, Need: c.Network.Threshold, Required: c.Network.Required,
		Accounting: c.Network.Accounting}
	if !c.Network.TrustedBlock.IsZero() {
		m.Trusted = c.Network.TrustedBlock.String()
	}
	for _, p := range c.Network.Parties {
		m.Parties = append(m.Parties, wire.Party{Name: p.Name, Identity: p.Identity, Operators: p.Operators,
			PolicyAdmins: p.PolicyAdmins, Trippers: p.Trippers, Auditors: p.Auditors})
	}
	slices.SortFunc(m.Parties, func(a, b wire.Party) int { return strings.Compare(a.Name, b.Name) })
	return m
}

// problem is one thing that is wrong, at a YAML path, or in the environment if the path is empty.
type problem struct{ path, text string }

// idle reports whether p only follows from a part that could not be read.
func (p problem) idle(unread strictyaml.Mistakes) bool {
	return unread.Hide(p.path) || p.path == "party" && unread.Hide("network")
}

func (p problem) in(doc *strictyaml.Document) strictyaml.Mistake {
	if p.path == "" {
		return strictyaml.Mistake{Problem: p.text}
	}
	return doc.At(p.path, p.text)
}

// fromEnvironment takes in the environment's variables. Limits may only tighten, the number of parties must agree.
func (c *Config) fromEnvironment(getenv func(string) string) (problems []problem) {
	bad := func(format string, args ...any) {
		problems = append(problems, problem{"", "environment: " + fmt.Sprintf(format, args...)})
	}
	for name, into := range map[string]**ton.Nano{"MAX_TRANSACTION_TON": &c.MaxTransaction, "MAX_DAILY_TON": &c.MaxDaily} {
		if v := getenv(name); v != "" {
			n, err := ton.ParseNano(v, ton.NativeDecimals)
			if err != nil {
				bad("%s: %v", name, err)
				continue
			}
			*into = &n
		}
	}
	if v := getenv("MAX_RISK_SCORE"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 100 {
			bad("MAX_RISK_SCORE: %.20q is not a whole number from 1 to 100", v)
		}
		c.MaxRiskScore = n
	}
	for _, n := range []struct {
		name, path string
		want       int
	}{{"MPC_THRESHOLD", "network.threshold", c.Network.Threshold}, {"MPC_TOTAL_PARTIES", "network.parties", len(c.Network.Parties)}} {
		if v := getenv(n.name); v != "" && v != fmt.Sprint(n.want) {
			problems = append(problems, problem{n.path, fmt.Sprintf("the environment's %s is %s, but the network says %d: correct one of them", n.name, v, n.want)})
		}
	}
	if getenv("HSM_PROVIDER") != "" {
		bad("HSM_PROVIDER is set, but this release keeps shares in sealed files only: unset it")
	}
	key, file := getenv("KEY_ENCRYPTION_KEY"), getenv("KEY_ENCRYPTION_KEY_FILE")
	switch {
	case key != "" && (file != "" || c.Vault.PassphraseFile != "") || file != "" && c.Vault.PassphraseFile != "":
		bad("the vault's passphrase is given more than once: use one of vault.passphrase_file, KEY_ENCRYPTION_KEY_FILE and KEY_ENCRYPTION_KEY")
	case file != "":
		c.Vault.PassphraseFile = file
	case key == "" && c.Vault.PassphraseFile == "":
		problems = append(problems, problem{"vault", "no passphrase: set passphrase_file, or KEY_ENCRYPTION_KEY_FILE in the environment"})
	}
	c.passphrase = key
	return problems
}

// readSmall reads a file of at most limit bytes.
func readSmall(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s has %d bytes, at most %d are read", path, info.Size(), limit)
	}
	return os.ReadFile(path)
}
