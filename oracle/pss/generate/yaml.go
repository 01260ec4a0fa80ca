package generate

import (
	"bytes"
	"fmt"
	"strings"
)

// YAML writes the JSON of an object as YAML in a mixture of styles: block and
// flow, strings plain, quoted and literal, comments, anchors, tags, merge keys.
// Strings that stand plain may mean something else then, or nothing at all.
func (g *Generator) YAML(data []byte) ([]byte, error) {
	n, err := parse(data)
	if err != nil {
		return nil, err
	}
	w := yamlWriter{g: g, lineEnd: pick(g, "\n", "\n", "\n", "\r\n")}
	w.careless = g.chance(30)
	if g.chance(10) {
		w.WriteString("\ufeff")
	}
	if g.chance(20) {
		w.WriteString("# a comment: x" + w.lineEnd)
	}
	w.block(&n, 0)
	return w.Bytes(), nil
}

type yamlWriter struct {
	bytes.Buffer
	g       *Generator
	lineEnd string
	// careless leaves strings plain whatever is in them.
	careless bool
	anchors  int
}

// block writes a value in block style; the line has been begun and indented.
func (w *yamlWriter) block(n *node, indent int) {
	switch {
	case n.kind == '{' && len(n.members) > 0 && w.g.chance(90):
		for i := range n.members {
			if i > 0 {
				w.indent(indent)
			}
			w.key(n.members[i].key)
			w.under(&n.members[i].value, indent+2)
		}
	case n.kind == '[' && len(n.items) > 0 && w.g.chance(90):
		for i := range n.items {
			if i > 0 {
				w.indent(indent)
			}
			w.WriteByte('-')
			w.under(&n.items[i], indent+2)
		}
	default:
		w.flow(n)
		w.end()
	}
}

// under writes what follows a key's colon or an item's dash.
func (w *yamlWriter) under(n *node, indent int) {
	if w.g.chance(3) {
		w.anchors++
		_, _ = fmt.Fprintf(w, " &a%d", w.anchors)
	} else if w.anchors > 0 && w.g.chance(1) && w.careless {
		_, _ = fmt.Fprintf(w, " *a%d", 1+w.g.IntN(w.anchors))
		w.end()
		return
	}
	text, isText := n.scalar.(string)
	switch {
	case n.kind != 0 && len(n.members)+len(n.items) > 0:
		w.end()
		w.indent(indent)
		w.block(n, indent)
	case isText && w.g.chance(10) && literal(text):
		w.WriteString(pick(w.g, " |", " |-", " >", " >-", " |+"))
		w.WriteString(w.lineEnd)
		for line := range strings.SplitSeq(text, "\n") {
			w.indent(indent)
			w.WriteString(line)
			w.WriteString(w.lineEnd)
		}
	default:
		w.WriteByte(' ')
		w.flow(n)
		w.end()
	}
}

// literal reports whether a text can stand as a literal block.
func literal(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f })
}

// end ends a line, with a comment now and then.
func (w *yamlWriter) end() {
	if w.g.chance(3) {
		w.WriteString(pick(w.g, " # c", "   ", " #"))
	}
	w.WriteString(w.lineEnd)
	if w.g.chance(2) {
		w.WriteString(pick(w.g, "", "# x", "   ") + w.lineEnd)
	}
}

func (w *yamlWriter) indent(n int) {
	for range n {
		w.WriteByte(' ')
	}
}

// key writes a key of a block map and its colon.
func (w *yamlWriter) key(key string) {
	if plain(key) || w.careless && w.g.chance(20) {
		w.WriteString(key)
	} else {
		w.quoted(key)
	}
	w.WriteByte(':')
}

// plain reports whether a text means itself without quotes.
func plain(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '/' && r != '.' && r != '-'
	}) && text[0] >= 'A' && len(text) > 5
}

// flow writes a value within a line.
func (w *yamlWriter) flow(n *node) {
	switch n.kind {
	case '{':
		w.WriteByte('{')
		for i := range n.members {
			w.comma(i)
			w.key(n.members[i].key)
			w.WriteByte(' ')
			w.flow(&n.members[i].value)
		}
		w.WriteByte('}')
	case '[':
		w.WriteByte('[')
		for i := range n.items {
			w.comma(i)
			w.flow(&n.items[i])
		}
		w.WriteByte(']')
	default:
		w.scalar(n.scalar)
	}
}

func (w *yamlWriter) comma(i int) {
	if i > 0 {
		w.WriteString(", ")
	}
}

func (w *yamlWriter) scalar(v any) {
	g := w.g
	switch v := v.(type) {
	case nil:
		w.WriteString(pick(g, "null", "~", "Null", "NULL", ""))
	case bool:
		if v {
			w.WriteString(pick(g, "true", "True", "TRUE", "yes", "Yes", "on", "ON", "y", "Y"))
		} else {
			w.WriteString(pick(g, "false", "False", "no", "NO", "off", "Off", "n", "N"))
		}
	case string:
		switch {
		case plain(v), w.careless && g.chance(10):
			w.WriteString(v)
		default:
			if g.chance(2) {
				w.WriteString(pick(g, "!!str ", "! "))
			}
			w.quoted(v)
		}
	default:
		if w.careless && g.chance(10) {
			w.WriteString(pick(g, "0x10", "012", "0o17", "1_000", "+1", "-0", "1.0", "1e1", "0b11", "190:20", ".5", "0x", "1__0"))
			return
		}
		_, _ = fmt.Fprint(w, v)
	}
}

// quoted writes a string in quotes of one kind or the other.
func (w *yamlWriter) quoted(s string) {
	if literal(s) && !strings.Contains(s, "\n") && w.g.chance(40) {
		w.WriteString("'" + strings.ReplaceAll(s, "'", "''") + "'")
		return
	}
	w.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			w.WriteByte('\\')
			w.WriteRune(r)
		case r < ' ' || r == 0x7f || w.g.chance(5):
			w.escape(r)
		default:
			w.WriteRune(r)
		}
	}
	w.WriteByte('"')
}

func (w *yamlWriter) escape(r rune) {
	switch {
	case r < 0x100 && w.g.chance(50):
		_, _ = fmt.Fprintf(w, `\x%02x`, r)
	case r < 0x10000 && w.g.chance(50):
		_, _ = fmt.Fprintf(w, `\u%04x`, r)
	default:
		_, _ = fmt.Fprintf(w, `\U%08x`, r)
	}
}
