package main

import "syscall"

// ownGroup also ties the node's life to the tool's: should the tool be killed, no node is left behind.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
