package workload

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLinksOutOfTheDirectoryThatWasGivenAreNotFollowed(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir := filepath.Join(root, "given")
	write(t, filepath.Join(root, "outside.yaml"), pod("outside"))
	write(t, filepath.Join(dir, "sub", "in.yaml"), pod("in"))
	for name, to := range map[string]string{"a.yaml": "../outside.yaml", "b.yaml": filepath.Join(root, "outside.yaml"), "c.yaml": "sub/in.yaml"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	const refused = ": a link that leads out of the directory that was given, so it is not followed; give what it leads to, if it is to be read"
	want := []string{"DIR/a.yaml" + refused, "DIR/b.yaml" + refused, "DIR/c.yaml", "DIR/sub/in.yaml"}
	if diff := cmp.Diff(want, walked(dir, dir)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// A link that was put there since the walk.
	for _, name := range []string{"a.yaml", "b.yaml"} {
		for item := range newTestReader(t, Options{}).ReadFile(File{Path: filepath.Join(dir, name), Root: dir}, nil) {
			if item.Outcome != Broken || !strings.Contains(item.Err.Error(), "not followed") {
				t.Errorf("%s is read: %+v", name, item)
			}
		}
	}
}

func TestAWalkerLeavesOutAndKeepsWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a.yaml", "b.yaml", "vendor/c.yaml", "chart/Chart.yaml", "chart/d.yaml"} {
		write(t, filepath.Join(dir, name), "")
	}
	w := Walker{
		Exclude: func(path string, isDir bool) bool {
			return filepath.Base(path) == "vendor" && isDir || filepath.Base(path) == "b.yaml" && !isDir
		},
		Whole: func(path string) bool { return filepath.Base(path) == "chart" },
	}
	var got []string
	for file, err := range w.Walk([]string{dir, filepath.Join(dir, "b.yaml")}) {
		if err != nil {
			t.Error(err)
		}
		name, _ := filepath.Rel(dir, file.Path)
		if file.Whole {
			name += " whole"
		}
		got = append(got, name)
	}
	if diff := cmp.Diff([]string{"a.yaml", "chart whole", "chart/Chart.yaml", "chart/d.yaml"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
