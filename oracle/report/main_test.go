package report

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// root is the root module's directory.
const root = "../.."

// documents returns what Gabion writes in a format: all goldens, and what the
// program says of all examples, by the restricted level and by labels.
func documents(t *testing.T, format string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	goldens, err := filepath.Glob(filepath.Join(root, "internal/report/testdata/check-*."+format))
	must(t, err)
	if len(goldens) < 5 {
		t.Fatalf("only %d goldens", len(goldens))
	}
	for _, path := range goldens {
		text, err := os.ReadFile(path)
		must(t, err)
		all[filepath.Base(path)] = text
	}
	program := filepath.Join(t.TempDir(), "gabion")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/gabion")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building gabion: %v\n%s", err, out)
	}
	for name, args := range map[string][]string{"examples": nil, "examples, restricted": {"--level=restricted"}} {
		check := exec.CommandContext(t.Context(), program, append([]string{"check", "examples", "-o", format}, args...)...)
		check.Dir = root
		var out, errs bytes.Buffer
		check.Stdout, check.Stderr = &out, &errs
		var exit *exec.ExitError
		if err := check.Run(); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if out.Len() == 0 {
			t.Fatalf("nothing was written: %s", errs.String())
		}
		all[name] = out.Bytes()
	}
	return all
}

// module returns the directory of a module that this one requires.
func module(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", path).Output()
	must(t, err)
	dir := strings.TrimSpace(string(out))
	if dir == "" {
		t.Fatalf("%s is not in the module cache", path)
	}
	return dir
}

// constant returns the text of a constant in a Go file.
func constant(t *testing.T, file, name string) string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	must(t, err)
	for _, d := range parsed.Decls {
		general, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, s := range general.Specs {
			value, ok := s.(*ast.ValueSpec)
			if !ok || value.Names[0].Name != name {
				continue
			}
			literal, ok := value.Values[0].(*ast.BasicLit)
			if !ok {
				continue
			}
			text, err := strconv.Unquote(literal.Value)
			must(t, err)
			return text
		}
	}
	t.Fatalf("%s has no constant %s", file, name)
	return ""
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
