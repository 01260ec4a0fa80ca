package workload

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// write makes a file and the directories to it.
func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

// walked is what a walk yields, without the directory.
func walked(dir string, paths ...string) []string {
	var got []string
	for file, err := range Walk(paths) {
		s := strings.ReplaceAll(file.Path, dir, "DIR")
		if file.Explicit {
			s += " explicit"
		}
		if err != nil {
			s += ": " + err.Error()
		}
		got = append(got, s)
	}
	return got
}

func TestWalk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{
		"b.yaml", "a.yml", "B.json", "c.txt", "c.YAML", "sub/z.yaml", "sub/a.yaml", "sub/deep/x.json", "sub-a/y.yaml",
		".hidden/x.yaml", ".hidden.yaml", "sub/.git/x.yaml", "dir.yaml/in.yaml", "noext",
	} {
		write(t, filepath.Join(dir, name), "")
	}
	link(t, "sub", filepath.Join(dir, "linked"))
	link(t, "sub", filepath.Join(dir, "linked.yaml"))
	link(t, "c.txt", filepath.Join(dir, "file.yaml"))
	link(t, "nowhere", filepath.Join(dir, "broken.yaml"))
	tests := map[string]struct{ paths, want []string }{
		"a directory": {[]string{dir}, []string{
			"DIR/.hidden.yaml", "DIR/B.json", "DIR/a.yml", "DIR/b.yaml", "DIR/broken.yaml: cannot be read: no such file or directory", "DIR/dir.yaml/in.yaml",
			"DIR/file.yaml", "DIR/sub/a.yaml", "DIR/sub/deep/x.json", "DIR/sub/z.yaml", "DIR/sub-a/y.yaml",
		}},
		"a slash at the end stays":           {[]string{dir + "/sub/deep/"}, []string{"DIR/sub/deep/x.json"}},
		"a path is not cleaned":              {[]string{dir + "/./sub/../sub/deep"}, []string{"DIR/./sub/../sub/deep/x.json"}},
		"a named file may have any name":     {[]string{dir + "/c.txt", dir + "/.hidden.yaml"}, []string{"DIR/c.txt explicit", "DIR/.hidden.yaml explicit"}},
		"a named directory may be hidden":    {[]string{dir + "/.hidden"}, []string{"DIR/.hidden/x.yaml"}},
		"a named directory may be a link":    {[]string{dir + "/linked"}, []string{"DIR/linked/a.yaml", "DIR/linked/deep/x.json", "DIR/linked/z.yaml"}},
		"standard input":                     {[]string{"-", dir + "/noext"}, []string{"- explicit", "DIR/noext explicit"}},
		"what does not exist, then the rest": {[]string{dir + "/none", dir + "/noext"}, []string{"DIR/none explicit: cannot be read: no such file or directory", "DIR/noext explicit"}},
		"nothing":                            {nil, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, walked(dir, test.paths...)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestWalkADirectoryThatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "gone")
	var got []string
	more := Walker{}.dir(File{Path: dir}, &tree{path: dir}, func(file File, err error) bool {
		got = append(got, strings.ReplaceAll(file.Path, dir, "DIR")+": "+err.Error())
		return true
	})
	if !more {
		t.Error("the walk stopped")
	}
	if diff := cmp.Diff([]string{"DIR: cannot be read: no such file or directory"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWalkStopsWhenTheCallerDoes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "sub", "a.yaml"), "")
	write(t, filepath.Join(dir, "sub", "b.yaml"), "")
	count := 0
	for _, err := range Walk([]string{dir, dir}) {
		if err != nil {
			t.Error(err)
		}
		count++
		break
	}
	if count != 1 {
		t.Errorf("%d files", count)
	}
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "a.yaml")
	write(t, name, pod("a"))
	r := newTestReader(t, Options{})
	items := slices.Collect(r.ReadFile(File{Path: name}, nil))
	if len(items) != 1 || items[0].Outcome != Read || items[0].Source.File != name {
		t.Errorf("got %+v", items)
	}
	items = slices.Collect(r.ReadFile(File{Path: Stdin}, strings.NewReader(pod("b"))))
	if len(items) != 1 || items[0].Object.Name != "b" || items[0].Source.File != "-" {
		t.Errorf("got %+v", items)
	}
	items = slices.Collect(r.ReadFile(File{Path: name + "x"}, nil))
	if len(items) != 1 || items[0].Outcome != Broken || items[0].Err.Error() != "cannot be read: no such file or directory" {
		t.Errorf("got %+v", items)
	}
}
