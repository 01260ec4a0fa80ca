package workload

import (
	"bytes"
	"slices"
	"strings"
)

// maxShapes is how many paths of what is shaped like a pod template are listed.
const maxShapes = 100

// templateShapes returns the paths of what is shaped like a pod template,
// sorted: a map with a "containers" list of maps that have a name or an image,
// or the map above where that one is its "spec". data is well-formed.
func templateShapes(data []byte) []string {
	if !bytes.Contains(data, []byte(`"containers"`)) && !bytes.Contains(data, []byte(`\u`)) {
		return nil
	}
	s := shapeSearch{scanner: scanner{data: data}}
	s.search()
	slices.Sort(s.found)
	return slices.Compact(s.found)
}

type shapeSearch struct {
	scanner
	steps []step
	found []string
}

// search goes over a value, to which the steps lead.
func (s *shapeSearch) search() {
	switch s.peek() {
	case '{':
		for more := s.enter('}'); more; more = s.next('}') {
			key := s.key()
			if string(key) == "containers" && s.peek() == '[' && s.holdsContainer() && len(s.found) < maxShapes {
				s.found = append(s.found, s.path())
			}
			s.steps = append(s.steps, step{key: key})
			s.search()
			s.steps = s.steps[:len(s.steps)-1]
		}
	case '[':
		i := 0
		for more := s.enter(']'); more; more = s.next(']') {
			s.steps = append(s.steps, step{index: i})
			s.search()
			s.steps = s.steps[:len(s.steps)-1]
			i++
		}
	default:
		s.skip()
	}
}

// path returns the path of the template whose containers were found.
func (s *shapeSearch) path() string {
	steps := s.steps
	if n := len(steps); n > 1 && string(steps[n-1].key) == "spec" {
		steps = steps[:n-1]
	}
	if len(steps) == 0 {
		return "containers"
	}
	return stepsPath(steps)
}

// holdsContainer looks ahead whether the list has a map with a name or an
// image.
func (s *shapeSearch) holdsContainer() (found bool) {
	ahead := scanner{data: s.data, pos: s.pos, depth: s.depth}
	for more := ahead.list(); more; more = ahead.nextItem() {
		if ahead.peek() != '{' {
			ahead.skip()
			continue
		}
		for more := ahead.object(); more; more = ahead.nextMember() {
			key := ahead.key()
			found = found || string(key) == "name" || string(key) == "image"
			ahead.skip()
		}
	}
	return found
}

// uncovered returns those paths that are neither at nor below a template that
// was read.
func uncovered(paths []string, templates []Template) []string {
	return slices.DeleteFunc(paths, func(path string) bool {
		return slices.ContainsFunc(templates, func(t Template) bool {
			rest, ok := strings.CutPrefix(path, t.Path)
			return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
		})
	})
}
