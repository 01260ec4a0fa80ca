//go:build unix

package workload

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatIsNoRegularFileIsNotPassedOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil { // no name of a manifest
		t.Fatal(err)
	}
	link(t, "pipe.yaml", filepath.Join(dir, "link.yaml"))
	const refused = ": it is no regular file, so it is not read; give it by its own name, if it is to be read"
	want := []string{"DIR/link.yaml" + refused, "DIR/pipe.yaml" + refused}
	if diff := cmp.Diff(want, walked(dir, dir)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAPipeThatHasTakenAFilesPlaceKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "pod.yaml")
	if err := os.WriteFile(path, []byte("kind: Pod\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	found := 0
	for file, err := range (Walker{}).Walk([]string{dir}) {
		if err != nil {
			t.Fatal(err)
		}
		found++
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(f); len(text) > 0 || err != nil {
			t.Errorf("read %q: %v", text, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if found != 1 {
		t.Errorf("found %d files", found)
	}
}
