// Command mpcnode is one party's node of an MPC threshold-signing network for TON. `mpcnode init` makes its identity,
// `mpcnode check` judges its configuration, `mpcnode run` runs it.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(execute(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}
