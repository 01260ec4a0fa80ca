package cluster

import "syscall"

// attributes makes the kernel kill a program when this process ends, even by
// SIGKILL. Its process group is its own, so that Ctrl-C does not reach it: it is
// ended in order.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
