package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tonaiagent/mpcnode/node"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"mpcnode": main, "never-stops": neverStops})
}

// neverStops is a node that hangs when it is told to stop.
func neverStops() {
	log := newLog(os.Stderr, node.Log{})
	ctx, stop := untilSignal(context.Background(), log)
	defer stop()
	notify(log, os.Getenv, "READY=1")
	<-ctx.Done()
	notify(log, os.Getenv, "STOPPING=1")
	select {}
}

// The scripts in testdata are the daemon as an operator runs it. The nodes have no peers and no chain, which keeps them
// from signing and from nothing that is shown here.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata",
		Setup: listenForSystemd,
		Cmds:  map[string]func(*testscript.TestScript, bool, []string){"keep": keep, "fill": fill, "told": told},
	})
}

// keep VAR sets a variable to what the last command printed.
func keep(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// fill TEMPLATE FILE copies a file, with variables replaced.
func fill(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(os.Expand(ts.ReadFile(args[0]), ts.Getenv)), 0o600))
}

type systemdKey struct{}

// listenForSystemd stands in for systemd: nodes tell it how they stand.
func listenForSystemd(e *testscript.Env) error {
	dir, err := os.MkdirTemp("", "systemd") // a socket's path is short
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	e.Defer(func() { conn.Close(); os.RemoveAll(dir) })
	e.Values[systemdKey{}] = conn
	e.Vars = append(e.Vars, "NOTIFY_SOCKET="+path)
	return nil
}

// told STATE waits until a node has told systemd so.
func told(ts *testscript.TestScript, _ bool, args []string) {
	conn := ts.Value(systemdKey{}).(*net.UnixConn)
	ts.Check(conn.SetReadDeadline(time.Now().Add(20 * time.Second)))
	said := make([]byte, 64)
	n, err := conn.Read(said)
	if err != nil || string(said[:n]) != args[0] {
		ts.Fatalf("systemd was told %q, %v, want %s", said[:n], err, args[0])
	}
}

func TestNotifyReachesAnAbstractSocket(t *testing.T) {
	name := "mpcnode-test-" + filepath.Base(t.TempDir()) + t.Name()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: "\x00" + name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	notify(discard, func(string) string { return "@" + name }, "READY=1")
	said := make([]byte, 64)
	if n, err := conn.Read(said); err != nil || string(said[:n]) != "READY=1" {
		t.Errorf("got %q, %v", said[:n], err)
	}
}
