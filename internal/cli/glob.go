package cli

import (
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/internal/exclude"
	"github.com/gabion-security/gabion/workload"
)

var errNoMatch = errors.New("no manifest matches this pattern: * and ? stay within a name, ** stands for any directories")

// glob is a path that is a pattern. What it leads to is what walking the directory
// that it begins with finds, so the order is the same, and no link leads out.
type glob struct {
	dir     string
	matcher *exclude.Matcher
}

// globOf returns the pattern that a path is, nil if it is none: whatever exists is
// itself, be there a star in its name.
func globOf(path string) (*glob, error) {
	if path == workload.Stdin || !strings.ContainsAny(path, "*?[") {
		return nil, nil //nolint:nilnil // it is a path
	}
	if _, err := os.Lstat(path); err == nil {
		return nil, nil //nolint:nilnil // it is a path
	}
	names := strings.Split(filepath.ToSlash(path), "/")
	first := slices.IndexFunc(names, func(name string) bool { return strings.ContainsAny(name, "*?[") })
	dir := filepath.FromSlash(strings.Join(names[:first], "/"))
	switch {
	case first == 0:
		dir = "."
	case dir == "":
		dir = string(filepath.Separator)
	}
	matcher, err := exclude.New(dir, []string{"/" + strings.Join(names[first:], "/")})
	if err != nil {
		return nil, err
	}
	return &glob{dir, matcher}, nil
}

// base is the directory that the pattern begins with; a path that is none is its
// own.
func (g *glob) base(path string) string {
	if g == nil {
		return path
	}
	return g.dir
}

// only walks what is given, and yields what matches or stands in a directory that
// does.
func (g *glob) only(w workload.Walker, given string) iter.Seq2[workload.File, error] {
	if g == nil {
		return w.Walk([]string{given})
	}
	if whole := w.Whole; whole != nil {
		w.Whole = func(dir string) bool { return g.matcher.Match(dir, true) && whole(dir) }
	}
	return func(yield func(workload.File, error) bool) {
		if info, err := os.Stat(given); err != nil || !info.IsDir() {
			return // nothing matches
		}
		for file, err := range w.Walk([]string{given}) {
			if g.matcher.Match(file.Path, file.Whole) && !yield(file, err) {
				return
			}
		}
	}
}
