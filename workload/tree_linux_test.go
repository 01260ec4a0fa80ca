package workload

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// heldBelow is how many descriptors of this process lead to a directory or below it.
func heldBelow(t *testing.T, dir string) (n int) {
	t.Helper()
	const descriptors = "/proc/self/fd"
	entries, err := os.ReadDir(descriptors)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		// One that is closed by now leads nowhere.
		if to, err := os.Readlink(filepath.Join(descriptors, entry.Name())); err == nil && (to == dir || strings.HasPrefix(to, dir+"/")) {
			n++
		}
	}
	return n
}

// realTempDir is a directory as the system calls it.
func realTempDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Whoever keeps the files of many directories reads them again and again, in any
// order, several at once. Not in parallel: it closes the trees of others all the time.
func TestManyDirectoriesAreReadOfWhichFewAreHeldOpen(t *testing.T) {
	dir := realTempDir(t)
	var given []string
	for i := range 300 {
		given = append(given, filepath.Join(dir, fmt.Sprint(i)))
		write(t, filepath.Join(given[i], "a.yaml"), pod(fmt.Sprint("small-", i)))
		write(t, filepath.Join(given[i], "b.yaml"), strings.Repeat("#", smallBuffer)+"\n"+pod(fmt.Sprint("large-", i)))
	}
	var files []File
	for file, err := range Walk(given) {
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	r := newTestReader(t, Options{})
	var reading sync.WaitGroup
	for reader := range 8 {
		reading.Go(func() {
			for i := range 2 * len(files) {
				file := files[(i*(2*reader+1)+reader)%len(files)]
				items, _, ok := r.ReadSmall(file, 1<<20)
				if !ok || len(items) != 1 || items[0].Outcome != Read {
					t.Errorf("%s: %t, %+v", file.Path, ok, items)
				}
				in, err := file.Open()
				if err != nil {
					t.Error(err)
					continue
				}
				if err := in.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	reading.Wait()
	if n := heldBelow(t, dir); n > maxHeld {
		t.Errorf("%d directories are open, of %d", n, len(given))
	}
	runtime.KeepAlive(files)
}

func TestATreeOfWhichNobodyHasAFileIsClosed(t *testing.T) {
	t.Parallel()
	dir := realTempDir(t)
	write(t, filepath.Join(dir, "a.yaml"), pod("a"))
	r := newTestReader(t, Options{})
	for _, file := range found(t, dir) {
		if _, _, ok := r.ReadSmall(file, 1<<20); !ok {
			t.Error("it is not read")
		}
	}
	for end := time.Now().Add(time.Minute); heldBelow(t, dir) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it is held open")
		}
		runtime.GC()
	}
}
