// Command mpcctl is the operator's tool of an mpcnode network. `mpcctl demo` shows what the network is for, on one
// machine; everything else talks to the nodes of the contexts file with its owner's keys. Records are signed here, where
// the key is: a node never sees one.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the tool at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
