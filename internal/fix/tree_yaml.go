package fix

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	yamlv3 "go.yaml.in/yaml/v3"
)

// errUneditable is a text that is read, but not known well enough to edit it.
var errUneditable = errors.New("the way it is written cannot be edited in place")

// parseYAML returns the root of a YAML text. The library says where values begin;
// where they end is found in the text.
func parseYAML(text []byte) (root *node, err error) {
	defer func() {
		if v := recover(); v != nil { // the library panics on some texts
			root, err = nil, fmt.Errorf("%w: %v", errUneditable, v)
		}
	}()
	var doc yamlv3.Node
	if err := yamlv3.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) != 1 {
		return nil, errUneditable
	}
	b := builder{text: text, known: map[*yamlv3.Node]*node{}}
	for at := 0; at < len(text); at += lineLength(text[at:]) {
		b.lines = append(b.lines, at)
	}
	root = b.node(doc.Content[0], -1)
	return root, b.err
}

// lineLength is the length of a text's first line with its end, as the library
// has it: YAML 1.1 ends lines where nobody else does, too.
func lineLength(text []byte) int {
	for i, c := range string(text) {
		switch c {
		case '\n', '\u0085', '\u2028', '\u2029':
			return i + utf8.RuneLen(c)
		case '\r':
			if i+1 == len(text) || text[i+1] != '\n' {
				return i + 1
			}
		}
	}
	return len(text)
}

// builder makes nodes of the library's.
type builder struct {
	text  []byte
	lines []int // where they begin
	known map[*yamlv3.Node]*node
	err   error
}

// node makes a node; outside is the column of the block that it stands in, -1 for
// the root.
func (b *builder) node(from *yamlv3.Node, outside int) *node {
	n := &node{outer: b.offset(from), anchored: from.Anchor != ""}
	b.known[from] = n
	n.column = n.outer - b.lineStart(n.outer)
	n.start = b.content(n.outer, from)
	n.flow = from.Style&yamlv3.FlowStyle != 0
	switch from.Kind {
	case yamlv3.MappingNode:
		b.mapping(n, from)
	case yamlv3.SequenceNode:
		b.sequence(n, from)
	case yamlv3.AliasNode:
		n.kind, n.target, n.end = aliasNode, b.known[from.Alias], n.start+1+len(from.Value)
	case yamlv3.ScalarNode, yamlv3.DocumentNode:
		n.text = from.Value
		n.quote = quoteOf(from.Style)
		b.scalar(n, outside)
	}
	if n.end < n.start || n.end > len(b.text) || n.kind == aliasNode && n.target == nil {
		b.err = errUneditable
	}
	return n
}

// offset is where the library says that a node begins.
func (b *builder) offset(n *yamlv3.Node) int {
	if n.Line < 1 || n.Line > len(b.lines) {
		return len(b.text)
	}
	at := b.lines[n.Line-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(b.text[at:])
		at += size
	}
	return at
}

func (b *builder) lineStart(at int) int { return bytes.LastIndexByte(b.text[:at], '\n') + 1 }

// content goes over the anchor and the tag before a value.
func (b *builder) content(at int, from *yamlv3.Node) int {
	if from.Kind == yamlv3.AliasNode {
		return at
	}
	for at < len(b.text) && (b.text[at] == '&' || b.text[at] == '!') {
		property := bytes.IndexAny(b.text[at:], " \t\r\n,]}")
		if property < 0 {
			return len(b.text)
		}
		behind := at + property
		at = skipSpace(b.text, behind)
		if from.Kind == yamlv3.ScalarNode && from.Value == "" && !(at < len(b.text) && strings.IndexByte(`&!"'|>`, b.text[at]) >= 0) {
			return behind // nothing is written
		}
	}
	return at
}

// skipSpace goes over white space and comments.
func skipSpace(text []byte, at int) int {
	for at < len(text) {
		switch text[at] {
		case ' ', '\t', '\r', '\n':
			at++
		case '#':
			next := bytes.IndexByte(text[at:], '\n')
			if next < 0 {
				return len(text)
			}
			at += next + 1
		default:
			return at
		}
	}
	return at
}

func (b *builder) mapping(n *node, from *yamlv3.Node) {
	n.kind = mappingNode
	for i := 0; i+1 < len(from.Content); i += 2 {
		key := b.node(from.Content[i], n.column)
		if i == 0 && !n.flow {
			n.start, n.column = key.outer, key.outer-b.lineStart(key.outer)
		}
		e := entry{key: key, name: from.Content[i].Value, merge: from.Content[i].ShortTag() == "!!merge" && from.Content[i].Value == "<<"}
		e.value = b.node(from.Content[i+1], n.column)
		n.entries = append(n.entries, e)
		n.end = max(e.value.end, key.end)
	}
	if n.flow {
		b.close(n, '{', '}')
	}
}

func (b *builder) sequence(n *node, from *yamlv3.Node) {
	n.kind = sequenceNode
	if !n.flow {
		n.column = n.start - b.lineStart(n.start)
	}
	for _, item := range from.Content {
		n.items = append(n.items, b.node(item, n.column))
		n.end = n.items[len(n.items)-1].end
	}
	if n.flow {
		b.close(n, '[', ']')
	}
}

// close finds the end of a collection in brackets.
func (b *builder) close(n *node, opening, closing byte) {
	if n.start >= len(b.text) || b.text[n.start] != opening {
		b.err = errUneditable // a pair in a list needs no brackets
		return
	}
	at := skipSpace(b.text, max(n.end, n.start+1))
	for at < len(b.text) && b.text[at] == ',' {
		at = skipSpace(b.text, at+1)
	}
	if at >= len(b.text) || b.text[at] != closing {
		b.err = errUneditable
		return
	}
	n.end = at + 1
}

// quoteOf is how a scalar of a style begins.
func quoteOf(style yamlv3.Style) byte {
	switch {
	case style&yamlv3.DoubleQuotedStyle != 0:
		return '"'
	case style&yamlv3.SingleQuotedStyle != 0:
		return '\''
	case style&yamlv3.LiteralStyle != 0:
		return '|'
	case style&yamlv3.FoldedStyle != 0:
		return '>'
	}
	return 0
}

// scalar finds the end of a scalar.
func (b *builder) scalar(n *node, outside int) {
	switch n.quote {
	case '"':
		n.end = n.start + 1
		for n.end < len(b.text) && b.text[n.end] != '"' {
			if b.text[n.end] == '\\' {
				n.end++
			}
			n.end++
		}
		n.end++
	case '\'':
		n.end = n.start + 1
		for n.end < len(b.text) && (b.text[n.end] != '\'' || n.end+1 < len(b.text) && b.text[n.end+1] == '\'') {
			if b.text[n.end] == '\'' {
				n.end++
			}
			n.end++
		}
		n.end++
	case '|', '>':
		n.end = b.blockEnd(n.start, outside)
	default:
		b.plain(n)
	}
}

// plain finds the end of a scalar without quotes: the library has folded its
// lines, so what is not white space is matched.
func (b *builder) plain(n *node) {
	n.end = n.start
	n.absent = n.text == ""
	for i := range len(n.text) {
		c := n.text[i]
		if c == ' ' || c == '\t' || c == '\n' {
			continue
		}
		for n.end < len(b.text) && strings.IndexByte(" \t\r\n", b.text[n.end]) >= 0 {
			n.end++
		}
		if n.end >= len(b.text) || b.text[n.end] != c {
			b.err = errUneditable
			return
		}
		n.end++
	}
}

// blockEnd finds the line behind a literal or folded scalar: the first one that has
// something in it and is not indented more than what is around the scalar.
func (b *builder) blockEnd(start, outside int) int {
	header := b.text[start:b.nextLine(start)]
	keep := bytes.ContainsRune(bytes.SplitN(header, []byte("#"), 2)[0], '+')
	end := b.nextLine(start)
	for at := end; at < len(b.text); {
		next := b.nextLine(at)
		line := b.text[at:next]
		indent := len(line) - len(bytes.TrimLeft(line, " "))
		switch blank := len(bytes.TrimSpace(line)) == 0; {
		case !blank && indent <= outside:
			return end
		case !blank, keep:
			end = next
		}
		at = next
	}
	return end
}

// nextLine is where the line behind the one of an offset begins.
func (b *builder) nextLine(at int) int { return nextLine(b.text, at) }

func nextLine(text []byte, at int) int {
	if next := bytes.IndexByte(text[at:], '\n'); next >= 0 {
		return at + next + 1
	}
	return len(text)
}
