package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tonaiagent/mpcnode/node"
)

// readyFile marks the directory of a network that was set up completely, and so can go on. It has the address of the
// chain's HTTP API, which no other file has.
const readyFile = "ready"

func (d *devnet) markReady() error {
	return writePrivate(filepath.Join(d.dir, readyFile), []byte(strings.TrimPrefix(d.http.URL, "http://")+"\n"))
}

// devDir looks at the directory of a local network, and reports whether one is there that goes on. It must be that, or
// empty: of a network that wasn't set up completely, nobody knows what is missing.
func devDir(dir string) (path string, goesOn bool, err error) {
	if path, err = filepath.Abs(dir); err != nil {
		return "", false, fmt.Errorf("read directory: %w", err)
	}
	entries, err := os.ReadDir(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", false, fmt.Errorf("read directory: %w", err)
	}
	for _, e := range entries {
		if e.Name() == readyFile {
			return path, true, nil
		}
	}
	if len(entries) > 0 {
		return "", false, hinted(errors.New(path+" is not empty, and no local network was set up in it completely, or its chain was in memory"), "start in a new directory")
	}
	return path, false, nil
}

// readLayout reads what layOut wrote, and where the nodes and others expect the chain.
func (l *devListener) readLayout(dir string) (parties []*party, contexts Contexts, err error) {
	for _, name := range devParties {
		p := &party{name: name, dir: filepath.Join(dir, name)}
		if l.listen, err = p.readConfig(); err != nil {
			return nil, contexts, err
		}
		parties = append(parties, p)
	}
	address, err := os.ReadFile(filepath.Join(dir, readyFile))
	if err != nil {
		return nil, contexts, err
	}
	l.http = strings.TrimSpace(string(address))
	contexts, err = readContexts(filepath.Join(dir, "contexts.yaml"))
	return parties, contexts, err
}

// readConfig takes the party's HTTP addresses from its node's configuration, and returns its liteserver's.
func (p *party) readConfig() (liteserver string, err error) {
	raw, err := os.ReadFile(p.path("node.yaml"))
	if err != nil {
		return "", fmt.Errorf("read configuration: %w", err)
	}
	c, err := node.ParseConfig(raw, func(string) string { return "" })
	if err != nil {
		return "", fmt.Errorf("read configuration of %s: %w", p.name, err)
	}
	if len(c.Chain.Liteservers) != 1 {
		return "", fmt.Errorf("configuration of %s names %d liteservers, a local network has one", p.name, len(c.Chain.Liteservers))
	}
	p.api, p.metrics = c.API.Listen, c.Metrics.Listen
	return c.Chain.Liteservers[0].Address, nil
}
