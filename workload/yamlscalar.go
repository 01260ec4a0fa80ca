package workload

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// scalar is a scalar of one line in a text that plainYAML reads.
type scalar struct {
	text []byte // without its quotes
	// quote is ' or ", 0 for a plain scalar.
	quote byte
	// escaped says that the text has escapes of its quoting in it.
	escaped bool
	// special says that the text has characters in it that JSON escapes.
	special bool
	// key says that a colon followed and was read.
	key bool
}

// maxPlainKey is how long a key may be: a longer one is none to the library.
const maxPlainKey = 1000

// scalar reads a scalar of one line, and the colon behind it if it is a key.
func (p *plainYAML) scalar() scalar {
	start := p.pos
	var s scalar
	switch c := p.byte(); c {
	case '"', '\'':
		s = p.quoted(c)
	default:
		s = p.plain(c)
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

// quoted reads a scalar in quotes that ends on its line.
func (p *plainYAML) quoted(quote byte) (s scalar) {
	s.quote = quote
	text, start := p.text, p.pos+1
	for i := start; i < len(text); i++ {
		switch c := text[i]; {
		case c == quote:
			if quote == '\'' && i+1 < len(text) && text[i+1] == '\'' {
				s.escaped = true
				i++
				continue
			}
			s.text, p.pos = text[start:i], i+1
			return s
		case c == '\\' && quote == '"':
			if i++; i == len(text) || strings.IndexByte(`"\nt`, text[i]) < 0 {
				p.giveUp()
				return s
			}
			s.escaped = true
		case c == '\\' || c == '"':
			s.special = true
		case c < ' ':
			p.giveUp()
			return s
		}
	}
	p.giveUp()
	return s
}

// plain reads a scalar without quotes, whose first byte is c, up to a colon, a
// comment or the line's end.
func (p *plainYAML) plain(c byte) (s scalar) {
	if !p.beginsPlain(c) {
		p.giveUp()
		return s
	}
	text, start, end := p.text, p.pos, p.pos
	i := start
scan:
	for ; i < len(text); i++ {
		c := text[i]
		switch {
		case c > ':' && c != '\\':
		case c == ' ':
			continue
		case c == '\n':
			break scan
		case c == ':' && p.blankAt(i+1), c == '#' && i > end:
			break scan
		case c == '\t':
			p.giveUp()
			return s
		case c == '"' || c == '\\':
			s.special = true
		}
		end = i + 1
	}
	if p.pos = end; end < i && p.byte() == ' ' && i < len(text) && text[i] == ':' {
		p.giveUp() // a space before the colon
		return s
	}
	s.text = text[start:end]
	return s
}

// beginsPlain reports whether a plain scalar may begin with the next byte, which
// is c. At the beginning of a line some could be a document's end.
func (p *plainYAML) beginsPlain(c byte) bool {
	switch c {
	case '-', '.':
		return p.pos > 0 && p.text[p.pos-1] != '\n' && !p.blankAt(p.pos+1)
	case '/', '_', '$', '(', ')', '=', '^', '+', ';', '<', '~', '\\':
		return true
	}
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= utf8.RuneSelf
}

// scalarOf writes a scalar that is a value.
func (p *plainYAML) scalarOf(s scalar) {
	if p.odd {
		return
	}
	switch s.kind() {
	case stringScalar:
		p.string(s)
	case verbatimScalar:
		p.out = append(p.out, s.text...)
	default:
		p.giveUp()
	}
}

// string writes a scalar that is a string.
func (p *plainYAML) string(s scalar) {
	p.write('"')
	switch {
	case s.escaped && s.quote == '"':
		p.unescape(s.text)
	case s.escaped:
		p.escape(bytes.ReplaceAll(s.text, []byte("''"), []byte("'")))
	case s.special:
		p.escape(s.text)
	default:
		p.out = append(p.out, s.text...)
	}
	p.write('"')
}

// unescape writes a text with the escapes that quoted lets pass.
func (p *plainYAML) unescape(text []byte) {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '\\' {
			p.write(c)
			continue
		}
		i++
		switch text[i] {
		case 'n':
			p.out = append(p.out, `\u000a`...)
		case 't':
			p.out = append(p.out, `\u0009`...)
		default:
			p.out = append(p.out, '\\', text[i])
		}
	}
}

// escape writes a text as it stands in a JSON string.
func (p *plainYAML) escape(text []byte) {
	for _, c := range text {
		switch c {
		case '"', '\\':
			p.out = append(p.out, '\\', c)
		case '\n':
			p.out = append(p.out, `\u000a`...)
		case '\t':
			p.out = append(p.out, `\u0009`...)
		default:
			p.out = append(p.out, c)
		}
	}
}

// scalarKind is what a scalar is in JSON.
type scalarKind uint8

const (
	oddScalar scalarKind = iota
	stringScalar
	verbatimScalar // the same number, boolean or null
)

// kind says what a scalar is, as YAML 1.1 has it where that is certain.
func (s *scalar) kind() scalarKind {
	if s.quote != 0 {
		return stringScalar
	}
	if len(s.text) == 0 {
		return oddScalar
	}
	switch c := s.text[0]; c {
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '-', '.':
		return numberKind(s.text)
	case '~':
		return oddScalar
	case 'y', 'Y', 'n', 'N', 't', 'T', 'f', 'F', 'o', 'O':
		return wordKind(s.text)
	}
	return stringScalar
}

// wordKind is kind for what may be a boolean or null.
func wordKind(text []byte) scalarKind {
	switch string(text) {
	case "true", "false", "null":
		return verbatimScalar
	case "True", "TRUE", "False", "FALSE", "Null", "NULL", "y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO",
		"on", "On", "ON", "off", "Off", "OFF":
		return oddScalar
	}
	return stringScalar
}

// numberKind is kind for what may be a number.
func numberKind(text []byte) scalarKind {
	rest := text
	if c := rest[0]; c == '-' || c == '+' {
		rest = rest[1:]
	}
	if len(rest) == 0 {
		return oddScalar
	}
	switch c := rest[0]; {
	case c >= '0' && c <= '9':
	case text[0] != '.' && (c == '-' || c == '/' || c|0x20 >= 'a' && c|0x20 <= 'z'):
		return stringScalar // -c, --flag
	case c == '.' && len(rest) > 1 && rest[1] >= 'a' && rest[1] <= 'z' && rest[1] != 'i' && rest[1] != 'n':
		return stringScalar // .config
	case c == '.' && len(rest) > 1 && rest[1] == '/':
		return stringScalar // ./bin
	default:
		return oddScalar
	}
	points, letters := 0, false
	for _, c := range rest {
		switch {
		case c >= '0' && c <= '9':
		case c == '.':
			points++
		case c == '_', c == '-', c == '+', c|0x20 == 'e':
			letters = true
		case c|0x20 >= 'a' && c|0x20 <= 'f', c|0x20 == 'x', c|0x20 == 'o':
			if rest[0] != '0' {
				return stringScalar // no number in another base
			}
			letters = true
		default:
			return stringScalar // it is in no number
		}
	}
	switch {
	case points > 1:
		return stringScalar
	case letters || text[0] == '+' || !canonical(rest, text[0] == '-'):
		return oddScalar
	}
	return verbatimScalar
}

// canonical reports whether digits with at most one point among them are the
// number as JSON has it: neither a zero too many nor more digits than a float
// keeps.
func canonical(digits []byte, negative bool) bool {
	whole, fraction, isFloat := bytes.Cut(digits, []byte("."))
	const mostWhole, most, mostBehind = 18, 15, 6
	switch {
	case len(whole) > 1 && whole[0] == '0':
		return false
	case !isFloat:
		return len(whole) <= mostWhole && (!negative || whole[0] != '0')
	}
	return len(whole)+len(fraction) <= most && len(fraction) > 0 && len(fraction) <= mostBehind && fraction[len(fraction)-1] != '0'
}
