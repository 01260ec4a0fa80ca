package workload

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// found are the files that a walk finds, by their names.
func found(t *testing.T, path string) map[string]File {
	t.Helper()
	files := map[string]File{}
	for file, err := range Walk([]string{path}) {
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(file.Path)] = file
	}
	return files
}

// text is what is in a file that was found.
func text(t *testing.T, f File) (string, error) {
	t.Helper()
	in, err := f.Open()
	if err != nil {
		return "", err
	}
	defer func() { _ = in.Close() }()
	read, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(read), nil
}

func TestWhatWasPutThereSinceTheWalkLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir, outside := filepath.Join(root, "given"), filepath.Join(root, "outside")
	for _, name := range []string{"relative.yaml", "absolute.yaml", "sub/below.yaml", "inside.yaml", "back.yaml", "same.yaml"} {
		write(t, filepath.Join(dir, name), "walked")
	}
	write(t, filepath.Join(outside, "below.yaml"), "secret")
	write(t, filepath.Join(dir, "kept.txt"), "kept")
	files := found(t, dir)
	for name, target := range map[string]string{
		"relative.yaml": "../outside/below.yaml",
		"absolute.yaml": filepath.Join(outside, "below.yaml"),
		"sub":           "../outside",
		"inside.yaml":   filepath.Join(dir, "kept.txt"),
		"back.yaml":     "../given/kept.txt",
	} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		link(t, target, filepath.Join(dir, name))
	}
	for _, name := range []string{"relative.yaml", "absolute.yaml", "below.yaml"} {
		if got, err := text(t, files[name]); !errors.Is(err, errOutside) {
			t.Errorf("%s is %q, and the error %v", name, got, err)
		}
	}
	for name, want := range map[string]string{"inside.yaml": "kept", "back.yaml": "kept", "same.yaml": "walked"} {
		if got, err := text(t, files[name]); got != want || err != nil {
			t.Errorf("%s is %q, and the error %v", name, got, err)
		}
	}
}

func TestFilesOfATreeAreOpenedHoweverItWasNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "tree", "sub", "a.yaml"), "text")
	link(t, "tree", filepath.Join(dir, "link"))
	for _, given := range []string{"/tree", "/tree/", "/tree//", "/./tree/../tree", "/link", "/link/", "/link/sub"} {
		file := found(t, dir+given)["a.yaml"]
		if in, err := file.tree.open(file.Path); err != nil {
			t.Errorf("%s: the tree does not open it: %v", given, err)
		} else {
			_ = in.Close()
		}
		if got, err := text(t, file); got != "text" || err != nil {
			t.Errorf("%s: %q, %v", given, got, err)
		}
	}
}

func TestAFileThatIsGoneIsNotFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), "text")
	file := found(t, dir)["a.yaml"]
	if err := os.Remove(file.Path); err != nil {
		t.Fatal(err)
	}
	if _, err := text(t, file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the error is %v", err)
	}
}

func TestATreeThatWasClosedIsOpenedAgainAndLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir := filepath.Join(root, "given")
	write(t, filepath.Join(dir, "a.yaml"), pod("a"))
	write(t, filepath.Join(dir, "b.yaml"), pod("b"))
	write(t, filepath.Join(root, "outside.yaml"), pod("outside"))
	files := found(t, dir)
	r := newTestReader(t, Options{})
	for range 2 {
		for name, file := range files {
			if in, err := file.tree.open(file.Path); err != nil {
				t.Errorf("%s: the tree does not open it: %v", name, err)
			} else {
				_ = in.Close()
			}
			if items, _, ok := r.ReadSmall(file, 100); !ok || len(items) != 1 {
				t.Errorf("%s: %t, %+v", name, ok, items)
			}
			file.tree.root.close()
			file.tree.dir.close()
		}
	}
	if err := os.Remove(files["b.yaml"].Path); err != nil {
		t.Fatal(err)
	}
	link(t, "../outside.yaml", files["b.yaml"].Path)
	if got, err := text(t, files["b.yaml"]); !errors.Is(err, errOutside) {
		t.Errorf("it is %q, and the error %v", got, err)
	}
	if items, _, ok := r.ReadSmall(files["b.yaml"], 100); ok {
		t.Errorf("%+v is read", items)
	}
}

// Not in parallel: other tests open directories as well.
func TestWhatIsHeldIsOpenedOnceUntilManyOthersAre(t *testing.T) {
	dir := t.TempDir()
	opened := 0
	open := func(path string) (*os.Root, error) {
		opened++
		return os.OpenRoot(path)
	}
	hold := func(h *held[*os.Root]) *os.Root {
		root, err := h.hold(dir, open)
		if err != nil {
			t.Fatal(err)
		}
		return root
	}
	var first held[*os.Root]
	root := hold(&first)
	others := make([]held[*os.Root], maxHeld)
	for i := range others {
		if hold(&first) != root || opened != 1+i {
			t.Fatalf("after %d others it is another, %d were opened", i, opened)
		}
		hold(&others[i])
	}
	if _, err := root.Stat("."); !errors.Is(err, os.ErrClosed) {
		t.Errorf("it is not closed: %v", err)
	}
	if hold(&first) == root {
		t.Error("it is not opened again")
	}
}

// Somebody may have a directory at hand that is closed at this moment.
func TestAFileIsOpenedWhoeverClosesItsTree(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), "text")
	file := found(t, dir)["a.yaml"]
	closed, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	file.tree.root.dir.Store(&closed)
	if got, err := text(t, file); got != "text" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}
