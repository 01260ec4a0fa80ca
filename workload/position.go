package workload

import (
	"errors"
	"strconv"
	"strings"
	"sync"
)

// document is the text that an object was read from, kept for positions. It is
// looked into only when somebody asks for one.
type document struct {
	text  []byte
	at    place // of the text's first byte
	json  bool
	under string    // the path of the object in the text, empty for all of it
	tree  *yamlTree // of a YAML text
}

// jsonDocument is the document of an object in JSON.
func jsonDocument(text []byte, at place) *document {
	return &document{text: text, at: at, json: true}
}

// yamlDocument is the document of a YAML text that begins at a line.
func yamlDocument(text []byte, line int) *document {
	return &document{text: text, at: place{line: line}, tree: &yamlTree{}}
}

// member is the document of an object inside the document's object.
func (d *document) member(path string) *document {
	m := *d
	m.under = joinPath(d.under, path)
	return &m
}

func joinPath(a, b string) string {
	if a == "" || b == "" || b[0] == '[' {
		return a + b
	}
	return a + "." + b
}

// Position returns where the value at a path of the pod, as findings give it,
// stands in its file: the line and the column, both from 1, the column counted
// in characters (Unicode code points). Where the path leads to nothing it is
// the position of the key of the deepest part that exists, or of a list's item
// if that is the deepest. A value that YAML gives by an alias stands where the
// alias does, what is below it where it is written. Position returns 0, 0 if
// the position is not known.
func (t *Template) Position(path string) (line, column int) {
	if t.doc == nil {
		return 0, 0
	}
	return t.doc.position(t.FullPath(path))
}

// position is Position for a path from the root of the object.
func (d *document) position(path string) (line, column int) {
	steps, ok := parseSteps(joinPath(d.under, path))
	if !ok {
		return 0, 0
	}
	var offset int
	if d.json {
		offset = findJSON(d.text, steps)
	} else {
		offset = d.tree.find(d.text, steps)
	}
	if offset < 0 {
		return 0, 0
	}
	at := d.at.after(d.text[:offset])
	return at.line, at.column + 1
}

// locate finds the line of a duplicate key in the object, for errors.
func (d *document) locate(err error) error {
	var duplicate *duplicateKeyError
	steps, ok := parseSteps(d.under)
	if !ok || !errors.As(err, &duplicate) {
		return err
	}
	return locateDuplicate(d.text, d.tree.node(d.text, steps), duplicate)
}

// parseSteps takes a path apart: a.b[0]["c.d"].
func parseSteps(path string) (steps []step, ok bool) {
	for path != "" {
		if path[0] == '[' {
			inner, rest, ok := cutBracket(path)
			if !ok {
				return nil, false
			}
			if inner[0] == '"' {
				key, err := strconv.Unquote(inner)
				if err != nil {
					return nil, false
				}
				steps = append(steps, step{key: []byte(key)})
			} else {
				i, err := strconv.Atoi(inner)
				if err != nil || i < 0 {
					return nil, false
				}
				steps = append(steps, step{index: i})
			}
			path = strings.TrimPrefix(rest, ".")
			continue
		}
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		if end == 0 {
			return nil, false
		}
		steps = append(steps, step{key: []byte(path[:end])})
		path = strings.TrimPrefix(path[end:], ".")
	}
	return steps, true
}

// cutBracket cuts a path that begins with "[" behind its "]".
func cutBracket(path string) (inner, rest string, ok bool) {
	inner = path[1:]
	if quoted, err := strconv.QuotedPrefix(inner); err == nil {
		rest, ok = strings.CutPrefix(inner[len(quoted):], "]")
		return quoted, rest, ok
	}
	inner, rest, ok = strings.Cut(inner, "]")
	return inner, rest, ok && inner != ""
}

// findJSON returns the offset of the value that the steps lead to in a JSON
// text, or of what stands for it.
func findJSON(text []byte, steps []step) int {
	s := scanner{data: text}
	s.peek()
	found, value := s.pos, s.pos
	for _, st := range steps {
		var at int
		var ok bool
		if st.key != nil {
			at, ok = s.member(string(st.key))
		} else {
			at, ok = s.item(st.index)
		}
		if !ok {
			return found
		}
		found, value = at, s.pos
	}
	if s.err != nil {
		return found
	}
	return value
}

// member moves to the value of an object's key and returns where the key is.
func (s *scanner) member(name string) (at int, ok bool) {
	if s.peek() != '{' {
		return 0, false
	}
	for more := s.enter('}'); more; more = s.next('}') {
		key := s.key()
		at := s.keyAt
		s.peek()
		if key != nil && string(key) == name {
			return at, s.err == nil
		}
		s.skip()
	}
	return 0, false
}

// item moves to an item of a list and returns where it is.
func (s *scanner) item(index int) (at int, ok bool) {
	if s.peek() != '[' {
		return 0, false
	}
	i := 0
	for more := s.enter(']'); more; more = s.next(']') {
		s.peek()
		if i == index {
			return s.pos, s.err == nil
		}
		s.skip()
		i++
	}
	return 0, false
}

// yamlTree is the node tree of a YAML text, made when first needed.
type yamlTree struct {
	once sync.Once
	root *yamlNode
}
