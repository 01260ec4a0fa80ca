package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/config"
)

// tree makes files, and directories where names end in a slash.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		path := filepath.Join(root, filepath.FromSlash(name))
		dir := filepath.Dir(path)
		if strings.HasSuffix(name, "/") {
			dir = path
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if dir != path {
			if err := os.WriteFile(path, []byte("level: baseline\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

func TestTheFileIsFoundUpwardFromTheInput(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		files   []string
		working string
		paths   []string
		want    string
	}{
		{"none", []string{"repo/.git/", "repo/a.yaml"}, "repo", []string{"repo/a.yaml"}, ""},
		{"beside the file", []string{"repo/.git/", "repo/d/.gabion.yaml", "repo/d/a.yaml"}, "repo", []string{"repo/d/a.yaml"}, "repo/d/.gabion.yaml"},
		{"in the directory", []string{"repo/.git/", "repo/d/.gabion.yaml"}, "repo", []string{"repo/d"}, "repo/d/.gabion.yaml"},
		{"the first upward", []string{"repo/.git/", "repo/.gabion.yaml", "repo/d/.gabion.yaml", "repo/d/e/a.yaml"}, "", []string{"repo/d/e"}, "repo/d/.gabion.yaml"},
		{"above what several have in common", []string{"repo/.git/", "repo/.gabion.yaml", "repo/d/.gabion.yaml", "repo/d/", "repo/e/"}, "", []string{"repo/d", "repo/e"}, "repo/.gabion.yaml"},
		{"of a path that is not there", []string{"repo/.git/", "repo/.gabion.yaml"}, "", []string{"repo/gone/a.yaml"}, "repo/.gabion.yaml"},
		{"in the root of the repository", []string{"repo/.git", "repo/.gabion.yaml", "repo/d/"}, "", []string{"repo/d"}, "repo/.gabion.yaml"},
		{"not above the repository", []string{".gabion.yaml", "repo/.git/", "repo/d/"}, "", []string{"repo/d"}, ""},
		{"not above a submodule", []string{"repo/.git/", "repo/.gabion.yaml", "repo/d/.git"}, "", []string{"repo/d"}, ""},
		{"without a repository up to the working directory", []string{"w/.gabion.yaml", "w/d/e/"}, "w", []string{"w/d/e"}, "w/.gabion.yaml"},
		{"and not above it", []string{".gabion.yaml", "w/d/e/"}, "w", []string{"w/d/e"}, ""},
		{"elsewhere in its own directory", []string{"x/.gabion.yaml", "x/a.yaml", "w/"}, "w", []string{"x/a.yaml"}, "x/.gabion.yaml"},
		{"and not above that", []string{".gabion.yaml", "x/a.yaml", "w/"}, "w", []string{"x/a.yaml"}, ""},
		{"not in a directory that begins alike", []string{"repo/.git/", "repo/d/.gabion.yaml", "repo/d2/"}, "", []string{"repo/d", "repo/d2"}, ""},
	} {
		root := tree(t, c.files...)
		var paths []string
		for _, path := range c.paths {
			paths = append(paths, filepath.Join(root, path))
		}
		got, err := config.Find(paths, filepath.Join(root, c.working))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if want := filepath.Join(root, c.want); c.want == "" && got != "" || c.want != "" && got != want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestALinkIsFollowedInsideTheRepositoryOnly(t *testing.T) {
	t.Parallel()
	root := tree(t, "repo/.git/", "repo/shared/gabion.yaml", "repo/in/", "repo/out/", "repo/gone/", "elsewhere.yaml")
	for link, target := range map[string]string{
		"repo/in": "../shared/gabion.yaml", "repo/out": "../../elsewhere.yaml", "repo/gone": "nowhere.yaml",
	} {
		if err := os.Symlink(target, filepath.Join(root, link, config.Name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"in": "", "out": "it is a link that leads out of", "gone": "no such file"} {
		dir := filepath.Join(root, "repo", name)
		file, err := config.Find([]string{dir}, root)
		if want == "" && (err != nil || file != filepath.Join(dir, config.Name)) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %q and %v, want %q", name, file, err, want)
		}
	}
}

func TestPathsStayBelowTheFile(t *testing.T) {
	t.Parallel()
	root := tree(t, "dir/a/b.yaml", "secret.yaml")
	if err := os.Symlink("../secret.yaml", filepath.Join(root, "dir", "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("..", filepath.Join(root, "dir", "up")); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "dir")
	for path, want := range map[string]string{
		"a/b.yaml": "", "a": "", ".": "", "a/../a": "", "gone.yaml": "",
		"../secret.yaml": "leads out", "a/../../secret.yaml": "leads out", "/etc/passwd": "leads out",
		"link": "is a link that leads out", "up/secret.yaml": "is a link that leads out",
	} {
		got, err := config.Below(dir, path)
		if want == "" && (err != nil || got != filepath.Join(dir, path)) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %q and %v, want %q", path, got, err, want)
		}
	}
}

func TestOnlyAPlainFileOfASaneSizeIsRead(t *testing.T) {
	t.Parallel()
	root := tree(t, "good", "dir/")
	if err := os.WriteFile(filepath.Join(root, "large"), make([]byte, 1<<20+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"good": "", "dir": "it is no plain file", "large": "it has more than 1024 KiB", "gone": "no such file"} {
		text, err := config.Text(filepath.Join(root, name))
		if want == "" && (err != nil || string(text) != "level: baseline\n") || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %q and %v, want %q", name, text, err, want)
		}
	}
}
