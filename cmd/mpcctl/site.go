package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/node/client"
)

// callTimeout bounds one call that doesn't wait for anything but the node and its peers.
const callTimeout = 20 * time.Second

// site is one context in use: a node, and what its party's people sign with.
type site struct {
	Context
	network [32]byte

	mu      sync.Mutex
	clients map[string]*client.Client // by key id; guarded by mu. Each keeps its connections.
}

func newSite(x Context) (*site, error) {
	s := &site{Context: x, clients: map[string]*client.Client{}}
	if _, err := hex.Decode(s.network[:], []byte(x.Network)); err != nil {
		return nil, fmt.Errorf("context %s: network: %w", x.Name, err)
	}
	return s, nil
}

// sites returns the contexts that the command line selects, in its order: the current one if it names none.
func (t *tool) sites() ([]*site, error) {
	path, err := t.contextsPath()
	if err != nil {
		return nil, err
	}
	all, err := readContexts(path)
	if err != nil {
		return nil, err
	}
	names := t.selected
	if len(names) == 0 && all.Current == "" {
		return nil, hinted(fmt.Errorf("no context is selected: %s has no current one", path),
			"`mpcctl context set` adds one, --context names one, --contexts names another file")
	}
	if len(names) == 0 {
		names = []string{all.Current}
	}
	var sites []*site
	for _, name := range names {
		x, ok := all.find(name)
		if !ok {
			return nil, unknownContext(name)
		}
		s, err := newSite(x)
		if err != nil {
			return nil, err
		}
		sites = append(sites, s)
	}
	return sites, nil
}

// site returns the one context of a command that speaks to one node.
func (t *tool) site() (*site, error) {
	sites, err := t.sites()
	if err != nil {
		return nil, err
	}
	if len(sites) != 1 {
		return nil, &failure{errors.New("this command asks one node"), exitUsage, "name one context"}
	}
	return sites[0], nil
}

func unknownContext(name string) error {
	return &failure{fmt.Errorf("there is no context %q", name), exitUsage, "see `mpcctl context list`"}
}

// key reads the key of a role from its file.
func (s *site) key(role, path string) (ed25519.PrivateKey, error) {
	if path == "" {
		return nil, hinted(fmt.Errorf("context %s names no %s key", s.Name, role), "mpcctl context set %s --%s-key FILE", s.Name, role)
	}
	return readKey(path)
}

func (s *site) operatorKey() (ed25519.PrivateKey, error) { return s.key("operator", s.OperatorKeyFile) }

// operator returns a client that signs as the party's operator.
func (s *site) operator() (*client.Client, error) {
	key, err := s.operatorKey()
	if err != nil {
		return nil, err
	}
	return s.person(key), nil
}

// person returns a client that signs as the enrolled person whose key that is.
func (s *site) person(key ed25519.PrivateKey) *client.Client {
	return s.client(client.KeyID(key.Public().(ed25519.PublicKey)), key)
}

func (s *site) client(keyID string, key ed25519.PrivateKey) *client.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clients[keyID] == nil {
		s.clients[keyID] = client.New(s.URL, keyID, key)
	}
	return s.clients[keyID]
}

// get reads path into v as the operator.
func (s *site) get(ctx context.Context, path string, v any) error {
	c, err := s.operator()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return c.Get(ctx, path, v)
}

// hand gives the node a record that was signed here, as the person whose key that is.
func (s *site) hand(ctx context.Context, key ed25519.PrivateKey, path string, record, v any) error {
	body, err := json.Marshal(client.Signed{Record: digest.Encode(record)})
	if err != nil {
		return fmt.Errorf("encode record: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return s.person(key).Do(ctx, http.MethodPost, path, rand.Text(), body, v)
}

// post hands the node something that needs no signature but the operator's call.
func (s *site) post(ctx context.Context, path string, what, v any) error {
	c, err := s.operator()
	if err != nil {
		return err
	}
	body, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return c.Do(ctx, http.MethodPost, path, rand.Text(), body, v)
}

// outcome is what one of several contexts answered.
type outcome[T any] struct {
	Context string `json:"context"`
	Result  *T     `json:"result,omitempty"`
	Error   string `json:"error,omitempty"`
	err     error
}

// ask runs f at every site at once and returns the outcomes in their order: a node that hangs holds up no other.
func ask[T any](ctx context.Context, sites []*site, f func(context.Context, *site) (T, error)) []outcome[T] {
	all := make([]outcome[T], len(sites))
	var wg sync.WaitGroup
	for i, s := range sites {
		wg.Go(func() {
			all[i].Context = s.Name
			v, err := f(ctx, s)
			if err != nil {
				all[i].Error, all[i].err = err.Error(), err
				return
			}
			all[i].Result = &v
		})
	}
	wg.Wait()
	return all
}

// each runs f at every selected context and prints what they answered.
func each[T any](ctx context.Context, t *tool, f func(context.Context, *site) (T, error), text func(io.Writer, T)) error {
	sites, err := t.sites()
	if err != nil {
		return err
	}
	return report(t, ask(ctx, sites, f), text)
}

// report prints one context's result alone, those of several as a list of {context, result, error}.
func report[T any](t *tool, all []outcome[T], text func(io.Writer, T)) error {
	if len(all) == 1 && all[0].err != nil {
		return all[0].err
	}
	if len(all) == 1 {
		return t.ui.result(all[0].Result, func(w io.Writer) { text(w, *all[0].Result) })
	}
	err := t.ui.result(all, func(w io.Writer) {
		for _, o := range all {
			if o.Result != nil {
				line(w, o.Context+":")
				text(w, *o.Result)
			}
		}
	})
	return errors.Join(err, first(all))
}

// first returns the errors of the contexts that failed; the first one's exit code and hint count.
func first[T any](all []outcome[T]) error {
	var errs []error
	for _, o := range all {
		if o.err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", o.Context, o.err))
		}
	}
	return errors.Join(errs...)
}
