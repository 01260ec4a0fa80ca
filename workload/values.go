package workload

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gabion-security/gabion/pss"
)

// boolean reads a boolean; null is false.
func (s *scanner) boolean() bool { return s.optBoolean().Value }

// optBoolean reads a boolean; null is left out.
func (s *scanner) optBoolean() pss.Opt[bool] {
	switch s.peek() {
	case 't':
		return pss.Opt[bool]{Value: true, Set: s.literal("true")}
	case 'f':
		return pss.Opt[bool]{Set: s.literal("false")}
	}
	s.nullOr("a boolean")
	return pss.Opt[bool]{}
}

// nullOr reads a null; any other value is an error.
func (s *scanner) nullOr(expected string) {
	if !s.null() && s.valueStarts() {
		s.wrongType(s.pos, expected)
	}
}

// integer reads a whole number that fits the bits; null is left out.
func (s *scanner) integer(bits int) pss.Opt[int64] {
	if c := s.peek(); c != '-' && c-'0' > 9 {
		s.nullOr("a whole number")
		return pss.Opt[int64]{}
	}
	start := s.pos
	text, whole := s.number()
	if s.err != nil {
		return pss.Opt[int64]{}
	}
	value, ok := parseInteger(text)
	switch {
	case !whole:
		s.failAt(start, "expected a whole number without fraction or exponent, found "+shorten(text))
	case !ok || bits == 32 && (value > math.MaxInt32 || value < math.MinInt32):
		s.failAt(start, shorten(text)+" is out of range, it must fit "+strconv.Itoa(bits)+" bits")
	}
	return pss.Some(value)
}

func parseInteger(text []byte) (value int64, ok bool) {
	if len(text) > 18 { // it may overflow
		value, err := strconv.ParseInt(string(text), 10, 64)
		return value, err == nil
	}
	digits := text
	if text[0] == '-' {
		digits = text[1:]
	}
	for _, c := range digits {
		value = value*10 + int64(c-'0')
	}
	if text[0] == '-' {
		value = -value
	}
	return value, true
}

// shorten keeps a value in a message short.
func shorten(text []byte) string {
	const most = 64
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

// int32 reads a 32-bit integer; null is 0.
func (s *scanner) int32() int32 { return int32(s.integer(32).Value) } //nolint:gosec // integer says that it fits

// text reads a string; null is "".
func (s *scanner) text() string { return s.optText().Value }

// optText reads a string; null is left out.
func (s *scanner) optText() pss.Opt[string] {
	if s.peek() == '"' {
		return pss.Opt[string]{Value: s.keep(s.bytes()), Set: s.err == nil}
	}
	s.nullOr("a string")
	return pss.Opt[string]{}
}

// keep copies a part of the text, so that a small string does not keep a large
// document in memory. Frequent strings are not copied, the others share few
// allocations.
func (s *scanner) keep(text []byte) string {
	if known := frequent(text); known != "" || len(text) == 0 {
		return known
	}
	const block = 192
	if len(text) > block/4 {
		return string(text)
	}
	if s.arena.Cap()-s.arena.Len() < len(text) {
		s.arena = strings.Builder{}
		s.arena.Grow(block)
	}
	start := s.arena.Len()
	s.arena.Write(text)
	return s.arena.String()[start:]
}

// frequent returns the text as a string if it is one of those that most
// manifests hold, else "".
func frequent(text []byte) string {
	switch string(text) {
	case "v1":
		return "v1"
	case "apps/v1":
		return "apps/v1"
	case "batch/v1":
		return "batch/v1"
	case "Pod":
		return "Pod"
	case "Deployment":
		return "Deployment"
	case "ReplicaSet":
		return "ReplicaSet"
	case "StatefulSet":
		return "StatefulSet"
	case "DaemonSet":
		return "DaemonSet"
	case "Job":
		return "Job"
	case "CronJob":
		return "CronJob"
	case "Node":
		return "Node"
	case "default":
		return "default"
	case "kube-system":
		return "kube-system"
	case "RuntimeDefault":
		return "RuntimeDefault"
	case "Localhost":
		return "Localhost"
	case "Unconfined":
		return "Unconfined"
	case "Default":
		return "Default"
	case "Unmasked":
		return "Unmasked"
	case "linux":
		return "linux"
	case "windows":
		return "windows"
	case "ALL":
		return "ALL"
	case "NET_BIND_SERVICE":
		return "NET_BIND_SERVICE"
	case "NET_ADMIN":
		return "NET_ADMIN"
	case "NET_RAW":
		return "NET_RAW"
	case "SYS_ADMIN":
		return "SYS_ADMIN"
	case "SYS_PTRACE":
		return "SYS_PTRACE"
	case "CHOWN":
		return "CHOWN"
	case "SETUID":
		return "SETUID"
	case "SETGID":
		return "SETGID"
	case "DAC_OVERRIDE":
		return "DAC_OVERRIDE"
	}
	return ""
}

// escapeLength returns the length of the escape with which text begins, 0 if it
// is none.
func escapeLength(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hexRune(text); ok {
			return 6
		}
	}
	return 0
}

// hexRune decodes the \uXXXX with which text begins.
func hexRune(text []byte) (r rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	for _, c := range text[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unescape resolves the escapes of a string that skipString found valid. Half
// a surrogate pair becomes the replacement character, as in the API server.
func unescape(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			out = append(out, text[i])
			i++
			continue
		}
		c := text[i+1]
		if c != 'u' {
			out = append(out, unescaped(c))
			i += 2
			continue
		}
		r, _ := hexRune(text[i:])
		i += 6
		if utf16.IsSurrogate(r) {
			low, _ := hexRune(text[i:])
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				i += 6
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}
