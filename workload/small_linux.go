package workload

import (
	"cmp"
	"os"

	"golang.org/x/sys/unix"
)

// beneath is how a file is opened such that it stays in the tree, as [os.Root] has
// it: no part of the path is a link that leads out, whoever changes it meanwhile.
var beneath = unix.OpenHow{
	Flags:   uint64(unix.O_CLOEXEC | readOnly),
	Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS,
}

// readSmall reads a file that is shorter than the buffer. It asks the system
// for what it cannot do without, and fails for whatever else is needed, such as a
// system that knows no openat2 or a call that was interrupted.
func (t *tree) readSmall(path string, buf []byte) (n int, ok bool) {
	below, ok := t.below(path)
	if !ok {
		return 0, false
	}
	dir, err := t.dir.hold(t.path, openDir)
	if err != nil {
		return 0, false
	}
	fd, err := openBeneath(dir, below)
	if err != nil {
		return 0, false
	}
	n, ok = readToEnd(fd, buf)
	_ = unix.Close(fd) // it was only read
	return n, ok
}

// openDir opens a directory, and waits for no pipe that has taken its place.
func openDir(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY, 0)
}

// openBeneath opens a file of a directory, which is not closed meanwhile.
func openBeneath(dir *os.File, path string) (fd int, err error) {
	conn, err := dir.SyscallConn()
	if err != nil {
		return 0, err
	}
	how := beneath
	closed := conn.Control(func(at uintptr) { fd, err = unix.Openat2(int(at), path, &how) })
	return fd, cmp.Or(closed, err)
}

// readToEnd reads a file from its beginning to its end, if that is shorter than the
// buffer. It fails for what has no places to read at, such as a pipe, and takes nothing
// from it.
func readToEnd(fd int, buf []byte) (n int, ok bool) {
	for n < len(buf) {
		// Less than was asked for need not be the end.
		more, err := unix.Pread(fd, buf[n:], int64(n))
		if err != nil {
			return 0, false
		}
		if more == 0 {
			return n, true
		}
		n += more
	}
	return 0, false
}
