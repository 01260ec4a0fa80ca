package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Style says what the reader's screen can do. The zero Style is plain text
// without line breaks of its own.
type Style struct {
	// Colour allows colours.
	Colour bool
	// Width is the number of columns of the terminal, 0 if there is none.
	Width int
	// Program is what people type to start the program, "gabion" if it is empty.
	Program string
}

// program is what people type.
func (s Style) program() string { return cmp.Or(s.Program, "gabion") }

const (
	bold   = "1"
	dim    = "2"
	red    = "1;31"
	green  = "32"
	yellow = "1;33"
)

// paint gives the text a colour, if colours are allowed.
func (s Style) paint(code, text string) string {
	if !s.Colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// maxRunes is where a value from the input is cut on its way to a person.
const maxRunes = 256

// Escape makes text from the input fit for a terminal: what does not print
// (control characters, line ends, marks that turn the direction of writing,
// invalid UTF-8) is shown as a Go escape, and text over 256 characters is cut.
func Escape(s string) string { return escape(s, maxRunes) }

// maxSentence is where a sentence that may hold several values is cut.
const maxSentence = 4 * maxRunes

// EscapeSentence is [Escape] for a sentence with values in it, of which more is
// left.
func EscapeSentence(s string) string { return escape(s, maxSentence) }

// escapeAll is Escape without the cut.
func escapeAll(s string) string { return escape(s, -1) }

func escape(s string, limit int) string {
	if printable(s) && (limit < 0 || utf8.RuneCountInString(s) <= limit) {
		return s
	}
	var b strings.Builder
	n := 0
	for i := 0; i < len(s); n++ {
		if n == limit {
			b.WriteString("…")
			break
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		i += size
	}
	return b.String()
}

func printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// Place returns file:line for a message, or the file alone if no line is known.
func Place(file string, line int) string {
	if file == "-" {
		file = "standard input"
	}
	file = escapeAll(file)
	if line <= 0 {
		return file
	}
	return file + ":" + strconv.Itoa(line)
}

// value returns a finding's value as a person would write it.
func value(v any) string {
	switch v := v.(type) {
	case nil:
		return "not set"
	case string:
		if v == "" || strings.TrimSpace(v) != v {
			return Escape(strconv.Quote(v))
		}
		return Escape(v)
	case []string:
		return Escape("[" + strings.Join(v, ", ") + "]")
	case []any, map[string]any:
		return flowText(v)
	}
	return Escape(fmt.Sprint(v))
}

// flowText is a list or an object as YAML writes them on one line.
func flowText(v any) string {
	var parts []string
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			parts = append(parts, flowText(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, Escape(key)+": "+flowText(v[key]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case nil:
		return "null"
	}
	return value(v)
}

// pad fills text up to a width in characters.
func pad(text string, width int) string {
	if n := width - utf8.RuneCountInString(text); n > 0 {
		return text + strings.Repeat(" ", n)
	}
	return text
}

// minWrap is the smallest width that text is broken to.
const minWrap = 20

// wrap breaks text between words into lines of at most width characters; a word
// that is longer stays whole. A width that is too small for prose, or 0, breaks
// nothing.
func wrap(text string, width int) []string {
	if width < minWrap || utf8.RuneCountInString(text) <= width {
		return []string{text}
	}
	var lines []string
	line := ""
	for _, word := range strings.Split(text, " ") {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// wideCell is how wide a cell may be and still make its column as wide.
const wideCell = 100

// grid lines up rows in columns two spaces apart; no line ends with blanks. A
// very wide cell pushes the rest of its own row aside, and no other.
func grid(rows [][]string) []string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if n := utf8.RuneCountInString(cell); n <= wideCell {
				widths[i] = max(widths[i], n)
			}
		}
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		var b strings.Builder
		for j, cell := range row {
			b.WriteString(pad(cell, widths[j]))
			b.WriteString("  ")
		}
		lines[i] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

// Assuming is what is said of a namespace where neither a label nor
// --admission-config says what is enforced.
const Assuming = "no enforce label, assuming privileged; --admission-config FILE says what the cluster's default is"
