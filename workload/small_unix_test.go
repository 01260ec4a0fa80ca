//go:build unix

package workload

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Nothing is taken from a pipe before its turn, also if there is somebody who
// writes to it.
func TestNothingIsTakenFromAPipe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "pod.yaml")
	write(t, path, "walked")
	file := found(t, dir)["pod.yaml"]
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	ways := []File{file, withoutShortcut(t, file), {Path: path, Explicit: true}, {Path: path, Root: dir}}
	r := newTestReader(t, Options{})
	for _, way := range ways {
		if items, _, ok := r.ReadSmall(way, 100); ok {
			t.Errorf("nobody writes, and %+v was read", items)
		}
	}
	pipe, err := os.OpenFile(path, os.O_RDWR, 0) // which waits for nobody
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pipe.Close() }()
	if _, err := pipe.WriteString("written"); err != nil {
		t.Fatal(err)
	}
	for _, way := range ways {
		if items, _, ok := r.ReadSmall(way, 100); ok {
			t.Errorf("%+v was read", items)
		}
	}
	left := make([]byte, len("written"))
	if _, err := io.ReadFull(pipe, left); err != nil || string(left) != "written" {
		t.Errorf("%q, %v is left in the pipe", left, err)
	}
}
