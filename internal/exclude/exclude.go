// Package exclude says which files are left out, by patterns as .gitignore has
// them. It is small enough to be its own: the libraries that do the same come with
// a whole Git, or get the order of patterns wrong.
package exclude

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"
)

// Matcher holds patterns. The zero Matcher and nil leave nothing out.
type Matcher struct {
	base     string // absolute; what patterns with a slash are relative to
	patterns []pattern
}

// pattern is one line.
type pattern struct {
	segments []string // of a path from the base; "**" is any number of them
	negated  bool     // what matches is not left out
	dirOnly  bool
}

// New reads patterns as lines of a .gitignore in the directory base: a pattern
// without a slash names files and directories anywhere, one with a slash those
// below base, one that ends in a slash only directories; * and ? stay within a
// name, ** stands for any directories, ! takes back what an earlier pattern left
// out, and the last one that matches decides.
func New(base string, patterns []string) (*Matcher, error) {
	base, err := filepath.Abs(base)
	if err != nil {
		return nil, fmt.Errorf("finding the current directory: %w", err)
	}
	m := &Matcher{base: base}
	for _, text := range patterns {
		p, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("the pattern %q %w", text, err)
		}
		m.patterns = append(m.patterns, p)
	}
	return m, nil
}

func parse(text string) (pattern, error) {
	var p pattern
	text, p.negated = strings.CutPrefix(text, "!")
	text, p.dirOnly = strings.CutSuffix(text, "/")
	anchored := strings.Contains(text, "/")
	text = strings.TrimPrefix(strings.TrimPrefix(text, "./"), "/")
	if text == "" {
		return p, errors.New("names nothing")
	}
	p.segments = strings.Split(text, "/")
	if !anchored {
		p.segments = append([]string{"**"}, p.segments...)
	}
	for i, s := range p.segments {
		if s == ".." || s == "." || s == "" {
			return p, fmt.Errorf("has %q in it, which no path has", s)
		}
		s = strings.ReplaceAll(s, "[!", "[^") // Git's way and path.Match's
		p.segments[i] = s
		if _, err := path.Match(s, ""); err != nil {
			return p, errors.New("is broken: is a bracket open, or a backslash at its end?")
		}
	}
	return p, nil
}

// Match reports whether a file or a directory is left out, because it, or a
// directory that it is in, matches. Paths are relative to the current directory,
// or absolute; those that are not below the base match by their names only.
func (m *Matcher) Match(name string, dir bool) bool {
	if m == nil || len(m.patterns) == 0 {
		return false
	}
	names, inside := m.names(name)
	for end := 1; end <= len(names); end++ {
		if m.last(names[:end], dir || end < len(names), inside) {
			return true // what is in it cannot be taken back
		}
	}
	return false
}

// names takes a path from the base apart.
func (m *Matcher) names(name string) (names []string, inside bool) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return strings.Split(filepath.ToSlash(filepath.Clean(name)), "/"), false
	}
	rel, err := filepath.Rel(m.base, abs)
	if err != nil || !filepath.IsLocal(rel) {
		return strings.Split(strings.TrimPrefix(filepath.ToSlash(abs), "/"), "/"), false
	}
	if rel == "." {
		return nil, true
	}
	return strings.Split(filepath.ToSlash(rel), "/"), true
}

// last is what the last pattern that matches says.
func (m *Matcher) last(names []string, dir, inside bool) bool {
	for i := len(m.patterns) - 1; i >= 0; i-- {
		p := &m.patterns[i]
		if p.dirOnly && !dir || !inside && p.segments[0] != "**" {
			continue
		}
		if matches(p.segments, names) {
			return !p.negated
		}
	}
	return false
}

func matches(segments, names []string) bool {
	for len(segments) > 0 && segments[0] == "**" {
		if len(segments) == 1 {
			return len(names) > 0
		}
		if matches(segments[1:], names) {
			return true
		}
		if len(names) == 0 {
			return false
		}
		names = names[1:]
	}
	if len(segments) == 0 || len(names) == 0 {
		return len(segments) == len(names)
	}
	// The pattern was tried when it was read.
	if ok, _ := path.Match(segments[0], names[0]); !ok {
		return false
	}
	return matches(segments[1:], names[1:])
}
