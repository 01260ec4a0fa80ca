package pss

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// step is one step of a path: a member of an object or an item of a list.
type step struct {
	key   string
	index int // -1 for a member
}

// steps takes a finding's path apart.
func steps(t testing.TB, path string) []step {
	t.Helper()
	var all []step
	for rest := path; rest != ""; {
		if rest[0] != '[' {
			rest = strings.TrimPrefix(rest, ".")
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				t.Fatalf("path %q is malformed at %q", path, rest)
			}
			all = append(all, step{rest[:end], -1})
			rest = rest[end:]
			continue
		}
		quoted, err := strconv.QuotedPrefix(rest[1:])
		if err == nil {
			key, err := strconv.Unquote(quoted)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, step{key, -1})
			rest = strings.TrimPrefix(rest[1+len(quoted):], "]")
			continue
		}
		number, after, closed := strings.Cut(rest[1:], "]")
		index, err := strconv.Atoi(number)
		if err != nil || !closed {
			t.Fatalf("path %q is malformed at %q", path, rest)
		}
		all = append(all, step{index: index})
		rest = after
	}
	return all
}

// resolve returns the value at the path of a decoded JSON value, and false if
// there is none.
func resolve(root any, path []step) (any, bool) {
	for _, s := range path {
		switch v := root.(type) {
		case map[string]any:
			value, ok := v[s.key]
			if !ok || s.index >= 0 {
				return nil, false
			}
			root = value
		case []any:
			if s.index < 0 || s.index >= len(v) {
				return nil, false
			}
			root = v[s.index]
		default:
			return nil, false
		}
	}
	return root, true
}

// remove deletes the value at the path of a decoded JSON value; an item of a
// list leaves its place to those behind it. It returns the value without it.
func remove(root any, path []step) (any, error) {
	switch v := root.(type) {
	case map[string]any:
		if len(path) == 1 {
			delete(v, path[0].key)
			return v, nil
		}
		value, err := remove(v[path[0].key], path[1:])
		v[path[0].key] = value
		return v, err
	case []any:
		i := path[0].index
		if i < 0 || i >= len(v) {
			return v, fmt.Errorf("no item %d", i)
		}
		if len(path) == 1 {
			return append(v[:i:i], v[i+1:]...), nil
		}
		value, err := remove(v[i], path[1:])
		v[i] = value
		return v, err
	}
	return root, fmt.Errorf("no %v", path)
}
