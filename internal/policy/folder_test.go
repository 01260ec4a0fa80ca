package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	guardHead = "apiVersion: gabion.io/v1alpha1\nkind: PodSecurityGuard\n"
	guardA    = guardHead + "metadata: {name: a}\nspec: {namespaces: {all: true}, lock: true}\n"
	guardB    = guardHead + "metadata: {name: b}\nspec: {namespaces: {all: true}, floor: {enforce: baseline}}\n"
)

// folder is the files of a folder by their names.
func folder(files map[string]string) fstest.MapFS {
	f := fstest.MapFS{}
	for name, text := range files {
		f[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return f
}

func TestPoliciesAreAllDocumentsOfTheFilesInAFolder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		files  map[string]string
		guards int
		fault  string // empty for none
	}{
		{"nothing", nil, 0, ErrEmpty.Error()},
		{"what a ConfigMap hides", map[string]string{"..data": "x", "..2026/a.yaml": guardA}, 0, ErrEmpty.Error()},
		{"a comment", map[string]string{"none.yaml": "# no policies\n"}, 0, ""},
		{"one guard", map[string]string{"a.yaml": guardA}, 1, ""},
		{"two in one file", map[string]string{"a.yml": guardA + "---\n" + guardB}, 2, ""},
		{"two in two", map[string]string{"a.yaml": guardA, "b.json": `{"apiVersion":"v1","kind":"List","items":[` +
			`{"apiVersion":"gabion.io/v1alpha1","kind":"PodSecurityGuard","metadata":{"name":"b"},"spec":{"namespaces":{"all":true},"lock":true}}]}`}, 2, ""},
		{"two of one name", map[string]string{"a.yaml": guardA, "b.yaml": guardA}, 0, `two guards have the name "a"`},
		{"a profile beside it", map[string]string{"a.yaml": guardA, "p.yaml": noHostPaths}, 1, ""},
		{"two profiles of one name", map[string]string{"a.yaml": noHostPaths, "p.yaml": noHostPaths}, 0, `p.yaml, line 1: PodSecurityProfile "no-host-paths": another profile has the same name`},
		{"a profile that is none", map[string]string{"a.yaml": guardA, "p.yaml": strings.Replace(noHostPaths, "baseline", "strict", 1)}, 0, `p.yaml, line 1: PodSecurityProfile "no-host-paths": spec.base.level`},
		{"a profile that is no YAML, beside exceptions", map[string]string{"a.yaml": "kind: [PodSecurityException, PodSecurityProfile"}, 0, "a.yaml: "},
		{"a file of another kind", map[string]string{"a.yaml": guardA, "README.md": "hello"}, 0, "README.md: its name ends neither in .yaml nor in .yml or .json"},
		{"a folder", map[string]string{"more/a.yaml": guardA}, 0, "more: its name ends neither in"},
		{"a folder with such a name", map[string]string{"more.yaml/a.yaml": guardA}, 0, "more.yaml: "},
		{"no YAML", map[string]string{"a.yaml": "kind: ["}, 0, "a.yaml: "},
		{"a guard that is none", map[string]string{"a.yaml": guardA + "---\n" + guardHead + "metadata: {name: b}\nspec: {lock: true}\n"}, 0, `a.yaml, line 5: PodSecurityGuard "b": spec.namespaces: `},
		{
			"another kind", map[string]string{"a.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n"}, 0,
			`a.yaml, line 1: Namespace "x": it is none of the kinds that are read here: PodSecurityGuard, PodSecurityProfile and PodSecurityException of gabion.io/v1alpha1`,
		},
		{"another version", map[string]string{"a.yaml": strings.Replace(guardA, "v1alpha1", "v2", 1)}, 0, "none of the kinds that are read here"},
	} {
		got, err := ReadFolder(folder(c.files))
		if c.fault == "" && err != nil || c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault) || strings.Contains(err.Error(), "\n")) || got.Guards.Len() != c.guards {
			t.Errorf("%s: %d guards (%v), want %d (%s)", c.name, got.Guards.Len(), err, c.guards, c.fault)
		}
	}
}

// TestAMountedConfigMapIsReadAndFollowed has the links of one, and swaps them as a
// kubelet does.
func TestAMountedConfigMapIsReadAndFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	version := func(name, text string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, "a.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(name, filepath.Join(dir, "..data_tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	version("..1", guardA)
	if err := os.Symlink("..data/a.yaml", filepath.Join(dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	first, err := ReadFolder(os.DirFS(dir))
	if err != nil || first.Guards.Len() != 1 {
		t.Fatalf("%d guards (%v)", first.Guards.Len(), err)
	}
	version("..2", guardA+"---\n"+guardB)
	second, err := ReadFolder(os.DirFS(dir))
	if err != nil || second.Guards.Len() != 2 || second.Text == first.Text {
		t.Errorf("after the swap: %d guards (%v)", second.Guards.Len(), err)
	}
}
