package workload

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// samePlainYAML holds that a text in plain block style becomes the JSON that the
// library makes of it, and reports whether the text is in that style.
func samePlainYAML(t *testing.T, text []byte) bool {
	t.Helper()
	var p plainYAML
	if !p.read(text) {
		return false
	}
	root, err := decodeYAML(text)
	if err != nil || !isMap(root) {
		t.Fatalf("read %q as %s; the library reads %T, %v", text, p.out, root, err)
	}
	want, err := toJSON(root, maxGrowth*len(text))
	if err != nil || !bytes.Equal(p.out, want) {
		t.Fatalf("read %q\nas   %s\nwant %s, %v", text, p.out, want, err)
	}
	s := strict(want)
	if s.skip(); s.err != nil {
		t.Fatalf("read %q: %v", text, s.err)
	}
	return true
}

// plainTexts are in plain block style, each in its own way.
var plainTexts = []string{
	"a: b\n", "a: b", "---\na: b\n", "--- # c\n# d\n\n  a: b\n", "  a: b\n  c: d # e\n", "a:\nb:\n", "a: # c\n  b: c\n",
	"a:\n- b\n- c: d\n  e: f\n-\n- - g\n  - h\n-\n  i: j\nk: l\n", "a:\n  - b\n  -\n\n  # c\n  - c: d\n", "a:\n  b:\n    c:\nd: {}\ne: []\n",
	"a: 0\nb: -7\nc: 12345678901234567\nd: 0.5\ne: -1.25\nf: true\ng: false\nh: null\n", "a: 10Mi\nb: 100m\nc: 10.0.0.1\nd: 1.2.3\ne: 5d4f8c7b9d\nf: 80:8080\n",
	"a: -c\nb: --flag=x\nc: ./bin\nd: .config\ne: /bin/sh -c 'x' \"y\" \\z\nf: a#b\ng: http://x:80/\n", "a: yesterday\nb: nothing\nc: office\n",
	"\"a\": 'b'\n'c': \"d\"\n", "a: 'it''s'\nb: \"x\\\"y\\\\z\\n\\t\"\nc: '\"\\'\n", "a: ''\nb: \"\"\n", "a b: c d  # e\nf/g.h: i\n",
	"a: é\nb: \"→\" # ✓\n日本: 語\n", "# c\ttab\na: b # c\ttab\n", "a: |\n  x\n   y\n\n  z\nb: c\n", "a: |-\n  x\n\n\nb: |+\n  x\n\n\nc: |\n  x\n\n\n",
	"a: |\n\n\n  x\n  \ty\"\\\n  # no comment\n    \n# c\nb: >\n  x\n  y\n\n  z\n   w\n  v\n", "a: >-\n  x\n\n   y\n   z\n\n  w\n", "a:\n- |\n  x\n- >-\n  y\n",
	"a: [b, \"c\", 'd', 1, true, [], {}]\nb: {c: d, \"e\": [f], g: {h: 1}}\nc: [ a , b ] # d\n", "a: [sleep, -c, /x]\n",
	"A:\n- b:\n  - c\n  d: e\n- f:\n  - g\n", "a: <x\nb: =\nc: (x)\nd: $x\ne: ^x\nf: ;\n",
}

// oddTexts are not, whether they are valid or not.
var oddTexts = []string{
	"", "\n", "# c\n", "a", "- a\n", "{a: b}\n", "[a]\n", "--- a: b\n", "...\n", "%YAML 1.1\n---\na: b\n", "a: b\n...\n", "a: &x b\n", "a: *x\n", "a: !!str b\n",
	"? a\n: b\n", "a:\n\tb: c\n", "a:\tb\n", "a: b\tc\n", "a: b\r\n", "a: b\rc: d\n", "a: b\u0085c: d\n", "a: b\u2028c: d\n", "\ufeffa: b\n", "a: \x00\n", "a: \x7f\n", "a: \xff\n",
	"a: b\na: c\n", "a: b\n'a': c\n", "a: {b: c, b: d}\n", "a: yes\n", "yes: a\n", "1: a\n", "a: 0x1F\n", "a: 017\n", "a: 1_000\n", "a: 1e3\n", "a: 1.50\n", "a: 1:20 \n~: b\n", "a: 2001-12-14\n",
	"a: ~\n", "a: .inf\n", "a: -.5\n", "a: +1\n", "a: -0\n", "null: a\n", "a: << \n", "<<: {a: b}\n", "a: b: c\n", "a: b:\n", "a: b\n  c\n", "a: b\n  c: d\n", "a: 'b\n  c'\n", "a: \"b\n  c\"\n",
	"a: \"\\x41\"\n", "'a''b': c\n", "\"a\\n\": c\n", "a: |2\n  x\n", "a: |\nb: c\n", "a: |\n  x", "a: |\n   \n  x\n", "a: |\n \tx\n", "a: | x\n", "a: [b,]\n", "a: [b\n  , c]\n", "a: [b: c]\n",
	"a: {b}\n", "a: {b: }\n", "a: {b: c}d\n", "a: [b c]\n", "a: []]\n", "a: 'b'c\n", "a: 'b'#c\n", "a: 'b': c\n", "a : b\n", "'a' : b\n", "a: - b\n", "a: @b\n", "a: `b\n", "a: %b\n", "a: ,b\n", "a: ]b\n", "a: >b\n",
	"a:\n  b\n", "a:\n- b\n c: d\n", "a:\n  b: c\n d: e\n", "a:\n- b\n-c\n", "a: b\n- c\n", "  a: b\n c: d\n", "-a: b\n", ".a: b\n", "a: b\n---\nc: d\n", strings.Repeat("x", 1100) + ": y\n",
	"a: \"b\\\n", "a: 'b\n", "a: [", "a: {", "a: \"\\", "a: |", "a: >\n\n",
}

// TestPlainYAMLReadsWhatIsPlain reads both lists.
func TestPlainYAMLReadsWhatIsPlain(t *testing.T) {
	t.Parallel()
	for _, text := range plainTexts {
		if !samePlainYAML(t, []byte(text)) {
			t.Errorf("gave up on %q", text)
		}
	}
	for _, text := range oddTexts {
		if samePlainYAML(t, []byte(text)) {
			t.Errorf("did not give up on %q", text)
		}
	}
}

// TestPlainYAMLGivesUpWhereNestingIsDeep nests maps and lists.
func TestPlainYAMLGivesUpWhereNestingIsDeep(t *testing.T) {
	t.Parallel()
	for _, nest := range []func(n int) string{
		func(n int) string { return "a: " + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + "\n" },
		func(n int) string { return "a:\n" + strings.Repeat("- ", n-1) + "b\n" },
		func(n int) string {
			var b strings.Builder
			for i := range n {
				b.WriteString(strings.Repeat(" ", i) + "a:\n")
			}
			return b.String()
		},
	} {
		if text := nest(maxPlainDepth); !samePlainYAML(t, []byte(text)) {
			t.Errorf("gave up on %q", text)
		}
		if text := nest(maxPlainDepth + 1); samePlainYAML(t, []byte(text)) {
			t.Errorf("did not give up on %q", text)
		}
	}
}

// TestPlainYAMLIsWhatTheLibraryMakesOfIt writes random trees in many styles,
// some of which are not plain, and breaks some of them.
func TestPlainYAMLIsWhatTheLibraryMakesOfIt(t *testing.T) {
	t.Parallel()
	const texts = 30_000
	plain := 0
	for seed := range uint64(texts) {
		g := yamlWriter{rand: rand.New(rand.NewPCG(1, seed))} //nolint:gosec // a test that can be repeated
		g.mapping(0, 0)
		text := g.out
		if seed%4 == 0 {
			text = g.breakIt(text)
		}
		if samePlainYAML(t, text) {
			plain++
		}
	}
	if plain < texts/6 {
		t.Errorf("only %d of %d texts are plain", plain, texts)
	}
}

// FuzzPlainYAML holds the same of any text.
func FuzzPlainYAML(f *testing.F) {
	for _, text := range append(plainTexts, oddTexts...) {
		f.Add([]byte(text))
	}
	for seed := range uint64(30) {
		g := yamlWriter{rand: rand.New(rand.NewPCG(2, seed))} //nolint:gosec // a test that can be repeated
		g.mapping(0, 0)
		f.Add(g.out)
	}
	f.Fuzz(func(t *testing.T, text []byte) { samePlainYAML(t, text) })
}

// yamlWriter writes a random tree, each part in a random style.
type yamlWriter struct {
	rand *rand.Rand
	out  []byte
}

func (g *yamlWriter) n(n int) int { return g.rand.IntN(n) }

func (g *yamlWriter) one(of ...string) string { return of[g.n(len(of))] }

// often returns what is usual, and sometimes one of the others.
func (g *yamlWriter) often(usual string, others ...string) string {
	if g.n(30) > 0 {
		return usual
	}
	return g.one(others...)
}

func (g *yamlWriter) write(s string) { g.out = append(g.out, s...) }

// indent ends the line and begins one that is indented.
func (g *yamlWriter) indent(column int) {
	switch g.n(12) {
	case 0:
		g.write(g.one(" # comment", "  # é: - |", " "))
	case 1:
		g.write("\n" + g.one("", "# c", "   # c", "      "))
	}
	g.write("\n" + strings.Repeat(" ", column))
}

// mapping writes a map whose first key stands where the text ends.
func (g *yamlWriter) mapping(column, depth int) {
	for i := range 1 + g.n(4) {
		if i > 0 {
			g.indent(column)
		}
		g.write(g.often(g.one("a", "b", "c", "name", "image", "x y", `k"`)+g.one("a", "b", "1", "2"), `"a"`, `'e f'`, "on", "8080", "-x", "a ") + ":")
		g.value(column, depth+1)
	}
}

// value writes what a key at a column has.
func (g *yamlWriter) value(column, depth int) {
	kind := g.n(8)
	if depth > 4 {
		kind = g.n(4)
	}
	switch kind {
	case 0:
		g.write(g.one("", " {}", " []", " null", " ~"))
	case 1:
		g.write(" " + g.flow(depth))
	case 2:
		g.blockScalar(column)
	case 3, 4:
		g.write(" " + g.scalar())
	case 5, 6:
		inner := column + 1 + g.n(4)
		g.indent(inner)
		g.mapping(inner, depth)
	default:
		inner := column + g.n(2)*2
		for range 1 + g.n(3) {
			g.indent(inner)
			g.item(inner, depth+1)
		}
	}
}

// item writes an item with its dash.
func (g *yamlWriter) item(column, depth int) {
	switch kind := g.n(6); {
	case kind == 0:
		g.write("-")
		g.value(column, depth)
	case kind <= 3 && depth < 5:
		gap := g.one(" ", " ", "   ")
		g.write("-" + gap)
		g.mapping(column+1+len(gap), depth)
	case kind == 4 && depth < 5:
		g.write("- ")
		g.item(column+2, depth+1)
	default:
		g.write("- " + g.scalar())
	}
}

func (g *yamlWriter) scalar() string {
	return g.often(
		g.one("web", "x", "true", "0", "8080", "-1", "0.5", "100m", "256Mi", "1.2.3.4", "--flag", "-c", "/bin/sh", "a b  c", "a:b", "a #b", "a#b", `"q"`,
			`"a\"b\\c\n"`, `''`, `'it''s'`, `"'"`, `'"'`, "'yes'", `"0"`, "é", "null", ".x", "./x", "=", "<", "x,y", "x]", "5d4f"),
		"yes", "Off", "n", "0777", "0x1f", "1e3", "1.50", "1_0", "2001-01-01", "-", "a: b", `"\x41\u00e9"`, "Null", ".5", "..", "~", "~x", "<<", "&a x", "*a",
		"!x y", "|x", "@x", "[", "%x", "0b1", "x\ty", "x:", "0d4f", "-.5", "+1", "-0", "2001-01-01 01:01:01")
}

func (g *yamlWriter) flow(depth int) string {
	if depth > 6 || g.n(3) == 0 {
		return g.often(g.one("a", "b1", "1", "true", `"x, y"`, "'z'", "/x", "-c", "1.5"), "a b", "x:y", "", "é", "yes", "-", "~")
	}
	var parts []string
	isMap := g.n(2) == 0
	for range g.n(4) {
		part := g.flow(depth + 1)
		if isMap {
			part = g.often(g.one("a", "b", "c", `"d"`)+g.one("1", "2"), "e f") + g.often(": ", ":", " : ") + part
		}
		parts = append(parts, part)
	}
	text := strings.Join(parts, g.one(",", ", ", " , "))
	if isMap {
		return "{" + text + "}"
	}
	return g.one("[", "[ ") + text + g.often("]", " ]", ",]")
}

func (g *yamlWriter) blockScalar(column int) {
	g.write(" " + g.often(g.one("|", ">", "|-", ">-", "|+", ">+"), "|2", "|x") + g.one("", "", " ", " # c") + "\n")
	indent := strings.Repeat(" ", column+g.n(3)+1)
	g.write(g.one(indent+"first\n", indent+"first\n", indent, "\n"))
	for i := range 1 + g.n(5) {
		if i > 0 {
			g.write("\n")
		}
		g.write(g.often(g.one(indent, indent, indent+"  "), "", " ") + g.one("", "text", "# no", "  more", "a: b", "- c", "\tt", `"\`, "---"))
	}
}

// breakIt changes a few bytes.
func (g *yamlWriter) breakIt(text []byte) []byte {
	for range 1 + g.n(3) {
		at := g.n(len(text))
		const bytes = " \n\t:-#'\"[]{},|>&*!?%@a0~\\\r\xff\x85"
		switch c := bytes[g.n(len(bytes))]; g.n(3) {
		case 0:
			text[at] = c
		case 1:
			text = append(text[:at], append([]byte{c}, text[at:]...)...)
		default:
			text = append(text[:at], text[at+1:]...)
		}
		if len(text) == 0 {
			return text
		}
	}
	return text
}
