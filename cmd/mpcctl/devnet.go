package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/ton/devchain"
)

// startTime bounds how long nodes take until they answer and see each other: opening the vault and connecting takes
// about a second.
const startTime = 30 * time.Second

// devnet is a network on this machine: a chain behind its liteserver in this process, and one mpcnode process a party.
type devnet struct {
	ui        *ui
	dir       string
	chain     *devchain.Chain
	lite      *devchain.Server
	http      *devchain.Toncenter
	parties   []*party
	contexts  Contexts
	sites     []*site // one a party, in the same order
	processes []*process
	started   time.Time // after compiling
	cancel    context.CancelCauseFunc
}

// startDevnet starts a network over the directory dir, which is empty unless the network goes on, its liteserver where at says. The context that it returns ends, with the cause, when ctx
// does or when a node ends by itself. The network must be stopped whether or not there is an error.
func startDevnet(ctx context.Context, u *ui, dir string, at devListener) (context.Context, *devnet, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	d := &devnet{ui: u, dir: dir, cancel: cancel}
	binary, err := findNode(ctx, u, dir)
	if err != nil {
		return ctx, d, err
	}
	d.started = time.Now()
	u.say("starting a local chain and %d nodes", len(devParties))
	if err := d.prepare(at); err != nil {
		return ctx, d, err
	}
	for _, p := range d.parties {
		started, err := startProcess(p.name, binary, p.path("node.yaml"), p.path("node.log"))
		if err != nil {
			return ctx, d, err
		}
		d.processes = append(d.processes, started)
		go func() {
			<-started.done
			cancel(started.died())
		}()
	}
	return ctx, d, d.awaitLinks(ctx)
}

// prepare starts the chain, and writes all files or reads those of the network that goes on.
func (d *devnet) prepare(at devListener) (err error) {
	if at.goesOn {
		if d.parties, d.contexts, err = at.readLayout(d.dir); err != nil {
			return err
		}
	}
	if d.chain, err = devchain.New(at.chain(d.dir)); err != nil {
		return err
	}
	if d.lite, err = d.chain.Serve(at.listen); err != nil {
		return err
	}
	if d.http, err = d.chain.ServeToncenter(at.http); err != nil {
		return err
	}
	if !at.goesOn {
		if d.parties, d.contexts, err = layOut(d.dir, d.lite, at.trusted(d.chain)); err != nil {
			return err
		}
	}
	for _, x := range d.contexts.Contexts {
		s, err := newSite(x)
		if err != nil {
			return err
		}
		d.sites = append(d.sites, s)
	}
	return nil
}

// awaitLinks returns once every node answers and sees every other.
func (d *devnet) awaitLinks(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTime, fmt.Errorf("the nodes don't see each other after %s", startTime))
	defer cancel()
	for _, s := range d.sites {
		var h client.Health
		var last error
		err := poll(ctx, pace, func() (bool, error) {
			last = s.get(ctx, "/v1/health", &h)
			linked := len(h.Peers) == len(d.sites)-1 && !slices.ContainsFunc(h.Peers, func(p client.PeerHealth) bool { return !p.Up })
			return last == nil && linked, nil
		})
		if err != nil {
			return errors.Join(err, last)
		}
	}
	return nil
}

// watch tells of nodes that end by themselves, until ctx ends. The others go on: trying that out is what the network is
// for.
func (d *devnet) watch(ctx context.Context) {
	var watching sync.WaitGroup
	for _, p := range d.processes {
		watching.Go(func() {
			select {
			case <-p.done:
				d.ui.say("%v; to start it again: mpcnode run --config %s", p.died(), filepath.Join(d.dir, p.name, "node.yaml"))
			case <-ctx.Done():
			}
		})
	}
	watching.Wait()
	<-ctx.Done()
}

// because returns why the network's work failed: a node that ended by itself, or the user, stands behind whatever call
// failed first.
func (d *devnet) because(user, work context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case user.Err() != nil:
		return errInterrupted
	}
	for _, p := range d.processes {
		d.ui.say("the end of %s's log:\n%s", p.name, p.tail())
	}
	if cause := context.Cause(work); cause != nil {
		return cause
	}
	return err
}

// stop ends the nodes, all at once, and then the chain.
func (d *devnet) stop() error {
	d.cancel(nil)
	errs := make(chan error, len(d.processes))
	for _, p := range d.processes {
		go func() { errs <- p.stop() }()
	}
	var all []error
	for range d.processes {
		all = append(all, <-errs)
	}
	if d.http != nil {
		all = append(all, d.http.Close())
	}
	if d.lite != nil {
		all = append(all, d.lite.Close())
	}
	if d.chain != nil {
		all = append(all, d.chain.Close())
	}
	return errors.Join(all...)
}
