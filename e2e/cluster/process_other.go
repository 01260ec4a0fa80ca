//go:build !linux

package cluster

import "syscall"

// attributes gives a program its own process group, so that Ctrl-C does not
// reach it: it is ended in order.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
