package generate

import (
	"fmt"
	"strings"
)

// odd are strings that go wrong wherever text is quoted, escaped, sorted or cut.
var odd = []string{
	"", " ", "a b", `"`, `a"b`, `", "`, `\`, `\"`, "'", "a\nb", "\r\n", "\t", "\x00", "\x1b[31m", "\x7f",
	"\u0085", "\u2028", "\u00e9", "e\u0301", "\U0001f512", "\ufeff", "\ufffd", "<b>&", "${x}", "%s%d", "a: b", "- a", "#c", "{", "[",
	"true", "null", "~", "yes", "0", "0x10", "1e3", "=", "!", "*a", "&a", "|", ">", "?", "%", "@", "`", "a, b", "(x)", "latest",
	"2001-01-01", "1_000", "0o7", ".inf", "<<", "-", "---", "\u200b", " padded ", "UPPER",
}

// text makes an odd string, now and then a long one.
func (g *Generator) text() string {
	switch n := g.IntN(100); {
	case n < 85:
		return pick(g, odd...)
	case n < 90:
		return pick(g, odd...) + pick(g, odd...)
	case n < 91:
		return strings.Repeat(pick(g, "x", "\u00e9", `"`), 300+g.IntN(4000))
	case n < 95 && g.invalidUTF8:
		return pick(g, "\xff", "a\xc3", "\xed\xa0\x80", "b\x80c")
	}
	return g.code()
}

// code makes a string of random code points.
func (g *Generator) code() string {
	var b strings.Builder
	for range g.IntN(6) {
		switch g.IntN(4) {
		case 0:
			b.WriteRune(rune(g.IntN(0x80)))
		case 1:
			b.WriteRune(rune(0x80 + g.IntN(0x700)))
		case 2:
			b.WriteRune(rune(0x2000 + g.IntN(0x100)))
		default:
			b.WriteRune(rune(0x1f300 + g.IntN(0x100)))
		}
	}
	return b.String()
}

// name makes the name of a container or volume; few enough that they repeat.
func (g *Generator) name() string {
	if g.chance(4) {
		return g.text()
	}
	return fmt.Sprintf("%s%d", pick(g, "a", "b", "init", "z-"), g.IntN(5))
}

// oneOf returns one of the values, or now and then an odd string.
func (g *Generator) oneOf(values ...string) string {
	if g.chance(15) {
		return g.text()
	}
	return pick(g, values...)
}
