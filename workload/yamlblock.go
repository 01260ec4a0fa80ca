package workload

import "bytes"

// blockScalar reads a block scalar, literal or folded, whose key or dash stands
// at a column.
func (p *plainYAML) blockScalar(column int) {
	folded := p.byte() == '>'
	p.pos++
	chomp := p.byte()
	if chomp == '-' || chomp == '+' {
		p.pos++
	}
	if !p.spaces() || p.text[len(p.text)-1] != '\n' {
		p.giveUp()
		return
	}
	start := p.lineEnd()
	breaks := 0
	for start < len(p.text) && p.text[start] == '\n' {
		breaks++
		start++
	}
	indent := leadingSpaces(p.text[start:])
	if indent <= column || p.text[start+indent] == '\n' || p.text[start+indent] == '\t' {
		p.giveUp() // it is empty, or its indentation is not what it seems
		return
	}
	p.write('"')
	start, breaks = p.blockLines(start, indent, breaks, folded)
	switch chomp {
	case '-':
		breaks = 0
	case '+':
	default:
		breaks = min(breaks, 1)
	}
	p.breaks(breaks)
	p.write('"')
	if p.nextLine(start); p.column > column {
		p.giveUp()
	}
}

// blockLines writes the lines of a block scalar from start on, behind so many
// line breaks, and returns where the scalar ends and how many breaks are left.
func (p *plainYAML) blockLines(start, indent, breaks int, folded bool) (end, left int) {
	afterText := false // the line before begins with a character that is no space
	for first := true; start < len(p.text); {
		line := p.text[start : start+bytes.IndexByte(p.text[start:], '\n')]
		content, inside := cutIndent(line, indent)
		if !inside {
			break
		}
		start += len(line) + 1
		if len(content) == 0 {
			breaks++
			continue
		}
		isText := content[0] != ' ' && content[0] != '\t'
		switch {
		case !folded || first || !afterText || !isText:
			p.breaks(breaks)
		case breaks == 1:
			p.write(' ')
		default:
			p.breaks(breaks - 1)
		}
		p.escape(content)
		first, afterText, breaks = false, isText, 1
	}
	return start, breaks
}

// cutIndent cuts the indentation from a line; inside is false for a line that is
// indented less and not empty.
func cutIndent(line []byte, indent int) (content []byte, inside bool) {
	n := min(leadingSpaces(line), indent)
	return line[n:], n == indent || n == len(line)
}

func leadingSpaces(text []byte) (n int) {
	for n < len(text) && text[n] == ' ' {
		n++
	}
	return n
}

// breaks writes line breaks.
func (p *plainYAML) breaks(n int) {
	for range n {
		p.out = append(p.out, `\u000a`...)
	}
}

// flow reads a flow collection that ends on its line.
func (p *plainYAML) flow() {
	opening := p.byte()
	closing := opening + 2
	p.pos++
	p.enter(opening)
	keys := p.keys.open()
	for first := true; !p.odd; first = false {
		p.skipSpaces()
		if p.byte() == closing && first {
			break
		}
		if !first {
			p.write(',')
		}
		if opening == '{' {
			p.key(p.flowScalar(), &keys)
			p.skipSpaces()
		}
		p.flowValue()
		p.skipSpaces()
		if p.byte() != ',' {
			break
		}
		p.pos++
	}
	p.keys.close(keys)
	p.leave(closing)
	if p.byte() != closing {
		p.giveUp()
		return
	}
	p.pos++
}

func (p *plainYAML) skipSpaces() {
	for p.byte() == ' ' {
		p.pos++
	}
}

func (p *plainYAML) flowValue() {
	switch p.byte() {
	case '[', '{':
		p.flow()
	default:
		if s := p.flowScalar(); s.key {
			p.giveUp()
		} else {
			p.scalarOf(s)
		}
	}
}

// flowScalar is scalar in a flow collection.
func (p *plainYAML) flowScalar() (s scalar) {
	start := p.pos
	switch c := p.byte(); c {
	case '"', '\'':
		s = p.quoted(c)
	default:
		for p.pos < len(p.text) && plainInFlow(p.text[p.pos]) {
			p.pos++
		}
		s.text = p.text[start:p.pos]
		if len(s.text) == 0 || c == '-' && len(s.text) == 1 {
			p.giveUp()
			return s
		}
	}
	if p.byte() == ':' && p.blankAt(p.pos+1) {
		s.key = true
		p.pos++
		if p.pos-start > maxPlainKey {
			p.giveUp()
		}
	}
	return s
}

// plainInFlow reports whether a byte is nothing but a part of a plain scalar in
// a flow collection, wherever it stands.
func plainInFlow(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '/' || c == '_' || c == '-'
}
