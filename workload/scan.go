package workload

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gabion-security/gabion/internal/jsontext"
)

// maxDepth is how deep objects and lists may nest.
const maxDepth = 1000

// syntaxError is what is wrong with a JSON text, and at which byte.
type syntaxError struct {
	offset int
	msg    string
}

func (e *syntaxError) Error() string { return e.msg }

// scanner goes once over a JSON text. Its first error sticks and moves it to
// the end of the text, so that callers need not look after each step.
type scanner struct {
	data  []byte
	pos   int
	depth int
	keyAt int // where the last key began
	// stuckAt is where skipNested ended in vain.
	stuckAt int
	err     *syntaxError
	arena   strings.Builder
	// unique, unless it is nil, has every key looked at, also of what is skipped.
	unique *uniqueKeys
}

// fail records the first error.
func (s *scanner) fail(offset int, msg string) {
	if s.err == nil {
		s.err = &syntaxError{offset, msg}
	}
	s.pos = len(s.data)
}

// failAt is fail with the path of the value at the offset.
func (s *scanner) failAt(offset int, msg string) {
	if path := pathTo(s.data, offset); path != "" {
		msg = path + ": " + msg
	}
	s.fail(offset, msg)
}

// unexpected records that something else was expected at the scanner's place.
func (s *scanner) unexpected(expected string) {
	if s.err != nil {
		return
	}
	if s.pos >= len(s.data) {
		s.fail(len(s.data), "the JSON ends too early: expected "+expected)
		return
	}
	r, _ := utf8.DecodeRune(s.data[s.pos:])
	s.fail(s.pos, "invalid JSON: expected "+expected+", found "+strconv.QuoteRune(r))
}

// wrongType records that the value at offset is of another type.
func (s *scanner) wrongType(offset int, expected string) {
	if s.err != nil {
		return
	}
	found := "invalid JSON"
	switch s.data[offset] {
	case '{':
		found = "an object"
	case '[':
		found = "a list"
	case '"':
		found = "a string"
	case 't', 'f':
		found = "a boolean"
	case 'n':
		found = "null"
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		found = "a number"
	}
	s.failAt(offset, "expected "+expected+", found "+found)
}

// peek skips white space and returns the byte after it, 0 at the end. It is
// just small enough for the compiler to inline.
func (s *scanner) peek() (c byte) {
	if s.pos < len(s.data) {
		c = s.data[s.pos]
	}
	if c > ' ' {
		return c
	}
	return s.space()
}

func (s *scanner) space() byte {
	s.pos = skipSpace(s.data, s.pos)
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

// end demands that nothing but white space follows.
func (s *scanner) end() {
	s.peek()
	if s.pos < len(s.data) {
		s.unexpected("nothing after the object")
	}
}

// enter begins an object or a list and reports whether it has a first member.
func (s *scanner) enter(closing byte) bool {
	s.pos++
	s.depth++
	if s.depth > maxDepth {
		s.fail(s.pos-1, "nested deeper than "+strconv.Itoa(maxDepth)+" levels")
		return false
	}
	if s.peek() == closing {
		s.pos++
		s.depth--
		return false
	}
	if s.unique != nil && closing == '}' {
		s.unique.enter()
	}
	return true
}

// next follows a member and reports whether there is another one.
func (s *scanner) next(closing byte) bool {
	switch s.peek() {
	case ',':
		s.pos++
		return true
	case closing:
		s.pos++
		s.depth--
		if s.unique != nil && closing == '}' {
			s.unique.leave()
		}
		return false
	}
	s.unexpected(`"," or "` + string(closing) + `"`)
	return false
}

// object begins an object and reports whether it has a first member; null is
// like an object without members, another value an error.
func (s *scanner) object() bool {
	if s.peek() == '{' {
		return s.enter('}')
	}
	if !s.null() && s.valueStarts() {
		s.wrongType(s.pos, "an object")
	}
	return false
}

// list is object for lists.
func (s *scanner) list() bool {
	if s.peek() == '[' {
		return s.enter(']')
	}
	if !s.null() && s.valueStarts() {
		s.wrongType(s.pos, "a list")
	}
	return false
}

// nextMember and nextItem follow a member of an object, an item of a list.
func (s *scanner) nextMember() bool { return s.next('}') }
func (s *scanner) nextItem() bool   { return s.next(']') }

// valueStarts demands that the next byte can begin a value.
func (s *scanner) valueStarts() bool {
	switch s.peek() {
	case '{', '[', '"', 't', 'f', 'n', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return s.pos < len(s.data)
	}
	s.unexpected("a value")
	return false
}

// null consumes a null and reports whether there was one.
func (s *scanner) null() bool {
	return s.peek() == 'n' && s.literal("null")
}

func (s *scanner) literal(text string) bool {
	if len(s.data)-s.pos < len(text) || string(s.data[s.pos:s.pos+len(text)]) != text {
		s.unexpected(text)
		return false
	}
	s.pos += len(text)
	return true
}

// key reads a key and its colon.
func (s *scanner) key() []byte {
	// Most keys have no escape, and nothing stands between them and the colon.
	if start := s.pos + 1; start < len(s.data) && s.data[start-1] == '"' {
		if end := nextSpecial(s.data, start); end+1 < len(s.data) && s.data[end] == '"' && s.data[end+1] == ':' {
			s.keyAt, s.pos = start-1, end+2
			if s.unique != nil && !s.unique.add(s.data[start:end]) {
				s.duplicate()
			}
			return s.data[start:end]
		}
	}
	if s.peek() != '"' {
		s.unexpected("a key in double quotes")
		return nil
	}
	s.keyAt = s.pos
	key := s.bytes()
	if s.err == nil && s.unique != nil && !s.unique.add(key) {
		s.duplicate()
	}
	if s.peek() == ':' {
		s.pos++
		return key
	}
	s.unexpected(`":"`)
	return nil
}

// bytes reads a string, whose quote is at the scanner's place. The result may
// be a part of the text.
func (s *scanner) bytes() []byte {
	start := s.pos + 1
	if end := nextSpecial(s.data, start); end < len(s.data) && s.data[end] == '"' { // as most are
		s.pos = end + 1
		return s.data[start:end]
	}
	escaped := s.skipString()
	if s.err != nil {
		return nil
	}
	text := s.data[start : s.pos-1]
	if escaped {
		return unescape(text)
	}
	return text
}

// skipString goes over a string, whose quote is at the scanner's place, and
// reports whether it has escapes.
func (s *scanner) skipString() (escaped bool) {
	data, i := s.data, s.pos+1
	for {
		if i = nextSpecial(data, i); i < len(data) && data[i] == '"' {
			s.pos = i + 1
			return escaped
		}
		if i >= len(data) {
			s.fail(len(data), "the JSON ends too early: a string is not closed")
			return false
		}
		n := s.character(i)
		if n == 0 {
			return false
		}
		escaped = escaped || data[i] == '\\'
		i += n
	}
}

// nextSpecial returns the first place from i on that may not be plain text of a
// string, among them every quote; the last bytes of data are taken one by one.
func nextSpecial(data []byte, i int) int {
	for i+8 <= len(data) {
		if special := jsontext.Special(binary.LittleEndian.Uint64(data[i:])); special != 0 {
			return i + bits.TrailingZeros64(special)>>3
		}
		i += 8
	}
	return i
}

// character returns the length of the character or escape at i within a
// string, 0 if it is not valid.
func (s *scanner) character(i int) int {
	switch c := s.data[i]; {
	case c == '\\':
		if n := escapeLength(s.data[i:]); n > 0 {
			return n
		}
		s.fail(i, "invalid JSON: a string has an invalid escape")
	case c < ' ':
		s.fail(i, "invalid JSON: a string has a raw control character")
	case c < utf8.RuneSelf:
		return 1
	default:
		r, n := utf8.DecodeRune(s.data[i:])
		if r != utf8.RuneError || n > 1 {
			return n
		}
		s.fail(i, "a string is not valid UTF-8")
	}
	return 0
}

// skip goes over a value.
func (s *scanner) skip() {
	c := s.peek()
	if (c == '{' || c == '[') && s.unique == nil && s.skipNested() {
		return
	}
	switch c {
	case '"':
		s.skipString()
	case '{':
		for more := s.enter('}'); more; more = s.next('}') {
			if s.unique == nil {
				s.skipKey()
			} else {
				s.key()
			}
			s.skip()
		}
	case '[':
		for more := s.enter(']'); more; more = s.next(']') {
			s.skip()
		}
	case 't':
		s.literal("true")
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	default:
		s.number()
	}
}

// skipKey is key without the key.
func (s *scanner) skipKey() {
	if s.peek() != '"' {
		s.unexpected("a key in double quotes")
		return
	}
	s.skipString()
	if s.peek() != ':' {
		s.unexpected(`":"`)
		return
	}
	s.pos++
}

// number reads a number; integer reports that it has neither fraction nor
// exponent.
func (s *scanner) number() (text []byte, integer bool) {
	data, start := s.data, s.pos
	i := start
	if i < len(data) && data[i] == '-' {
		i++
	}
	if i >= len(data) || data[i]-'0' > 9 {
		s.unexpected("a value")
		return nil, false
	}
	first := data[i]
	i++
	if first != '0' {
		i = digits(data, i)
	}
	integer = true
	if i < len(data) && data[i] == '.' {
		integer = false
		if i = digits(data, i+1); data[i-1] == '.' {
			s.fail(i, "invalid JSON: a number has no digits after its point")
			return nil, false
		}
	}
	if i < len(data) && data[i]|0x20 == 'e' {
		integer = false
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		end := digits(data, i)
		if end == i {
			s.fail(i, "invalid JSON: a number has no digits in its exponent")
			return nil, false
		}
		i = end
	}
	s.pos = i
	return data[start:i], integer
}

func digits(data []byte, i int) int {
	for i < len(data) && data[i]-'0' <= 9 {
		i++
	}
	return i
}
