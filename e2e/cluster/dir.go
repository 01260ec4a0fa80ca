package cluster

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// removeAtEnd waits for the end of its standard input, then removes the folder.
// It tries more than once because the programs that write there are being
// killed at the same moment.
const removeAtEnd = `cat >/dev/null
for try in 1 2 3 4 5 6 7 8 9 10; do
	rm -rf -- "$0" 2>/dev/null && exit
	sleep 0.2
done`

// folder is a temporary folder that does not outlive this process. A shell
// holds the reading end of a pipe; its writing end, in this process, closes when
// the process ends, however it ends, and then the shell removes the folder.
type folder struct {
	path  string
	alive io.Closer
	shell *exec.Cmd
}

// newFolder makes a folder in that of temporary files.
func newFolder() (_ *folder, err error) {
	path, err := os.MkdirTemp("", "gabion-cluster-")
	if err != nil {
		return nil, err
	}
	shell := exec.Command("/bin/sh", "-c", removeAtEnd, path) //nolint:noctx // outlives every context
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}   // not reached by what ends this process
	shell.Dir = "/"
	alive, err := shell.StdinPipe()
	if err == nil {
		err = shell.Start()
	}
	if err != nil {
		_ = os.RemoveAll(path)
		return nil, fmt.Errorf("seeing to the end of %s: %w", path, err)
	}
	return &folder{path: path, alive: alive, shell: shell}, nil
}

// remove removes the folder and waits until it is gone.
func (f *folder) remove() error {
	err := f.alive.Close()
	if waited := f.shell.Wait(); err == nil {
		err = waited
	}
	if err != nil {
		return fmt.Errorf("removing %s: %w", f.path, err)
	}
	return nil
}
