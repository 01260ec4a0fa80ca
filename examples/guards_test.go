package examples_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/document"
	"github.com/gabion-security/gabion/internal/guard"
)

// TestTheExampleGuardsAreGuards, and the README shows one of them, and the right
// that it asks for. The end-to-end tests go by them.
func TestTheExampleGuardsAreGuards(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("guards/*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all, err := document.Read(text)
		if err != nil || len(all) != 1 {
			t.Fatalf("%s: %d documents, %v", file, len(all), err)
		}
		if g, err := guard.Of(all[0]); err != nil || g.Name()+".yaml" != filepath.Base(file) {
			t.Errorf("%s: %v, %v", file, g, err)
		}
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"guards/floor.yaml", "rights/weaken-shop.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, shown, _ := strings.Cut(string(text), "\n") // without the comment
		shown, _, _ = strings.Cut(shown, "---\n")
		if !strings.Contains(string(readme), "```yaml\n"+shown+"```\n") {
			t.Errorf("the README does not show\n%s", shown)
		}
	}
}
