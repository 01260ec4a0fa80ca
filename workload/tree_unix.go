//go:build unix

package workload

import (
	"os"
	"syscall"
)

// readOnly is how files of a tree are opened. Of a regular file nobody has to wait, and
// to say so at once saves the system four calls; a pipe that has taken its place since
// it was found keeps nobody waiting for somebody who writes to it.
const readOnly = os.O_RDONLY | syscall.O_NONBLOCK
