package report

import "strings"

// fixNotes are the lines below a table that say more of its rows, each once.
type fixNotes struct{ rows []fixNote }

type fixNote struct{ word, path, text string }

func (n *fixNotes) add(word, path, text string) {
	n.rows = append(n.rows, fixNote{word, path, text})
}

// lines name each field by as much of the end of its path as tells it from fields
// of which something else is said.
func (n *fixNotes) lines() (all []string) {
	seen := map[string]bool{}
	for _, row := range n.rows {
		line := row.word + " " + Escape(n.name(row)) + ": " + row.text
		if !seen[line] {
			seen[line] = true
			all = append(all, line)
		}
	}
	return all
}

func (n *fixNotes) name(row fixNote) string {
	steps := pathSteps(row.path)
	for count := 1; count < len(steps); count++ {
		if name := pathEnd(steps, count); !n.ambiguous(row, name, count) {
			return name
		}
	}
	return row.path
}

// ambiguous reports whether an end of a path is that of another row, of which
// something else is said.
func (n *fixNotes) ambiguous(row fixNote, name string, count int) bool {
	for _, other := range n.rows {
		if other.word == row.word && other.text != row.text && pathEnd(pathSteps(other.path), count) == name {
			return true
		}
	}
	return false
}

// pathEnd is the end of a path, without the places in lists behind it.
func pathEnd(steps []string, count int) string {
	for len(steps) > 1 && steps[len(steps)-1][0] == '[' && !strings.HasPrefix(steps[len(steps)-1], `["`) {
		steps = steps[:len(steps)-1]
	}
	end := steps[max(0, len(steps)-count):]
	for len(end) < len(steps) && end[0][0] == '[' { // which says nothing without what it is in
		end = steps[len(steps)-len(end)-1:]
	}
	return strings.TrimPrefix(strings.Join(end, ""), ".")
}

// pathSteps cuts a path before its dots and brackets, but for those in quotes.
func pathSteps(path string) (steps []string) {
	begin, quoted := 0, false
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && i > begin && (c == '.' || c == '['):
			steps = append(steps, path[begin:i])
			begin = i
		}
	}
	return append(steps, path[begin:])
}
