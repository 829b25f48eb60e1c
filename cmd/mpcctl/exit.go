package main

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node/client"
)

// The exit codes are the tool's contract with scripts.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitRefused = 3 // a guard said no
	exitWaiting = 4 // for people's approval
)

// failure is an error that knows its exit code and what the user can do.
type failure struct {
	err  error
	code int
	hint string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func usagef(c *cobra.Command, format string, args ...any) error {
	return &failure{fmt.Errorf(format, args...), exitUsage, fmt.Sprintf("see `%s --help`", c.CommandPath())}
}

// refusedf is a guard's refusal, with what people can do about its reason.
func refusedf(reason, format string, args ...any) error {
	return &failure{fmt.Errorf(format, args...), exitRefused, reasonHints[reason]}
}

func waitingf(hint, format string, args ...any) error {
	return &failure{fmt.Errorf(format, args...), exitWaiting, hint}
}

// hinted adds what the user can do about err.
func hinted(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &failure{err, exitOf(err), fmt.Sprintf(format, args...)}
}

// exitOf returns the exit code that err stands for.
func exitOf(err error) int {
	var f *failure
	var p *client.Problem
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &f):
		return f.code
	case errors.As(err, &p) && strings.HasSuffix(p.Code, "_refused"): // a record that the guard didn't take
		return exitRefused
	}
	return exitFailed
}

// codeOf names err for scripts. A call that a node didn't admit has the code of the node's problem.
func codeOf(err error) string {
	var p *client.Problem
	switch {
	case errors.As(err, &p) && p.Code != "":
		return p.Code
	case errors.Is(err, errInterrupted):
		return "interrupted"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "unreachable"
	}
	switch exitOf(err) {
	case exitUsage:
		return "usage"
	case exitRefused:
		return "refused"
	case exitWaiting:
		return "waiting_for_approval"
	}
	return "failed"
}

// hintOf returns what the user can do, if that is known.
func hintOf(err error) string {
	var f *failure
	if errors.As(err, &f) && f.hint != "" {
		return f.hint
	}
	var p *client.Problem
	switch {
	case errors.As(err, &p) && strings.HasSuffix(p.Detail, "signature does not fit"): // it covers the network id
		return "does the context's network equal the id that `mpcctl status` shows?"
	case p != nil && strings.Contains(p.Detail, "payload: missing"):
		return "--payload FILE gives your own, a binary bag of cells"
	case p != nil:
		return problemHints[p.Code]
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "is the node running, and is its URL right? see `mpcctl context list`"
	}
	return ""
}

// problemHints say what people can do where the node's own detail speaks to a program.
var problemHints = map[string]string{
	"unknown_key":          "the node's configuration must list the key's public half, or its operator must enrol the agent",
	"bad_signature":        "does the context's URL equal the node's api.url?",
	"signature_stale":      "set this machine's clock",
	"forbidden":            "the key is enrolled in another role, or at another party",
	"too_many_calls":       "wait a little: every call takes one of the caller's tokens",
	"too_many_waits":       "wait for fewer requests at a time",
	"idempotency_conflict": "to send the same request again, give the same --expires too: each command makes a new one otherwise",
	"wallet_busy":          "wait until the wallet's payload is settled or dead, a minute and a half after it was refused by others; `mpcctl tx simulate` says what this node would decide",
}

// reasonHints say what people can do about a guard's refusal.
var reasonHints = map[string]string{
	"agent_wallet": "enrol the agent for the wallet: mpcctl agent create AGENT --public-key … --wallets … names the whole list",
	"bounce": "a policy wallet pays only accounts that are deployed, written EQ… or raw; of any other wallet, a payload of your own " +
		"must bounce as the destination is written",
}

// errInterrupted says that the user ended the tool.
var errInterrupted = errors.New("interrupted")
