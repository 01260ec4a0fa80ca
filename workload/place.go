package workload

import "bytes"

// place is a place in a file: the line, from 1, and how many characters stand
// before it on that line.
type place struct{ line, column int }

// after returns the place behind a text that begins at p.
func (p place) after(text []byte) place {
	if last := bytes.LastIndexByte(text, '\n'); last >= 0 {
		p = place{p.line + bytes.Count(text[:last+1], []byte("\n")), 0}
		text = text[last+1:]
	}
	for _, c := range text {
		// Counting where characters begin is right for parts of them too.
		if c&0xc0 != 0x80 {
			p.column++
		}
	}
	return p
}
