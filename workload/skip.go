package workload

import (
	"encoding/binary"
	"unicode/utf8"
)

// skipNested goes over the object or list at the scanner's place and reports
// whether it could: it could not where the text is wrong, or nested deeper than
// a word has bits. Then nothing has changed, and skip goes over it step by step.
//
// Most bytes of most objects are skipped here, so the place is kept in a
// register, and what is open in the bits of a word. Where that was in vain it is
// not tried again before the place where it ended.
func (s *scanner) skipNested() bool {
	if s.pos < s.stuckAt {
		return false
	}
	end, ok := nestedEnd(s.data, s.pos, min(maxDepth-s.depth, maxBits))
	if !ok {
		s.stuckAt = end
		return false
	}
	s.pos = end
	return true
}

// maxBits is how many bits a word has.
const maxBits = 64

// nestedEnd returns where the object or list that begins at i ends, or else
// where it is wrong or nested deeper than deepest.
func nestedEnd(data []byte, i, deepest int) (end int, ok bool) {
	var objects uint64 // a bit for each level: 1 for an object, 0 for a list
	level := 0
	key := false // a key comes next, not a value
	for i < len(data) {
		switch c := data[i]; {
		case c == '"':
			if i = nextSpecial(data, i+1); i < len(data) && data[i] == '"' { // as most end
				i++
			} else if i, ok = stringEnd(data, i); !ok {
				return i, false
			}
			if key {
				if i = spaceEnd(data, i); i == len(data) || data[i] != ':' {
					return i, false
				}
				i++
				key = false
				continue
			}
		case c <= ' ':
			start := i
			if i = spaceEnd(data, i); i == start {
				return i, false
			}
			continue
		case key:
			return i, false
		case c == '{' || c == '[':
			if level++; level > deepest {
				return i, false
			}
			object := c == '{'
			objects = objects<<1 | bit(object)
			if i = spaceEnd(data, i+1); i == len(data) || data[i] != closing(object) {
				key = object
				continue
			}
			i++
			objects >>= 1
			level--
		default:
			if i, ok = wordEnd(data, i); !ok {
				return i, false
			}
		}
		// A value ended, and with it perhaps what is around it.
		for {
			if level == 0 {
				return i, true
			}
			if i = spaceEnd(data, i); i == len(data) {
				return i, false
			}
			object := objects&1 != 0
			if data[i] == ',' {
				i++
				key = object
				break
			}
			if data[i] != closing(object) {
				return i, false
			}
			i++
			objects >>= 1
			level--
		}
	}
	return i, false
}

func bit(set bool) uint64 {
	if set {
		return 1
	}
	return 0
}

func closing(object bool) byte {
	if object {
		return '}'
	}
	return ']'
}

// spaceEnd returns where white space from i on ends. The compiler inlines it.
func spaceEnd(data []byte, i int) int {
	if i < len(data) && data[i] <= ' ' {
		return skipSpace(data, i)
	}
	return i
}

func skipSpace(data []byte, i int) int {
	for i < len(data) {
		c := data[i]
		if c > ' ' {
			break
		}
		if c == '\n' {
			// Indentation follows a line's end.
			for i+9 <= len(data) && binary.LittleEndian.Uint64(data[i+1:]) == 0x2020202020202020 {
				i += 8
			}
		} else if c != ' ' && c != '\t' && c != '\r' {
			break
		}
		i++
	}
	return i
}

// stringEnd returns where a string ends whose text begins at i, or else where it
// is wrong.
func stringEnd(data []byte, i int) (end int, ok bool) {
	for {
		if i = nextSpecial(data, i); i >= len(data) {
			return len(data), false
		}
		n := 1
		switch c := data[i]; {
		case c == '"':
			return i + 1, true
		case c == '\\':
			n = escapeLength(data[i:])
		case c < ' ':
			return i, false
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(data[i:])
			if n = size; r == utf8.RuneError && size == 1 {
				n = 0
			}
		}
		if n == 0 {
			return i, false
		}
		i += n
	}
}

// wordEnd returns where a literal or a number ends, or else where it is wrong.
func wordEnd(data []byte, i int) (end int, ok bool) {
	switch c := data[i]; {
	case c == 't' && hasPrefix(data[i:], "true"), c == 'n' && hasPrefix(data[i:], "null"):
		return i + len("true"), true
	case c == 'f' && hasPrefix(data[i:], "false"):
		return i + len("false"), true
	case c != '-' && c-'0' > 9:
		return i, false
	}
	s := scanner{data: data, pos: i}
	s.number()
	return s.pos, s.err == nil
}
