package workload

import (
	"strconv"
	"strings"
)

// pathTo returns the path of the value that begins at the offset of a JSON text
// which is valid up to there; for a key, that of its object. Only messages need
// it, so it may cost a pass.
func pathTo(data []byte, offset int) string {
	s := scanner{data: data}
	var steps []step
	s.stepsTo(offset, &steps)
	return stepsPath(steps)
}

// stepsPath returns the steps as a path, cut where it gets absurdly long.
func stepsPath(steps []step) string {
	const most = 4096
	var path []byte
	for _, st := range steps {
		if len(path)+len(st.key) > most {
			return string(path) + "…"
		}
		if st.key == nil {
			path = append(path, joinIndex("", st.index)...)
			continue
		}
		key := joinKey("", string(st.key))
		if len(path) > 0 && key[0] != '[' {
			path = append(path, '.')
		}
		path = append(path, key...)
	}
	return string(path)
}

// step leads from an object or list to one of its members: a key, or an index
// if there is no key.
type step struct {
	key   []byte
	index int
}

// stepsTo reads one value and reports whether the offset is at or in it, with
// the steps that lead there.
func (s *scanner) stepsTo(offset int, steps *[]step) bool {
	c := s.peek()
	if s.pos >= offset {
		return true
	}
	switch c {
	case '{':
		for more := s.enter('}'); more; more = s.next('}') {
			key := s.key()
			if s.keyAt >= offset {
				return true
			}
			*steps = append(*steps, step{key: key})
			if key == nil || s.stepsTo(offset, steps) {
				return true
			}
			*steps = (*steps)[:len(*steps)-1]
		}
	case '[':
		i := 0
		for more := s.enter(']'); more; more = s.next(']') {
			*steps = append(*steps, step{index: i})
			if s.stepsTo(offset, steps) {
				return true
			}
			*steps = (*steps)[:len(*steps)-1]
			i++
		}
	default:
		s.skip()
	}
	return s.pos > offset
}

// joinKey adds a key to a path. A key that is not plain is quoted, as the keys
// of annotations are: metadata.annotations["a.b/c"].
func joinKey(path, key string) string {
	if !plainKey(key) {
		return path + "[" + strconv.Quote(key) + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func plainKey(key string) bool {
	for _, c := range key {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '$' {
			return false
		}
	}
	return key != ""
}

// joinIndex adds the place of a list's item to a path.
func joinIndex(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// atPath says where, in a message.
func atPath(path string) string {
	if path == "" {
		return " at the top"
	}
	return " at " + path
}

// once demands that a key of the object comes once, and records it in seen.
func (s *scanner) once(seen *uint32, bit uint) {
	if *seen&(1<<bit) != 0 {
		s.duplicate()
	}
	*seen |= 1 << bit
}

// duplicate fails at the last key.
func (s *scanner) duplicate() {
	if s.err != nil {
		return
	}
	key := scanner{data: s.data, pos: s.keyAt}
	s.fail(s.keyAt, "duplicate key "+strconv.Quote(shorten(key.bytes()))+atPath(pathTo(s.data, s.keyAt)))
}

// misspeltAt is misspelt for the key at an offset, if there is one.
func (s *scanner) misspeltAt(offset int, names []string) {
	if s.err == nil && offset > 0 {
		s.keyAt = offset
		s.misspelt((&scanner{data: s.data, pos: offset}).bytes(), names)
	}
}

// misspelt fails if the key is one of the names in another case. The API
// server ignores such a field; whoever wrote it meant it.
func (s *scanner) misspelt(key []byte, names []string) {
	if s.err != nil {
		return
	}
	for _, name := range names {
		if len(key) == len(name) && string(key) != name && strings.EqualFold(string(key), name) {
			s.fail(s.keyAt, "unknown field "+strconv.Quote(shorten(key))+atPath(pathTo(s.data, s.keyAt))+
				" (did you mean "+strconv.Quote(name)+"?)")
			return
		}
	}
}
