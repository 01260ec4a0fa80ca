package workload

import "bytes"

// Lines returns the lines from first to last of the template's file, counted
// from 1, without their ends, and the number of the first of them. Lines outside
// the document that the object was read from are left out, and nothing is
// returned for a template that came without text.
func (t *Template) Lines(first, last int) (from int, lines []string) {
	if t.doc == nil {
		return 0, nil
	}
	begin := t.doc.at.line
	if t.doc.json != nil {
		return cutLines(t.doc.json.text, begin, first, last)
	}
	return cutLines(t.doc.yaml.text, begin, first, last)
}

// cutLines returns some lines of a text that begins at a line.
func cutLines(text []byte, begin, first, last int) (from int, lines []string) {
	from = max(first, begin)
	for at := begin; at <= last && len(text) > 0; at++ {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		if text = rest; at >= from {
			lines = append(lines, string(bytes.TrimSuffix(line, []byte("\r"))))
		}
	}
	if lines == nil {
		from = 0
	}
	return from, lines
}
