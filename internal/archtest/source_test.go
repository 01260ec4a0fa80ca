package archtest

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// root is the repository's root, seen from this package.
const root = "../.."

// goFile is what the rules look at in one Go file.
type goFile struct {
	path      string // from the repository's root
	module    string // the folder of the file's module, "." for the root one
	dir       string // the file's folder, from the root of its module
	pkg       string
	doc       bool // the file has a package comment
	test      bool
	generated bool
	imports   []string
	inits     int
	calls     []string // "panic", "os.Exit"
	early     []string // the calls of them that are made when the program starts
	lines     int
}

// parseFile reads what the rules look at from a file's text.
func parseFile(name, module string, src []byte) (goFile, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return goFile{}, err
	}
	dir, err := filepath.Rel(module, path.Dir(name))
	if err != nil {
		return goFile{}, err
	}
	f := goFile{
		path: name, module: module, dir: filepath.ToSlash(dir), pkg: parsed.Name.Name,
		doc:       parsed.Doc != nil,
		test:      strings.HasSuffix(name, "_test.go"),
		generated: ast.IsGenerated(parsed),
		lines:     bytes.Count(src, []byte("\n")),
	}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return goFile{}, err
		}
		f.imports = append(f.imports, imported)
	}
	for _, decl := range parsed.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			f.inits++
		}
		if vars, ok := decl.(*ast.GenDecl); ok {
			ast.Inspect(vars, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					f.early = append(f.early, callee(call))
				}
				_, later := n.(*ast.FuncLit)
				return !later
			})
		}
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			f.calls = append(f.calls, callee(call))
		}
		return true
	})
	return f, nil
}

// callee names the function of a call: "panic", "os.Exit", or "" for others.
func callee(call *ast.CallExpr) string {
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		return fun.Name
	case *ast.SelectorExpr:
		if x, ok := fun.X.(*ast.Ident); ok {
			return x.Name + "." + fun.Sel.Name
		}
	}
	return ""
}

// walk calls visit for every file of the repository that is its own: not what
// git or an editor keeps in hidden folders, not what a build leaves in bin.
func walk(t *testing.T, visit func(name string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			hidden := strings.HasPrefix(entry.Name(), ".") && rel != "." && rel != ".ci"
			if hidden || rel == "bin" || entry.Name() == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if entry.Type().IsRegular() {
			visit(filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// modules returns the folders of the repository's modules, the root one first.
func modules(t *testing.T) []string {
	t.Helper()
	var found []string
	walk(t, func(name string) {
		if path.Base(name) == "go.mod" {
			found = append(found, path.Dir(name))
		}
	})
	if len(found) < 2 || found[0] != "." {
		// WalkDir visits "bench/go.mod" before "go.mod".
		for i, m := range found {
			if m == "." {
				found[0], found[i] = found[i], found[0]
			}
		}
	}
	return found
}

// moduleOf returns the innermost module that holds the file.
func moduleOf(modules []string, name string) string {
	best := "."
	for _, m := range modules {
		if within(name, m) && len(m) > len(best) {
			best = m
		}
	}
	return best
}

// goFiles reads every Go file of the repository, of every module.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	mods := modules(t)
	var files []goFile
	walk(t, func(name string) {
		if !strings.HasSuffix(name, ".go") {
			return
		}
		f, err := parseFile(name, moduleOf(mods, name), read(t, name))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	})
	if len(files) == 0 {
		t.Fatal("no Go file found: nothing would be checked")
	}
	return files
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// within reports whether a slash-separated path is the folder or below it.
func within(name, folder string) bool {
	return folder == "." || name == folder || strings.HasPrefix(name, folder+"/")
}

// withinAny reports whether within holds for one of the folders.
func withinAny(name string, folders []string) bool {
	for _, folder := range folders {
		if within(name, folder) {
			return true
		}
	}
	return false
}
