package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/goccy/go-yaml"

	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/strictyaml"
)

// Contexts is the contexts file: which nodes the user speaks to, and with which keys. It says under which network id
// records are signed, so only its owner may change it.
type Contexts struct {
	Current  string    `yaml:"current" json:"current"`
	Contexts []Context `yaml:"contexts" json:"contexts"`
}

// Context is one node and the keys with which its party's people speak to it. Key files hold 64 hex digits, mode 0600;
// a relative path counts from the contexts file.
type Context struct {
	Name      string   `yaml:"name" json:"name"`
	Party     string   `yaml:"party" json:"party"`
	URL       string   `yaml:"url" json:"url"`             // the node's api.url
	Network   string   `yaml:"network" json:"network"`     // network id, 64 hex digits
	GlobalID  int32    `yaml:"global_id" json:"global_id"` // TON's: -239 for mainnet, -3 for testnet
	Threshold int      `yaml:"threshold" json:"threshold"` // how many parties must sign
	Parties   []string `yaml:"parties" json:"parties"`     // all, sorted

	OperatorKeyFile    string `yaml:"operator_key_file,omitempty" json:"operator_key_file,omitempty"` // also of a tripper or auditor
	PolicyAdminKeyFile string `yaml:"policy_admin_key_file,omitempty" json:"policy_admin_key_file,omitempty"`
	Agent              string `yaml:"agent,omitempty" json:"agent,omitempty"` // agent id, for tx
	AgentKeyFile       string `yaml:"agent_key_file,omitempty" json:"agent_key_file,omitempty"`
}

// contextsPath returns where the contexts are.
func (t *tool) contextsPath() (string, error) {
	if t.file != "" {
		return t.file, nil
	}
	if dir := os.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "mpcctl", "contexts.yaml"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find contexts: %w", err)
	}
	return filepath.Join(home, ".config", "mpcctl", "contexts.yaml"), nil
}

// readContexts reads the contexts strictly. A file that isn't there has none.
func readContexts(path string) (c Contexts, err error) {
	raw, err := readPrivate(path, maxContexts)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("read contexts: %w", err)
	}
	doc, err := strictyaml.Parse(raw)
	if err == nil {
		err = doc.Decode(&c).Err()
	}
	if err != nil {
		return c, fmt.Errorf("read contexts: %w", strictyaml.In(path, err))
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("contexts %s: %w", path, err)
	}
	for i := range c.Contexts {
		c.Contexts[i].resolve(filepath.Dir(path))
	}
	return c, nil
}

// write replaces the file at once, so that a crash leaves the old one or the new one.
func (c Contexts) write(path string) error {
	if err := c.check(); err != nil {
		return err
	}
	raw, err := yaml.Marshal(c)
	if err != nil {
		return fmt.Errorf("write contexts: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write contexts: %w", err)
	}
	next := path + "." + rand.Text()
	if err = writePrivate(next, raw); err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		os.Remove(next)
		return fmt.Errorf("write contexts: %w", err)
	}
	return nil
}

func (c Contexts) check() error {
	for i, x := range c.Contexts {
		if err := x.check(); err != nil {
			return fmt.Errorf("context %q: %w", x.Name, err)
		}
		if slices.ContainsFunc(c.Contexts[:i], func(o Context) bool { return o.Name == x.Name }) {
			return fmt.Errorf("context %q is there twice", x.Name)
		}
	}
	if _, ok := c.find(c.Current); !ok && c.Current != "" {
		return fmt.Errorf("current is %q, which is none of the contexts", c.Current)
	}
	return nil
}

func (x Context) check() error {
	u, err := url.Parse(x.URL)
	id, hexErr := hex.DecodeString(x.Network)
	switch {
	case !wire.ValidID(x.Name):
		return errors.New("name: want 1 to 64 of a-z, 0-9 and -, not beginning with -")
	case !slices.Contains(x.Parties, x.Party):
		return fmt.Errorf("party %q is not among parties %v", x.Party, x.Parties)
	case !slices.IsSorted(x.Parties):
		return fmt.Errorf("parties %v are not sorted", x.Parties)
	case x.Threshold < 2 || x.Threshold > len(x.Parties):
		return fmt.Errorf("threshold %d: want 2 to the number of parties, %d", x.Threshold, len(x.Parties))
	case err != nil || u.Host == "" || u.Path != "" || u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("url %q: want scheme and authority only, such as https://mpc.example.com", x.URL)
	case hexErr != nil || len(id) != 32:
		return errors.New("network: want the network id, 64 hex digits; the node's /v1/health and log show it")
	case x.GlobalID == 0:
		return errors.New("global_id is missing: -239 for mainnet, -3 for testnet")
	}
	return nil
}

// resolve makes the paths of key files absolute.
func (x *Context) resolve(dir string) {
	for _, p := range []*string{&x.OperatorKeyFile, &x.PolicyAdminKeyFile, &x.AgentKeyFile} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
}

func (c Contexts) find(name string) (Context, bool) {
	i := slices.IndexFunc(c.Contexts, func(x Context) bool { return x.Name == name })
	if i < 0 {
		return Context{}, false
	}
	return c.Contexts[i], true
}
