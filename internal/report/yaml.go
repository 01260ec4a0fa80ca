package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// encodeYAML returns v as YAML that says what its JSON says, in the same order.
// Strings stand between double quotes unless they are plainly words, so that no
// reader, whatever its version of YAML, takes one for something else.
func encodeYAML(v any) ([]byte, error) {
	var b bytes.Buffer
	err := writeYAML(&b, v)
	return b.Bytes(), err
}

// writeYAML does so bit by bit: the YAML of a plan for a large cluster is large.
func writeYAML(w io.Writer, v any) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	y := yamlWriter{bufio.NewWriterSize(w, 64<<10), text.Bytes()}
	y.value("", true)
	return y.Flush()
}

// yamlWriter turns JSON without white space into YAML.
type yamlWriter struct {
	*bufio.Writer

	rest []byte
}

// put writes a text. What goes wrong is told by Flush.
func (y *yamlWriter) put(s string) { _, _ = y.WriteString(s) }

// value writes the next value and a line end. The indent is that of the value's
// keys or items; atStart says that the value begins a line, or stands where one
// may, behind "- ".
func (y *yamlWriter) value(indent string, atStart bool) {
	open := y.rest[0]
	empty := (open == '{' || open == '[') && (y.rest[1] == '}' || y.rest[1] == ']')
	if !atStart && (empty || open != '{' && open != '[') {
		y.put(" ")
	}
	switch {
	case empty:
		y.put(string(y.rest[:2]) + "\n")
		y.rest = y.rest[2:]
		return
	case open != '{' && open != '[':
		y.scalar()
		y.put("\n")
		return
	case !atStart:
		y.put("\n")
	}
	for first := true; y.rest[0] != '}' && y.rest[0] != ']'; first = false {
		y.rest = y.rest[1:] // the bracket, or a comma
		if !first || !atStart {
			y.put(indent)
		}
		if open == '[' {
			y.put("- ")
			y.value(indent+"  ", true)
			continue
		}
		y.scalar()
		y.put(":")
		y.rest = y.rest[1:] // the colon
		y.value(indent+"  ", false)
	}
	y.rest = y.rest[1:]
}

// scalar writes the next key, or a value that is neither an object nor a list.
func (y *yamlWriter) scalar() {
	if y.rest[0] != '"' {
		n := bytes.IndexAny(y.rest, ",]}")
		if n < 0 {
			n = len(y.rest)
		}
		_, _ = y.Write(y.rest[:n]) // a boolean, null, or a number as JSON spelt it
		y.rest = y.rest[n:]
		return
	}
	n, escaped := 1, false
	for ; y.rest[n] != '"'; n++ {
		if y.rest[n] == '\\' {
			n, escaped = n+1, true
		}
	}
	text := string(y.rest[1:n])
	if escaped {
		_ = json.Unmarshal(y.rest[:n+1], &text) // it was encoded a moment ago
	}
	y.rest = y.rest[n+1:]
	if isWords(text) {
		y.put(text)
	} else {
		y.put(yamlQuote(text))
	}
}

// isWords reports whether a string needs no quotes in any YAML: it begins with
// a letter, holds nothing but letters, digits and a few marks that mean
// nothing, and is no word that YAML 1.1 reads as a boolean, null or a number.
func isWords(s string) bool {
	switch strings.ToLower(s) {
	case "", "y", "yes", "n", "no", "true", "false", "on", "off", "null", "nan", "inf":
		return false
	}
	for i, c := range []byte(s) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		colon := c == ':' && i+1 < len(s) && s[i+1] != ' ' // "a: b" and "a:" are keys
		if !letter && (i == 0 || !colon && !strings.ContainsRune("0123456789_-./", rune(c))) {
			return false
		}
	}
	return true
}

// yamlQuote returns a string between double quotes; what does not print is
// escaped.
func yamlQuote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"', r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
