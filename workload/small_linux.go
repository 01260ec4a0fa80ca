package workload

import (
	"runtime"

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
	below, ok := t.hold(path)
	if !ok || t.dir == nil {
		return 0, false
	}
	how := beneath
	fd, err := unix.Openat2(int(t.dir.Fd()), below, &how)
	runtime.KeepAlive(t)
	if err != nil {
		return 0, false
	}
	n, ok = readToEnd(fd, buf)
	_ = unix.Close(fd) // it was only read
	return n, ok
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
