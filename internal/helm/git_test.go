package helm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTemplatesSeeNothingOfGit(t *testing.T) {
	t.Parallel()
	for name, link := range map[string]string{"the directory": "", "a link to a file": ".git/config", "a link to the directory": ".git"} {
		dir := t.TempDir()
		for file, text := range map[string]string{
			"Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n", ".git/config": "token = hunter2\n",
			"templates/c.yaml": `a: {{ .Files.Get ".git/config" }}{{ .Files.Get "link" }}{{ .Files.Get "link/config" }}`,
		} {
			path := filepath.Join(dir, file)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if link != "" {
			if err := os.Symlink(link, filepath.Join(dir, "link")); err != nil {
				t.Fatal(err)
			}
		}
		texts, err := Render(dir, dir, options())
		if refused := err != nil && strings.Contains(err.Error(), "a link into .git"); refused != (link != "") {
			t.Errorf("%s: %v", name, err)
		}
		for _, text := range texts {
			if strings.Contains(string(text.Rendered), "hunter2") {
				t.Errorf("%s: a template has read %s", name, text.Rendered)
			}
		}
	}
}
