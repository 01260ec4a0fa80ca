package workload

import "bytes"

// place is a place in a file: the line, from 1, and how many characters stand
// before it on that line.
type place struct{ line, column int }

// after returns the place behind a text that begins at p.
func (p place) after(text []byte) place {
	if lines := bytes.Count(text, []byte("\n")); lines > 0 {
		p = place{p.line + lines, 0}
		text = text[bytes.LastIndexByte(text, '\n')+1:]
	}
	// Counting where characters begin is right for parts of them too.
	p.column += runeStarts(text)
	return p
}
