package workload

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The shortcut is taken wherever the system has it, not what stands in for it.
func TestTheTreeReadsItsFilesItself(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), "text")
	file := found(t, dir)["a.yaml"]
	fd, missing := unix.Openat2(unix.AT_FDCWD, dir, &unix.OpenHow{})
	if missing == nil {
		if err := unix.Close(fd); err != nil {
			t.Fatal(err)
		}
	}
	buf := make([]byte, 5)
	if n, ok := file.tree.readSmall(file.Path, buf); ok != (missing == nil) || ok && string(buf[:n]) != "text" {
		t.Errorf("%t, %q, although openat2 says %v", ok, buf[:n], missing)
	}
}

// A file of the system says of itself that it is empty, and comes in parts.
func TestAFileThatComesInPartsIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	in, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	buf := make([]byte, 1<<20)
	first, err := unix.Pread(int(in.Fd()), buf, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n, ok := readToEnd(int(in.Fd()), buf); !ok || n < first+100 {
		t.Errorf("%t: %d bytes, of which the first part has %d", ok, n, first)
	}
}

// A file that gets shorter is read as far as it is then. Of what is being cut off the
// system may show zeros, and a text that has one is Broken.
func TestAFileThatShrinksWhileItIsRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.yaml")
	whole := strings.Repeat("0123456789", 2000)
	write(t, path, whole)
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for size := len(whole); size >= 0; size -= 10 {
			_ = file.Truncate(int64(size))
		}
	}()
	buf := make([]byte, len(whole)+1)
	for writing := true; writing; {
		select {
		case <-done:
			writing = false
		default:
		}
		n, ok := readToEnd(int(file.Fd()), buf)
		if !ok || !strings.HasPrefix(whole, strings.TrimRight(string(buf[:n]), "\x00")) || !writing && n > 0 {
			t.Fatalf("%t: %d bytes that are no beginning of the file", ok, n)
		}
	}
}

// A file that grows is read as far as it is when its end is met; one that gets
// as long as the buffer is not read.
func TestAFileThatGrowsWhileItIsRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.yaml")
	write(t, path, "")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 1000 {
			_, _ = file.WriteString("0123456789")
		}
	}()
	buf := make([]byte, 5000)
	for writing := true; writing; {
		select {
		case <-done:
			writing = false
		default:
		}
		n, ok := readToEnd(int(file.Fd()), buf)
		if ok && !strings.HasPrefix(strings.Repeat("0123456789", 1000), string(buf[:n])) {
			t.Fatalf("%d bytes that are no beginning of the file", n)
		}
		if !writing && ok {
			t.Error("the file is longer than the buffer")
		}
	}
}
