package workload

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// withoutShortcut returns the file as it is where its tree knows nothing quicker
// than to open files: on other systems, and where the system call is missing or
// forbidden.
func withoutShortcut(t *testing.T, f File) File {
	t.Helper()
	if f.tree != nil {
		closed, err := os.Open(f.tree.path)
		if err != nil {
			t.Fatal(err)
		}
		if err := closed.Close(); err != nil {
			t.Fatal(err)
		}
		f.tree = &tree{path: f.tree.path}
		f.tree.dir.dir.Store(&closed)
	}
	return f
}

func TestSmallFilesAreRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	longest := map[string]int{"a": 1, "b": 5000, "c": smallBuffer - 1, "d": smallBuffer, "e": smallBuffer + 1, "f": 3 * smallBuffer}
	for name, size := range longest {
		write(t, filepath.Join(dir, name+".yaml"), strings.Repeat("#", size-1)+"\n"+pod(name))
	}
	write(t, filepath.Join(dir, "sub", "g.json"), "{}")
	write(t, filepath.Join(dir, "empty.yaml"), "")
	link(t, "sub/g.json", filepath.Join(dir, "h.json"))
	r := newTestReader(t, Options{})
	for name, file := range found(t, dir) {
		info, err := os.Stat(file.Path)
		if err != nil {
			t.Fatal(err)
		}
		for way, file := range map[string]File{
			"as it is": file, "without the shortcut": withoutShortcut(t, file), "given": {Path: file.Path, Explicit: true}, "below a root": {Path: file.Path, Root: dir},
		} {
			for _, most := range []int64{0, info.Size() - 1, info.Size(), info.Size() + 1, 1 << 20} {
				items, size, ok := r.ReadSmall(file, most)
				if want := info.Size() <= most; ok != want || ok && (size != info.Size() || len(items) != len(slices.Collect(r.ReadFile(file, nil)))) {
					t.Errorf("%s %s, at most %d: %t, %d bytes, %d items", name, way, most, ok, size, len(items))
				}
			}
		}
	}
}

func TestWhatIsNoSmallFileIsLeftAlone(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir, outside := filepath.Join(root, "given"), filepath.Join(root, "outside")
	for _, name := range []string{"gone.yaml", "dir.yaml", "relative.yaml", "absolute.yaml", "sub/below.yaml"} {
		write(t, filepath.Join(dir, name), "walked")
	}
	write(t, filepath.Join(outside, "below.yaml"), "secret")
	files := found(t, dir)
	for _, name := range []string{"gone.yaml", "dir.yaml", "relative.yaml", "absolute.yaml", "sub"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "dir.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	link(t, "../outside/below.yaml", filepath.Join(dir, "relative.yaml"))
	link(t, filepath.Join(outside, "below.yaml"), filepath.Join(dir, "absolute.yaml"))
	link(t, "../outside", filepath.Join(dir, "sub"))
	r := newTestReader(t, Options{})
	for name, file := range files {
		for _, file := range []File{file, withoutShortcut(t, file)} {
			if items, size, ok := r.ReadSmall(file, 100); ok || size != 0 || items != nil {
				t.Errorf("%s: %d bytes, %+v", name, size, items)
			}
		}
	}
	for _, file := range []File{{Path: Stdin, Explicit: true}, {Path: dir, Root: dir, Whole: true}, {Path: dir, Explicit: true}, {Path: os.DevNull, Explicit: true}} {
		if _, _, ok := r.ReadSmall(file, 100); ok {
			t.Errorf("%s was read", file.Path)
		}
	}
}

// Whoever reads a file gets the same of it.
func TestSmallFilesAreReadAsOthersAre(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	parts := []string{
		"", "\n", "\r\n", "---", "\n---\n", "--- # c\n", "----\n", "\n...\n", "%YAML 1.1\n", "# c\n", "\ufeff", "\xff\xfe", "\xfe\xff", "\x00", "x", "{", "}",
		`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[]}}`, `{"apiVersion":"v1","kind":"List","items":[{"a":1},{}]}`,
		"apiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec: {}\n", "apiVersion: v1\nkind: List\nitems:\n- a: b\n- {}\n", `{"a":1,"a":2}`, "a: [", "é",
	}
	random := rand.New(rand.NewPCG(1, 2))
	read := func(items []Item) (got []string) {
		for _, item := range items {
			line := describe(item)
			for i := range item.Templates {
				at, column := item.Templates[i].Position("spec")
				line += fmt.Sprintf(" spec@%d:%d", at, column)
			}
			got = append(got, line)
		}
		return got
	}
	name, other := filepath.Join(dir, "a.yaml"), File{Path: filepath.Join(dir, "other.yaml")}
	write(t, other.Path, strings.Repeat("# other\n", 1000))
	write(t, name, "")
	file := found(t, dir)["a.yaml"]
	for _, limit := range []int{0, 100} {
		r := newTestReader(t, Options{MaxObject: limit})
		for range 2000 {
			text := ""
			for range random.IntN(5) {
				text += parts[random.IntN(len(parts))]
			}
			write(t, name, text)
			items, size, ok := r.ReadSmall(file, 1<<16)
			if !ok || size != int64(len(text)) {
				t.Fatalf("%q: %d bytes, %t", text, size, ok)
			}
			r.ReadSmall(other, 1<<16) // into the same buffer
			if diff := cmp.Diff(read(slices.Collect(r.ReadFile(file, nil))), read(items)); diff != "" {
				t.Fatalf("%q: -others +small:\n%s", text, diff)
			}
		}
	}
}
