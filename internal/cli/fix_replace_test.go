package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const before, after = "a: 1\n", "a: 2\n"

// aFile writes a file and reads it as `gabion fix` does.
func aFile(t *testing.T, name string, mode os.FileMode) (string, *readFile) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path, reading(t, path)
}

func reading(t *testing.T, path string) *readFile {
	t.Helper()
	f := fixing{fixOptions: &fixOptions{write: true}}
	r, err := f.read(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// stands demands what is in a file, and that nothing stands beside it.
func stands(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v, want %q", path, got, err, want)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			t.Errorf("%s is left behind", e.Name())
		}
	}
}

func TestAFileIsReplacedWithItsMode(t *testing.T) {
	t.Parallel()
	for _, mode := range []os.FileMode{0o600, 0o644, 0o755, 0o660} {
		path, r := aFile(t, "a.yaml", mode)
		if err := r.replace([]byte(after)); err != nil {
			t.Fatal(err)
		}
		stands(t, path, after)
		if info, err := os.Stat(path); err != nil || info.Mode() != mode {
			t.Errorf("the mode is %v, %v, want %v", info.Mode(), err, mode)
		}
	}
}

func TestOfALinkTheTargetIsReplaced(t *testing.T) {
	t.Parallel()
	path, _ := aFile(t, "a.yaml", 0o600)
	link := filepath.Join(t.TempDir(), "link.yaml")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := reading(t, link).replace([]byte(after)); err != nil {
		t.Fatal(err)
	}
	stands(t, path, after)
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info, err)
	}
}

func TestAFileThatHasChangedIsNotOverwritten(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(path string) error{
		"other text": func(path string) error { return os.WriteFile(path, []byte("a: 3\n"), 0o600) },
		"other text, and the time is put back": func(path string) error {
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			if err := os.WriteFile(path, []byte("a: 3\n"), 0o600); err != nil {
				return err
			}
			return os.Chtimes(path, info.ModTime(), info.ModTime())
		},
		"another file": func(path string) error {
			if err := os.WriteFile(path+"x", []byte("a: 3\n"), 0o600); err != nil {
				return err
			}
			return os.Rename(path+"x", path)
		},
	} {
		path, r := aFile(t, "a.yaml", 0o600)
		if err := change(path); err != nil {
			t.Fatal(err)
		}
		if err := r.replace([]byte(after)); err == nil || !strings.Contains(err.Error(), "it has changed since it was read") {
			t.Errorf("%s: %v", name, err)
		}
		stands(t, path, "a: 3\n")
	}
	path, r := aFile(t, "a.yaml", 0o600)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := r.replace([]byte(after)); err == nil {
		t.Error("a file that is gone is written")
	}
}

func TestWhatCannotBeWrittenStaysAsItWas(t *testing.T) {
	t.Parallel()
	path, r := aFile(t, "a.yaml", 0o444)
	if err := r.replace([]byte(after)); err == nil || err.Error() != "cannot be written, and is as it was: it is read-only" {
		t.Errorf("a file that is read-only: %v", err)
	}
	stands(t, path, before)
	path, r = aFile(t, strings.Repeat("a", 250)+".yaml", 0o600) // no other file can stand beside it
	if err := r.replace([]byte(after)); err == nil || !strings.HasPrefix(err.Error(), "cannot be written, and is as it was: ") || strings.Contains(err.Error(), path) {
		t.Errorf("a folder that takes no other file: %v", err)
	}
	stands(t, path, before)
}
