package helm

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template/parse"
	"unicode/utf8"
)

// The line that wrote something is found by rendering a second time, with marks
// in the templates: one where each line of text begins, one before each action. A
// text counts only if it is the same, byte for byte, once the marks are taken
// out again; otherwise its lines stay unknown. A wrong line is worse than none.

const markStart, markEnd = "\x02", "\x03"

var mark = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(markStart + `(\d+):(\d+)` + markEnd) })

func unmark(text string) string {
	if !strings.Contains(text, markStart) {
		return text
	}
	return mark().ReplaceAllString(text, "")
}

// origin is where a line was written.
type origin struct {
	line int // 0 if it is not known
	same int // how many characters the two lines begin with are the same
}

// Origin returns the line of the file that wrote a line of what was rendered, and
// the column that is that column there; 0 for what is not known.
func (t *Text) Origin(line, column int) (fileLine, fileColumn int) {
	if line < 1 || line > len(t.lines) {
		return 0, 0
	}
	o := t.lines[line-1]
	if o.line == 0 || column > o.same+1 {
		return o.line, 0
	}
	return o.line, column
}

// asWritten are the lines of a file that is no template.
func asWritten(text []byte) []origin {
	var lines []origin
	for line := range strings.Lines(string(text)) {
		lines = append(lines, origin{len(lines) + 1, utf8.RuneCountInString(line)})
	}
	return lines
}

// trace finds the lines of texts by rendering a chart with marks.
func (r *rendering) trace(marked, plain *prepared, texts []Text) {
	names := slices.Sorted(maps.Keys(marked.templates))
	sources := map[string]string{}
	ids := map[string]int{}
	done := map[*byte]int{}
	for i, name := range names {
		f := marked.templates[name]
		sources[name] = string(plain.templates[name].Data)
		if len(f.Data) == 0 || strings.Contains(sources[name], markStart) {
			continue
		}
		if id, again := done[&f.Data[0]]; again { // the same chart under another name
			ids[name] = id
			continue
		}
		ids[name] = i
		f.Data = []byte(withMarks(sources[name], i))
		done[&f.Data[0]] = i
	}
	rendered, err := r.execute(marked)
	if err != nil {
		return
	}
	byPath := map[string][]*Text{}
	for i := range texts {
		byPath[texts[i].Path] = append(byPath[texts[i].Path], &texts[i])
	}
	for name, text := range rendered {
		id, ok := ids[name]
		if !ok {
			continue
		}
		for _, t := range byPath[plain.paths[name]] {
			if t.lines == nil && string(t.Rendered) == unmark(text) && !strings.Contains(string(t.Rendered), markStart) {
				t.lines = origins(text, id, strings.Split(sources[name], "\n"))
			}
		}
	}
}

// origins reads the marks of a template from what it rendered.
func origins(text string, id int, source []string) []origin {
	var all []origin
	line := 0
	for rendered := range strings.SplitSeq(text, "\n") {
		own, known := 0, false
		rest, plain := rendered, ""
		for rest != "" {
			at := mark().FindStringSubmatchIndex(rest)
			before := rest
			if at != nil {
				before = rest[:at[0]]
			}
			plain += before
			if !known && strings.TrimSpace(before) != "" {
				own, known = line, true
			}
			if at == nil {
				break
			}
			if of, _ := strconv.Atoi(rest[at[2]:at[3]]); of == id {
				line, _ = strconv.Atoi(rest[at[4]:at[5]])
			}
			rest = rest[at[1]:]
		}
		if !known {
			own = line
		}
		o := origin{line: own}
		if own > 0 && own <= len(source) {
			o.same = sameStart(plain, source[own-1])
		}
		all = append(all, o)
	}
	return all
}

func sameStart(a, b string) (n int) {
	for a != "" && b != "" {
		x, size := utf8.DecodeRuneInString(a)
		y, _ := utf8.DecodeRuneInString(b)
		if x != y {
			return n
		}
		a, b, n = a[size:], b[size:], n+1
	}
	return n
}

// withMarks puts marks into a template, without changing what it trims. One that
// does not parse stays as it is.
func withMarks(text string, id int) string {
	tree := parse.New("template")
	tree.Mode = parse.SkipFuncCheck
	tree, err := tree.Parse(text, "", "", map[string]*parse.Tree{})
	if err != nil || tree.Root == nil {
		return text
	}
	m := marker{text: text, id: id}
	m.list(tree.Root)
	slices.SortStableFunc(m.marks, func(a, b placed) int { return a.at - b.at })
	var b strings.Builder
	from, line, counted := 0, 1, 0
	for _, p := range m.marks {
		line += strings.Count(text[counted:p.at], "\n")
		counted = p.at
		b.WriteString(text[from:p.at])
		from = p.at
		sign := markStart + strconv.Itoa(id) + ":" + strconv.Itoa(line) + markEnd
		if p.action != "" {
			sign = p.action + strconv.Quote(sign) + "}}"
		}
		b.WriteString(sign)
	}
	return b.String() + text[from:]
}

// marker finds the places for marks.
type marker struct {
	text  string
	id    int
	marks []placed
}

type placed struct {
	at     int
	action string // what begins an action there, empty in text
}

func (m *marker) list(l *parse.ListNode) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			m.ofText(int(n.Pos), string(n.Text))
		case *parse.ActionNode:
			m.ofAction(int(n.Pos))
		case *parse.TemplateNode:
			m.ofAction(int(n.Pos))
		case *parse.IfNode:
			m.branch(&n.BranchNode)
		case *parse.RangeNode:
			m.branch(&n.BranchNode)
		case *parse.WithNode:
			m.branch(&n.BranchNode)
		}
	}
}

func (m *marker) branch(b *parse.BranchNode) {
	m.list(b.List)
	m.list(b.ElseList)
}

// ofText marks the beginning of each line in the text that trimming has left.
func (m *marker) ofText(pos int, left string) {
	if pos+len(left) > len(m.text) || m.text[pos:pos+len(left)] != left {
		return
	}
	m.marks = append(m.marks, placed{at: pos})
	for i := range len(left) - 1 {
		if left[i] == '\n' {
			m.marks = append(m.marks, placed{at: pos + i + 1})
		}
	}
}

// ofAction marks by an action that trims before it what the action trims.
func (m *marker) ofAction(pos int) {
	open := strings.LastIndex(m.text[:min(pos, len(m.text))], "{{")
	if open < 0 {
		return
	}
	p := placed{at: open, action: "{{"}
	if rest := m.text[open+2:]; strings.HasPrefix(rest, "- ") || strings.HasPrefix(rest, "-\n") || strings.HasPrefix(rest, "-\t") {
		p.action = "{{- "
	}
	m.marks = append(m.marks, p)
}
