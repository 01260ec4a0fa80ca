package workload

import (
	"bytes"
	"slices"
)

// maxShapes is how many paths of what is shaped like a pod template are listed.
const maxShapes = 100

// templateShapes returns the paths of what is shaped like a pod template,
// sorted: a map with a "containers" list of maps that have a name or an image,
// or the map above where that one is its "spec". data is well-formed.
func templateShapes(data []byte) []string {
	s := shapeSearch{scanner: scanner{data: data}}
	return s.all()
}

// shapeSearch finds such paths.
type shapeSearch struct {
	scanner
	// covered are the offsets of templates that were read: neither they nor
	// what is below them is looked at.
	covered map[int]bool
	// status says that the object's status is not looked at.
	status bool

	steps []step
	found []string
}

func (s *shapeSearch) all() []string {
	if !bytes.Contains(s.data, []byte(`"containers"`)) && !bytes.Contains(s.data, []byte(`\u`)) {
		return nil
	}
	s.search()
	slices.Sort(s.found)
	return slices.Compact(s.found)
}

// search goes over a value, to which the steps lead, and reports whether it is
// like a container or a list with one: a map with a name or an image.
func (s *shapeSearch) search() (container bool) {
	switch c := s.peek(); {
	case s.covered[s.pos]:
		s.skip()
	case c == '{':
		for more := s.enter('}'); more; more = s.next('}') {
			key := s.key()
			container = container || string(key) == "name" || string(key) == "image"
			s.member(key)
		}
	case c == '[':
		i := 0
		for more := s.enter(']'); more; more = s.next(']') {
			isMap := s.peek() == '{'
			s.steps = append(s.steps, step{index: i})
			container = s.search() && isMap || container
			s.steps = s.steps[:len(s.steps)-1]
			i++
		}
	default:
		s.skip()
	}
	return container
}

// member goes over the value of a map's key.
func (s *shapeSearch) member(key []byte) {
	if s.status && len(s.steps) == 0 && string(key) == "status" {
		s.skip()
		return
	}
	list := s.peek() == '['
	s.steps = append(s.steps, step{key: key})
	holds := s.search()
	s.steps = s.steps[:len(s.steps)-1]
	if holds && list && string(key) == "containers" && len(s.found) < maxShapes {
		s.found = append(s.found, s.path())
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
