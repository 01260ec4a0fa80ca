package workload

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ParseTemplatePath reads where a kind holds pod templates, as the command line
// states it: "group/Kind=.spec.template", or "Kind=.spec.template" for the core
// group. In the path, [*] stands for every item of a list and .* for every
// value of a map; a key with unusual characters is written ["a.b/c"].
func ParseTemplatePath(s string) (TemplatePath, error) {
	kind, path, ok := strings.Cut(s, "=")
	if !ok {
		return TemplatePath{}, fmt.Errorf("pod template path %q: want group/Kind=.path.to.template", s)
	}
	t := TemplatePath{Kind: kind, Path: strings.TrimPrefix(path, ".")}
	if i := strings.LastIndexByte(kind, '/'); i >= 0 {
		t.Group, t.Kind = kind[:i], kind[i+1:]
		if t.Group == "" || strings.Contains(t.Group, "/") {
			return TemplatePath{}, fmt.Errorf("pod template path %q: %q is no API group (do not give a version)", s, t.Group)
		}
	}
	if path == "" || path[0] != '.' && path[0] != '[' {
		return TemplatePath{}, fmt.Errorf("pod template path %q: the path must begin with a dot", s)
	}
	if err := t.check(); err != nil {
		return TemplatePath{}, fmt.Errorf("pod template path %q: %w", s, err)
	}
	return t, nil
}

// check says what is wrong with a path that a user gave.
func (t TemplatePath) check() error {
	if !plainKey(t.Kind) {
		return fmt.Errorf("%q is no kind", t.Kind)
	}
	_, err := parsePath(t.Path)
	return err
}

// segment is one step of a template path.
type segment struct {
	kind segmentKind
	key  string // of a keySegment
}

type segmentKind uint8

const (
	keySegment   segmentKind = iota // the value of a key
	itemSegment                     // [*]: every item of a list
	valueSegment                    // .*: every value of a map
)

// parsePath reads a path: keys after dots, [*], .* and ["key"].
func parsePath(path string) (segments []segment, err error) {
	rest := strings.TrimPrefix(path, ".")
	for first := true; rest != "" || first; first = false {
		var s segment
		switch {
		case strings.HasPrefix(rest, "[*]"):
			s.kind, rest = itemSegment, rest[len("[*]"):]
		case strings.HasPrefix(rest, `["`):
			quoted, err := strconv.QuotedPrefix(rest[1:])
			if err != nil || !strings.HasPrefix(rest[1+len(quoted):], "]") {
				return nil, fmt.Errorf(`path %q: %s: a quoted key is written ["key"]`, path, rest)
			}
			s.key, _ = strconv.Unquote(quoted)
			rest = rest[len(quoted)+len("[]"):]
		default:
			if !first {
				if rest[0] != '.' {
					return nil, fmt.Errorf(`path %q: %s: want .key, .*, [*] or ["key"]`, path, rest)
				}
				rest = rest[1:]
			}
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			s.key, rest = rest[:end], rest[end:]
			if s.key == "*" {
				s = segment{kind: valueSegment}
			} else if !plainKey(s.key) {
				return nil, fmt.Errorf(`path %q: %q is no plain key, write it ["key"]`, path, s.key)
			}
		}
		segments = append(segments, s)
	}
	if len(segments) == 0 {
		return nil, errors.New("the path is empty")
	}
	return segments, nil
}

// walk goes over the value at the scanner's place and calls visit with the path
// of each value to which the segments lead; visit must read it. Lists are
// visited in order, maps sorted by key. A null leads nowhere.
func (r *reading) walk(segments []segment, path string, visit func(path string)) {
	if r.null() {
		return
	}
	if len(segments) == 0 {
		visit(path)
		return
	}
	switch step := segments[0]; step.kind {
	case keySegment:
		r.walkKey(step.key, segments[1:], path, visit)
	case itemSegment:
		i := 0
		for more := r.list(); more; more = r.nextItem() {
			r.walk(segments[1:], joinIndex(path, i), visit)
			i++
		}
	case valueSegment:
		r.walkValues(segments[1:], path, visit)
	}
}

func (r *reading) walkKey(name string, rest []segment, path string, visit func(path string)) {
	names := []string{name}
	var seen uint32
	for more := r.object(); more; more = r.nextMember() {
		if key := r.key(); string(key) != name {
			r.other(key, names)
			continue
		}
		r.once(&seen, 0)
		r.walk(rest, joinKey(path, name), visit)
	}
}

func (r *reading) walkValues(rest []segment, path string, visit func(path string)) {
	type value struct {
		key        string
		keyAt, pos int
	}
	var values []value
	for more := r.object(); more; more = r.nextMember() {
		key := string(r.key())
		values = append(values, value{key, r.keyAt, r.pos})
		r.skip()
	}
	end := r.pos
	slices.SortStableFunc(values, func(a, b value) int { return strings.Compare(a.key, b.key) })
	r.depth++
	for i, v := range values {
		if r.err != nil {
			return
		}
		if i > 0 && v.key == values[i-1].key {
			r.keyAt = v.keyAt
			r.duplicate()
			return
		}
		r.pos = v.pos
		r.walk(rest, joinKey(path, v.key), visit)
	}
	r.depth--
	if r.err == nil {
		r.pos = end
	}
}
