package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// stopTime is how long a node may take to end after it was asked to: it lets attempts end within five seconds.
const stopTime = 10 * time.Second

// tailBytes is how much of a node's log is shown when it fails.
const tailBytes = 3 << 10

// process is one node's process.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string        // file of its standard error
	done chan struct{} // closed once it has ended
	err  error         // how it ended; read after done
}

// startProcess runs mpcnode in a process group of its own: Ctrl-C in the terminal reaches the tool alone, which then
// asks the nodes to end, once.
func startProcess(name, binary, config, log string) (*process, error) {
	out, err := os.OpenFile(log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start node %s: %w", name, err)
	}
	defer out.Close()
	p := &process{name: name, cmd: exec.Command(binary, "run", "--config", config), log: log, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Env, p.cmd.SysProcAttr = out, out, plainEnvironment(), ownGroup()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start node %s: %w", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// plainEnvironment keeps the user's own settings of a node, such as limits and passphrases, away from these.
func plainEnvironment() []string {
	keep := []string{"PATH", "HOME", "TMPDIR", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK", "GODEBUG", "GOCOVERDIR"}
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return !slices.Contains(keep, name)
	})
}

// stop asks the process to end, and ends it if it doesn't. It returns once it has.
func (p *process) stop() error {
	p.cmd.Process.Signal(syscall.SIGTERM) // errs only if it has ended already
	select {
	case <-p.done:
		return nil
	case <-time.After(stopTime):
	}
	err := p.cmd.Process.Kill()
	<-p.done
	return errors.Join(fmt.Errorf("node %s did not end within %s and was killed", p.name, stopTime), err)
}

// died says that the process ended by itself, with the end of its log.
func (p *process) died() error {
	return fmt.Errorf("node %s ended by itself (%v)", p.name, p.cmd.ProcessState)
}

// tail returns the end of the log.
func (p *process) tail() string {
	raw, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	if len(raw) > tailBytes {
		raw = raw[len(raw)-tailBytes:]
		raw = raw[bytes.IndexByte(raw, '\n')+1:]
	}
	return string(raw)
}

// module is where this program and the daemon come from.
const module = "github.com/tonaiagent/mpcnode"

// findNode returns the mpcnode beside this program, or builds it into dir.
func findNode(ctx context.Context, ui *ui, dir string) (string, error) {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "mpcnode")
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside, nil
		}
	}
	ui.say("building mpcnode")
	binary := filepath.Join(dir, "mpcnode")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, module+"/cmd/mpcnode")
	if out, err := build.CombinedOutput(); err != nil {
		err = errors.Join(context.Cause(ctx), fmt.Errorf("build mpcnode: %w\n%s", err, bytes.TrimSpace(out)))
		return "", hinted(err, "put mpcnode beside mpcctl, or run this in the directory of its source")
	}
	return binary, nil
}
