package kustomize

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNothingInGitIsRead(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a generator":         "configMapGenerator: [{name: c, files: [../.git/config]}]\n",
		"a generator by link": "configMapGenerator: [{name: c, files: [link]}]\n",
		"an env file":         "secretGenerator: [{name: c, envs: [../.git/config]}]\n",
		"a resource":          "resources: [../.git/config]\n",
		"a base":              "resources: [../.git]\n",
	} {
		dir := write(t, map[string]string{"app/kustomization.yaml": text})
		if err := os.WriteFile(filepath.Join(dir, ".git", "config"), []byte("token = hunter2\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("../.git/config", filepath.Join(dir, "app", "link")); err != nil {
			t.Fatal(err)
		}
		texts, fault := buildIn(dir, Options{})
		if len(texts) > 0 || !strings.Contains(fault, "nothing in .git is read") || strings.Contains(fault, "hunter2") {
			t.Errorf("%s: got %d objects and %q", name, len(texts), fault)
		}
	}
}
