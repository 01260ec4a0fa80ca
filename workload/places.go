package workload

import (
	"encoding/binary"
	"math/bits"
	"sort"
)

// markEvery is how many bytes of a text stand between two marks.
const markEvery = 512

// places finds places in a text without counting from its beginning each time.
// Lines and columns are as if the text were all of a file.
type places struct {
	text  []byte
	marks []mark
}

// mark is what is known of every 512th byte.
type mark struct {
	place
	runes int // how many characters begin before it
}

func newPlaces(text []byte) *places {
	p := &places{text: text, marks: make([]mark, 0, len(text)/markEvery+1)}
	m := mark{place: place{line: 1}}
	for at := 0; ; at += markEvery {
		p.marks = append(p.marks, m)
		if at+markEvery > len(text) {
			return p
		}
		block := text[at : at+markEvery]
		m.place = m.after(block)
		m.runes += runeStarts(block)
	}
}

// place returns the place of an offset.
func (p *places) place(offset int) place {
	i := offset / markEvery
	return p.marks[i].after(p.text[i*markEvery : offset])
}

// right returns the offset of the character that stands so many characters
// right of the offset, line ends included.
func (p *places) right(offset, characters int) int {
	i := offset / markEvery
	wanted := p.marks[i].runes + runeStarts(p.text[i*markEvery:offset]) + characters
	i = sort.Search(len(p.marks), func(i int) bool { return p.marks[i].runes > wanted }) - 1
	n := p.marks[i].runes
	for at := i * markEvery; at < len(p.text); at++ {
		if p.text[at]&0xc0 == 0x80 {
			continue
		}
		if n == wanted {
			return at
		}
		n++
	}
	return len(p.text)
}

// runeStarts counts the characters that begin in a text: all bytes do but those
// of the form 10xxxxxx.
func runeStarts(text []byte) (n int) {
	for ; len(text) >= 8; text = text[8:] {
		w := binary.LittleEndian.Uint64(text)
		n += 8 - bits.OnesCount64(w&^(w<<1)&0x8080808080808080)
	}
	for _, c := range text {
		if c&0xc0 != 0x80 {
			n++
		}
	}
	return n
}
