package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/api"
)

func runCommand(stderr io.Writer) *cobra.Command {
	c := &cobra.Command{Use: "run", Short: "Run the node until SIGTERM or SIGINT",
		Long: "run serves until SIGTERM or SIGINT. Then it takes no new work, lets attempts end for at most 5 s, closes its ledger\n" +
			"and exits with 0. A second signal exits at once. The passphrase may come from the environment:\n" +
			"KEY_ENCRYPTION_KEY_FILE, or KEY_ENCRYPTION_KEY."}
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := required("config", *path); err != nil {
			return err
		}
		cfg, err := node.LoadConfig(*path, os.Getenv)
		if err != nil {
			return err
		}
		log := newLog(stderr, cfg.Log)
		limitMemory(log, os.Getenv)
		ctx, stop := untilSignal(c.Context(), log)
		defer stop()
		return run(ctx, cfg, log)
	}
	return c
}

// run is the life of a node.
func run(ctx context.Context, cfg node.Config, log *slog.Logger) error {
	n, stop, err := node.Start(ctx, cfg, log, func(err error) { die(log, err) })
	if err != nil && ctx.Err() != nil {
		log.Info("stopped before it was up", "err", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	debug.FreeOSMemory() // opening the vault took 64 MiB for an instant
	server, err := api.Listen(n, cfg, log)
	if err != nil {
		return errors.Join(fmt.Errorf("start: %w", err), stop())
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve() }()
	log.Info("running", "party", cfg.Party, "network", fmt.Sprintf("%x", cfg.Manifest().ID()), "url", server.URL(),
		"metrics", server.MonitoringAddr(), "release", node.Release)
	notify(log, os.Getenv, "READY=1")
	select {
	case err = <-ended:
		err = errors.Join(err, stop())
	case <-ctx.Done():
		log.Info("stopping")
		notify(log, os.Getenv, "STOPPING=1")
		server.Drain()
		err = errors.Join(stop(), server.Close(), <-ended)
	}
	if err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	log.Info("stopped")
	return nil
}

// untilSignal returns a context that ends with the first signal. The second ends the process.
func untilSignal(parent context.Context, log *slog.Logger) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range signals {
			if ctx.Err() != nil {
				log.Error("second signal: exiting at once")
				os.Exit(exitFailed)
			}
			cancel()
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		<-done
		cancel()
	}
}

// die ends the process when the disk has failed: nothing that is still in memory may be acted upon.
func die(log *slog.Logger, err error) {
	log.Error("storage failed: exiting at once; look at the disk, then start the node again", "err", err)
	os.Exit(exitFailed)
}
