package workload

import (
	"bytes"
	"sort"
)

// longLine is the longest line that is shown, in bytes.
const longLine = 16 << 10

// Lines returns the lines from first to last of the template's file, counted
// from 1, without their ends, and the number of the first of them. Lines outside
// the document that the object was read from are left out, a line of over 16 KiB
// is cut and ends the rest, and nothing is returned for a template that came
// without text.
func (t *Template) Lines(first, last int) (from int, lines []string) {
	if t.doc == nil {
		return 0, nil
	}
	var p *places
	if t.doc.json != nil {
		p = t.doc.json.positions()
	} else {
		p = t.doc.yaml.positions()
	}
	before := t.doc.at.line - 1 // lines of the file, above the text
	from = max(first-before, 1)
	if lines = p.lines(from, last-before); lines == nil {
		return 0, nil
	}
	return from + before, lines
}

// positions returns the places of the text.
func (t *yamlTree) positions() *places {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open()
	return t.places
}

// positions returns the places of the text.
func (t *jsonTree) positions() *places {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open()
	return t.places
}

// lines returns the lines from first to last of the text, both from 1.
func (p *places) lines(first, last int) (lines []string) {
	i := max(sort.Search(len(p.marks), func(i int) bool { return p.marks[i].line >= first })-1, 0)
	line, text := p.marks[i].line, p.text[min(i*markEvery, len(p.text)):]
	for ; line < first; line++ {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			return nil
		}
		text = text[end+1:]
	}
	for ; line <= last && len(text) > 0; line++ {
		end := bytes.IndexByte(text[:min(len(text), longLine)], '\n')
		if end < 0 && len(text) > longLine {
			return append(lines, string(text[:longLine])+"…")
		}
		if end < 0 {
			return append(lines, string(text))
		}
		lines = append(lines, string(bytes.TrimSuffix(text[:end], []byte("\r"))))
		text = text[end+1:]
	}
	return lines
}
