package binaries

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// buildModule writes a module like that of the control plane.
func buildModule(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{
		"go.mod":           "module example.com/m\n\ngo 1.26.0\n\nrequire (\n\tgo.etcd.io/etcd/server/v3 v3.7.3\n\tk8s.io/kubernetes v1.37.2\n)\n",
		"go.sum":           "",
		"cmd/etcd/main.go": "package main\n",
	}
	for name, content := range files {
		all[name] = content
	}
	for name, content := range all {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func key(t *testing.T, files map[string]string) string {
	t.Helper()
	r, err := newRecipe(t.Context(), buildModule(t, files))
	if err != nil {
		t.Fatal(err)
	}
	return r.key
}

func TestTheKeyOfABuildNamesItsVersionsAndChangesWithItsSources(t *testing.T) {
	t.Parallel()
	same := key(t, nil)
	if !strings.HasPrefix(same, "kubernetes-v1.37.2-etcd-v3.7.3-go1.") {
		t.Errorf("the key is %q", same)
	}
	if again := key(t, nil); again != same {
		t.Errorf("the same sources in another folder have the key %q, want %q", again, same)
	}
	for name, files := range map[string]map[string]string{
		"another checksum":     {"go.sum": "x\n"},
		"another main package": {"cmd/etcd/main.go": "package main // changed\n"},
		"one more program":     {"cmd/kubectl/main.go": "package main\n"},
	} {
		if key(t, files) == same {
			t.Errorf("%s does not change the key", name)
		}
	}
}

func TestABuildWithoutEtcdHasNoneInItsNameAndFlagsChangeIt(t *testing.T) {
	t.Parallel()
	dir := buildModule(t, map[string]string{"go.mod": "module example.com/m\n\ngo 1.26.0\n\nrequire k8s.io/kubernetes v1.24.17\n"})
	plain, err := newRecipe(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	tagged, err := newRecipe(t.Context(), dir, "-tags=providerless")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(plain.key, "kubernetes-v1.24.17-go1.") || plain.key == tagged.key || tagged.flags[0] != "-tags=providerless" {
		t.Errorf("the keys are %q and %q, the flags %q", plain.key, tagged.key, tagged.flags)
	}
	if len(plain.programs) != 1 || plain.programs[0] != "etcd" {
		t.Errorf("the programs are %q", plain.programs)
	}
}

func TestAModuleWithoutKubernetesIsRefused(t *testing.T) {
	t.Parallel()
	dir := buildModule(t, map[string]string{"go.mod": "module example.com/m\n"})
	if _, err := newRecipe(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "k8s.io/kubernetes") {
		t.Errorf("got the error %v, want one that names the module", err)
	}
}

func TestWhatTheCompilerSaysIsKeptApartFromItsProgress(t *testing.T) {
	t.Parallel()
	said := "k8s.io/api/core/v1\nmain.go:3:2: undefined: x\nnet/http\n"
	if got, want := follow(strings.NewReader(said), silent, time.Now()), "main.go:3:2: undefined: x\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
