package ci_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// hook is one of .pre-commit-hooks.yaml.
type hook struct {
	ID, Name, Description, Language, Entry, Files string
	Args                                          []string
	PassFilenames                                 *bool `json:"pass_filenames"`
}

func hooks(t *testing.T) []hook {
	t.Helper()
	var all []hook
	read(t, ".pre-commit-hooks.yaml", &all)
	return all
}

// run runs the hook as pre-commit does: the words of its entry, the arguments, and
// the names of the files where it wants them.
func (h *hook) run(t *testing.T, dir, path string, args ...string) (int, string) {
	t.Helper()
	if args == nil {
		args = h.Args
	}
	argv := slices.Concat(strings.Fields(h.Entry), args)
	if h.PassFilenames == nil || *h.PassFilenames {
		argv = append(argv, "deploy/pod.yaml", "docker-compose.yml")
	}
	// The runner finds the program by the PATH that it sets.
	return run(t, dir, []string{path}, append([]string{"env", path}, argv...)...)
}

func testPreCommit(t *testing.T, path string) {
	for _, h := range hooks(t) {
		dir := repository(t)
		code, out := h.run(t, dir, path)
		wanted(t, h.ID, code, 1, out, "2 judged, 2 violating")
		code, out = h.run(t, dir, path, "--level=baseline")
		wanted(t, h.ID+" with arguments", code, 1, out, "2 judged, 1 violating")
		if err := os.WriteFile(filepath.Join(dir, ".gabion.yaml"), []byte("level: privileged\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out = h.run(t, dir, path)
		wanted(t, h.ID+" with a configuration", code, 0, out, "note: .gabion.yaml says level=privileged")
	}
}

func TestTheHooksRunForManifests(t *testing.T) {
	t.Parallel()
	languages := map[string]string{}
	for _, h := range hooks(t) {
		languages[h.ID] = h.Language
		if h.Name == "" || h.Description == "" {
			t.Errorf("%s has no name or no description", h.ID)
		}
		files, err := regexp.Compile(h.Files)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]bool{
			"deploy/a.yaml": true, "a.yml": true, "a.json": true, "chart/templates/_helpers.tpl": true, "charts/sub-1.0.0.tgz": true, ".gabion.yaml": true, "a.go": false, "yaml": false, "a.yaml.md": false,
		} {
			if files.MatchString(name) != want {
				t.Errorf("%s: it runs for %s: %v", h.ID, name, !want)
			}
		}
	}
	if languages["gabion"] != "golang" || languages["gabion-system"] != "system" || len(languages) != 2 {
		t.Errorf("the hooks are %v", languages)
	}
	// pre-commit runs `go install ./...`, which makes the program that entry names.
	if _, err := os.Stat(filepath.Join("..", "cmd", "gabion", "main.go")); err != nil {
		t.Error(err)
	}
}
