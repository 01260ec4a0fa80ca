package archtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	report(t, checkLayers(goFiles(t)))
}

func TestImportsStayOnAllowLists(t *testing.T) {
	t.Parallel()
	report(t, checkAllowLists(goFiles(t)))
}

func TestConfinedImportsStayInTheirPackages(t *testing.T) {
	t.Parallel()
	report(t, checkConfined(goFiles(t)))
}

func TestUnreachablePackagesStayUnreachable(t *testing.T) {
	t.Parallel()
	report(t, checkUnreachable(dependencies(t)))
}

// checkLayers finds packages that have no layer and imports that do not point
// down. Tests may import what they like.
func checkLayers(files []goFile) []string {
	var problems []string
	for _, f := range files {
		if f.module != "." || f.test || withinAny(f.dir, testOnly) {
			continue
		}
		layer, entry := layerOf(f.dir)
		if entry == "" {
			problems = append(problems, fmt.Sprintf("%s: package %s has no layer: give it one in rules_test.go", f.path, f.dir))
			continue
		}
		for _, imported := range f.imports {
			target, own := strings.CutPrefix(imported, modulePath+"/")
			if !own {
				continue
			}
			targetLayer, targetEntry := layerOf(target)
			switch {
			case targetEntry == "":
				problems = append(problems, fmt.Sprintf("%s: imports %s, which has no layer", f.path, target))
			case targetEntry == entry:
			case targetLayer < layer:
				problems = append(problems, fmt.Sprintf("%s: %s imports %s, which is above it", f.path, f.dir, target))
			case targetLayer == layer:
				problems = append(problems, fmt.Sprintf("%s: %s imports its sibling %s", f.path, f.dir, target))
			}
		}
	}
	return problems
}

// layerOf returns the place of a package in layers and the entry it belongs to,
// which is "" for a package that has none.
func layerOf(dir string) (layer int, entry string) {
	for i, siblings := range layers {
		for _, s := range siblings {
			if within(dir, s) && len(s) > len(entry) {
				layer, entry = i, s
			}
		}
	}
	return layer, entry
}

// checkAllowLists finds imports of other modules that a package's allow list
// does not have.
func checkAllowLists(files []goFile) []string {
	var problems []string
	for _, f := range files {
		owner := ""
		for dir := range allowLists {
			if within(f.dir, dir) && len(dir) > len(owner) {
				owner = dir
			}
		}
		if f.module != "." || f.test || owner == "" {
			continue
		}
		for _, imported := range f.imports {
			if !standard(imported) && !within(imported, modulePath) && !withinAny(imported, allowLists[owner]) {
				problems = append(problems, fmt.Sprintf("%s: %s must not import %s", f.path, owner, imported))
			}
		}
	}
	return problems
}

// standard reports whether an import path is of the standard library: its
// first element has no dot.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// checkConfined finds imports outside the packages they are confined to, in
// tests too.
func checkConfined(files []goFile) []string {
	var problems []string
	for _, f := range files {
		if f.module != "." {
			continue
		}
		for _, imported := range f.imports {
			for _, confined := range slices.Sorted(maps.Keys(onlyIn)) {
				if within(imported, confined) && !withinAny(f.dir, onlyIn[confined]) {
					problems = append(problems, fmt.Sprintf("%s: %s must not import %s", f.path, f.dir, imported))
				}
			}
		}
	}
	return problems
}

// dependency is one package as go list shows it.
type dependency struct {
	ImportPath string
	Deps       []string
}

// dependencies lists the packages of the root module with all they lead to.
func dependencies(t *testing.T) []dependency {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Deps", "./...")
	cmd.Dir = root
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var packages []dependency
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p dependency
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if len(packages) == 0 {
		t.Fatal("go list found no package: nothing would be checked")
	}
	return packages
}

// checkUnreachable finds packages that lead to one that they must not.
func checkUnreachable(packages []dependency) []string {
	var problems []string
	for _, p := range packages {
		own := strings.TrimPrefix(p.ImportPath, modulePath+"/")
		for _, from := range slices.Sorted(maps.Keys(unreachable)) {
			if from != "" && own != from {
				continue
			}
			for _, dep := range p.Deps {
				if withinAny(dep, unreachable[from]) {
					problems = append(problems, fmt.Sprintf("%s depends on %s", own, dep))
				}
			}
		}
	}
	return problems
}

// report fails the test with one line for each problem.
func report(t *testing.T, problems []string) {
	t.Helper()
	for _, p := range problems {
		t.Error(p)
	}
}
