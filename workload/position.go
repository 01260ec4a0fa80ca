package workload

import (
	"errors"
	"strconv"
	"strings"
)

// document is the text that an object was read from, kept for positions. It is
// looked into only when somebody asks for one. Either json or yaml is there.
type document struct {
	at    place  // of the text's first byte
	under string // the path of the object in the text, empty for all of it
	json  *jsonTree
	yaml  *yamlTree
	// unique says that no key comes twice in any object of the text.
	unique bool
}

// jsonDocument is the document of an object in JSON.
func jsonDocument(text []byte, at place) *document {
	return &document{at: at, json: &jsonTree{text: text}}
}

// yamlDocument is the document of a YAML text that begins at a line.
func yamlDocument(text []byte, line int) *document {
	return &document{at: place{line: line}, yaml: &yamlTree{text: text}}
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

// Place is Position in the file that the object stands in or, if it was made from
// one, in that file: there 0 is what is not known, and rendered is the line in the
// text that was made.
func (t *Template) Place(path string) (line, column, rendered int) {
	line, column = t.Position(path)
	if t.Rendered == nil || line == 0 {
		return line, column, 0
	}
	rendered = line
	line, column = t.Rendered.Origin(t, path, line, column)
	return line, column, rendered
}

// position is Position for a path from the root of the object.
func (d *document) position(path string) (line, column int) {
	steps, ok := parseSteps(joinPath(d.under, path))
	if !ok {
		return 0, 0
	}
	var at place
	if d.json != nil {
		at, ok = d.json.find(steps)
	} else {
		at, ok = d.yaml.find(steps)
	}
	if !ok {
		return 0, 0
	}
	if at.line == 1 {
		at.column += d.at.column
	}
	return d.at.line + at.line - 1, at.column + 1
}

// locate finds the line of a duplicate key in the object, for errors.
func (d *document) locate(err error) error {
	var duplicate *duplicateKeyError
	steps, ok := parseSteps(d.under)
	if !ok || !errors.As(err, &duplicate) {
		return err
	}
	return d.yaml.locateDuplicate(steps, duplicate)
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
