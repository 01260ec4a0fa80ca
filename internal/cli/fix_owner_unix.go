//go:build unix

package cli

import (
	"os"
	"syscall"
)

// keepOwner gives a file the owner and the group of another one, as far as that is
// needed and allowed: who is not root keeps what is his anyway.
func keepOwner(f *os.File, of os.FileInfo) error {
	was, ok := of.Sys().(*syscall.Stat_t)
	info, err := f.Stat()
	if err != nil || !ok {
		return err
	}
	if is, ok := info.Sys().(*syscall.Stat_t); ok && (is.Uid != was.Uid || is.Gid != was.Gid) {
		_ = f.Chown(int(was.Uid), int(was.Gid))
	}
	return nil
}
