package workload

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// plainYAML goes once over a document in plain block style, which is how most
// manifests are written, and writes it as JSON:
//
//	apiVersion: v1
//	spec:
//	  containers:
//	  - name: web # a comment
//	    command: ["sleep", "1"]
//
// It knows maps and lists in block style, scalars of one line, block scalars
// and flow collections of one line. All else is odd: it gives up, and the
// library, which is many times slower, reads the text and says what may be
// wrong with it. So it may be as narrow as is convenient, but what it writes is,
// byte by byte, what decodeYAML and toJSON make of the text. FuzzPlainYAML and
// the tests beside it hold that.
type plainYAML struct {
	text []byte
	pos  int
	// column is where on its line the next token stands, -1 at the end.
	column int
	out    []byte
	keys   keyStack
	depth  int
	odd    bool
}

// maxPlainDepth is how deep maps and lists may nest in plain style.
const maxPlainDepth = 100

// read reports whether the text is a map in plain block style, which is then in
// out as JSON. No key in it comes twice.
func (p *plainYAML) read(text []byte) bool {
	*p = plainYAML{text: text, out: p.out[:0], keys: p.keys[:0]}
	if mayMerge(text) || !plainBytes(text) {
		return false
	}
	if isSeparator(text) {
		p.pos = len("---")
		p.endLine()
	} else {
		p.nextLine(0)
	}
	// What begins otherwise decodeYAML reads in another way, or it is no map.
	if c := p.byte(); p.column < 0 || c != '"' && c != '\'' && (c|0x20 < 'a' || c|0x20 > 'z') {
		return false
	}
	column := p.column
	p.mapping(column, p.scalar())
	return !p.odd && p.column < 0
}

// forget lets go of the text that was read.
func (p *plainYAML) forget() {
	clear(p.keys[:cap(p.keys)])
	*p = plainYAML{out: p.out[:0], keys: p.keys[:0]}
}

// giveUp leaves the text to the library. Callers need not look after each step:
// nothing follows.
func (p *plainYAML) giveUp() {
	p.odd, p.pos, p.column = true, len(p.text), -1
}

// byte returns the next byte, a line's end at the end of the text.
func (p *plainYAML) byte() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return '\n'
}

// blankAt reports whether a space, the line's end or that of the text is there.
func (p *plainYAML) blankAt(i int) bool {
	return i >= len(p.text) || p.text[i] == ' ' || p.text[i] == '\n'
}

// spaces goes over spaces and reports whether nothing but a comment follows on
// the line.
func (p *plainYAML) spaces() (ended bool) {
	start := p.pos
	for p.byte() == ' ' {
		p.pos++
	}
	return p.byte() == '\n' || p.byte() == '#' && p.pos > start
}

// endLine demands that nothing but a comment follows on the line, and goes on
// to the next token.
func (p *plainYAML) endLine() {
	if !p.spaces() {
		p.giveUp()
		return
	}
	p.nextLine(p.lineEnd())
}

// lineEnd returns where the line ends, behind its line feed.
func (p *plainYAML) lineEnd() int {
	if p.byte() == '\n' {
		return min(p.pos+1, len(p.text))
	}
	if n := bytes.IndexByte(p.text[p.pos:], '\n'); n >= 0 {
		return p.pos + n + 1
	}
	return len(p.text)
}

// nextLine goes to the first token of a line that begins at start, or of those
// below it.
func (p *plainYAML) nextLine(start int) {
	for {
		p.pos = start
		for p.pos < len(p.text) && p.text[p.pos] == ' ' {
			p.pos++
		}
		if p.pos == len(p.text) {
			p.column = -1
			return
		}
		if c := p.text[p.pos]; c != '\n' && c != '#' {
			p.column = p.pos - start
			return
		}
		start = p.lineEnd()
	}
}

// dash reports whether the next token begins an item of a list.
func (p *plainYAML) dash() bool {
	return p.byte() == '-' && p.blankAt(p.pos+1)
}

func (p *plainYAML) write(c byte) { p.out = append(p.out, c) }

func (p *plainYAML) null() { p.out = append(p.out, "null"...) }

// enter begins a map or a list.
func (p *plainYAML) enter(opening byte) {
	p.write(opening)
	if p.depth++; p.depth > maxPlainDepth {
		p.giveUp()
	}
}

func (p *plainYAML) leave(closing byte) {
	p.write(closing)
	p.depth--
}

// mapping reads a map whose keys stand at a column; its first key was read.
func (p *plainYAML) mapping(column int, key scalar) {
	p.enter('{')
	keys := p.keys.open()
	for first := true; ; first = false {
		if !first {
			p.write(',')
			key = p.scalar()
		}
		p.key(key, &keys)
		p.value(column)
		if p.column != column {
			break
		}
	}
	p.keys.close(keys)
	p.leave('}')
	if p.column > column {
		p.giveUp()
	}
}

// key writes a key, whose colon was read. In another style than the usual ones
// keys could be equal that do not look alike.
func (p *plainYAML) key(key scalar, keys *openKeys) {
	if !key.key || key.escaped || key.kind() != stringScalar || !p.keys.add(keys, key.text) {
		p.giveUp()
		return
	}
	p.string(key)
	p.write(':')
}

// value reads the value of a key at a column.
func (p *plainYAML) value(column int) {
	if !p.spaces() {
		p.inline(column)
		return
	}
	p.nextLine(p.lineEnd())
	switch {
	case p.column > column:
		p.block()
	case p.column == column && p.dash():
		p.sequence(column)
	default:
		p.null()
	}
}

// block reads a map or list that begins a line.
func (p *plainYAML) block() {
	if p.dash() {
		p.sequence(p.column)
		return
	}
	column := p.column
	p.mapping(column, p.scalar())
}

// sequence reads a list whose dashes stand at a column.
func (p *plainYAML) sequence(column int) {
	p.enter('[')
	for first := true; p.column == column && p.dash(); first = false {
		if !first {
			p.write(',')
		}
		p.item(column)
	}
	p.leave(']')
	if p.column > column {
		p.giveUp()
	}
}

// item reads an item, whose dash stands at a column.
func (p *plainYAML) item(column int) {
	dash := p.pos
	p.pos++
	switch ended := p.spaces(); {
	case ended:
		if p.nextLine(p.lineEnd()); p.column > column {
			p.block()
		} else {
			p.null()
		}
	case p.dash():
		p.column = column + p.pos - dash
		p.sequence(p.column)
	case p.collects():
		p.inline(column)
	default:
		inner := column + p.pos - dash
		if s := p.scalar(); s.key {
			p.mapping(inner, s)
		} else {
			p.scalarValue(s, column)
		}
	}
}

// collects reports whether the next token is neither a key nor a scalar of one
// line.
func (p *plainYAML) collects() bool {
	switch p.byte() {
	case '[', '{', '|', '>':
		return true
	}
	return false
}

// inline reads what follows a key, or a dash, on the same line. The key or the
// dash stands at a column.
func (p *plainYAML) inline(column int) {
	switch p.byte() {
	case '|', '>':
		p.blockScalar(column)
		return
	case '[', '{':
		p.flow()
	default:
		s := p.scalar()
		if s.key {
			p.giveUp()
			return
		}
		p.scalarValue(s, column)
		return
	}
	p.endValue(column)
}

// scalarValue writes a scalar of one line that is a value.
func (p *plainYAML) scalarValue(s scalar, column int) {
	p.scalarOf(s)
	p.endValue(column)
}

// endValue goes to the next line. If it stands deeper, it belongs to the value,
// or it is wrong.
func (p *plainYAML) endValue(column int) {
	if p.endLine(); p.column > column {
		p.giveUp()
	}
}

// plainBytes reports whether a text has no characters in it but those that mean
// the same everywhere: ASCII without control characters, and what YAML takes as
// printable and not as a line's end.
func plainBytes(text []byte) bool {
	i := 0
	for ; i+8 <= len(text); i += 8 {
		if w := binary.LittleEndian.Uint64(text[i:]); oddBytes(w) != 0 {
			n := plainRunes(text[i:], 8)
			if n == 0 {
				return false
			}
			i += n - 8
		}
	}
	return i >= len(text) || plainRunes(text[i:], len(text)-i) > 0
}

// oddBytes sets the high bit of each of eight bytes that is neither printable
// ASCII nor a line feed.
func oddBytes(w uint64) uint64 {
	const ones, lows, highs = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f, 0x8080808080808080
	low := w & lows
	control := ^(low + ones*(0x80-' '))
	feed := ^((low ^ ones*'\n') + lows)
	return (control&^feed | low + ones | w) & highs
}

// plainRunes is plainBytes for the characters that begin in the first bytes of a
// text. It returns their length, 0 if one is not plain.
func plainRunes(text []byte, n int) (length int) {
	for length < n {
		c := text[length]
		switch {
		case c >= ' ' && c < 0x7f, c == '\n', c == '\t':
			length++
			continue
		case c < utf8.RuneSelf:
			return 0
		}
		r, size := utf8.DecodeRune(text[length:])
		switch {
		case r == utf8.RuneError, r < 0xa0, r == '\u2028', r == '\u2029', r == '\ufeff', r == '\ufffe', r == '\uffff':
			return 0
		}
		length += size
	}
	return length
}
