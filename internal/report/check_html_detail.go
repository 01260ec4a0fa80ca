package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// detail writes what was found in one object.
func (c *checkHTML) detail(row *htmlRow, r *Result, found []modeFindings) error {
	var b strings.Builder
	class := ` class="warned"`
	if row.Fails {
		class = ""
	}
	fmt.Fprintf(&b, "<article id=\"object-%d\"%s>\n<h3>%s <span class=\"quiet\">in %s</span></h3>\n<p><code>%s</code>, %s</p>\n",
		row.Number, class, text(row.Object), text(row.Namespace), text(row.Place), text(row.Policy))
	if r.Partial {
		b.WriteString("<p>The controller adds to this pod; only what the object states was judged.</p>\n")
	}
	for _, u := range r.Exceptions {
		b.WriteString("<p>" + text(u.String()) + ": " + text(EscapeSentence(u.Reason)) + "</p>\n")
	}
	if len(row.Found) > 0 {
		b.WriteString("<ul>\n")
	}
	for _, m := range found {
		for _, v := range m.violations {
			for i := range v.Findings {
				htmlFinding(&b, &m, &v, &v.Findings[i])
			}
		}
	}
	for _, i := range r.Invalid {
		b.WriteString("<li>\n<p><strong class=\"bad\">the API server would refuse</strong> <code>" + text(Escape(i.Path)) + "</code></p>\n<p>" + text(Escape(i.Message)) + "</p>\n")
		htmlExcerpt(&b, i.Excerpt, i.Line, i.Column, i.RenderedLine)
		b.WriteString("</li>\n")
	}
	if len(row.Found) > 0 {
		b.WriteString("</ul>\n")
	}
	htmlAside(&b, r)
	b.WriteString("</article>\n")
	_, err := io.WriteString(&c.details, b.String())
	return err
}

func htmlFinding(b *strings.Builder, m *modeFindings, v *Violation, x *Finding) {
	class, mode := "bad", ""
	if !m.fails() {
		class = "warn"
	}
	if m.mode != "enforce" {
		mode = " <span class=\"" + class + "\">" + m.mode + ", " + text(m.policy) + "</span>"
	}
	if x.Path == "" { // it is about no place
		fmt.Fprintf(b, "<li>\n<p><strong class=%q>%s</strong>%s</p>\n<p>%s</p>\n</li>\n", class, text(v.Control), mode, text(v.whole()))
		return
	}
	where := ""
	if x.ContainerKind != "" {
		where = " in " + x.ContainerKind + " <strong>" + text(value(x.Container)) + "</strong>"
	}
	fmt.Fprintf(b, "<li>\n<p><strong class=%q>%s</strong>%s%s</p>\n<p><code>%s</code> is <strong>%s</strong>; allowed: %s</p>\n<p>Fix: %s</p>\n",
		class, text(v.Control), where, mode, text(Escape(x.Path)), text(value(x.Value)), text(x.Allowed), text(x.fixText()))
	htmlExcerpt(b, x.Excerpt, x.Line, x.Column, x.RenderedLine)
	for _, e := range x.Edits {
		fmt.Fprintf(b, "<pre class=\"edit\">")
		for i, line := range strings.Split(strings.TrimSuffix(e.Text, "\n"), "\n") {
			fmt.Fprintf(b, "<span data-line=\"%d\">%s\n</span>", e.StartLine+i, text(Escape(line)))
		}
		b.WriteString("</pre>\n")
	}
	b.WriteString("</li>\n")
}

// htmlExcerpt writes the lines around a finding, its own marked. Of what was
// rendered they are those that came out.
func htmlExcerpt(b *strings.Builder, x Excerpt, line, column, rendered int) {
	if len(x.Lines) == 0 {
		return
	}
	if rendered > 0 {
		line, column = rendered, 0
		b.WriteString("<p class=\"quiet\">As rendered:</p>\n")
	}
	b.WriteString("<pre tabindex=\"0\">")
	for i, content := range x.Lines {
		class := ""
		if x.From+i == line {
			class = ` class="here"`
			content = window(content, column)
		}
		fmt.Fprintf(b, "<span%s data-line=\"%d\">%s\n</span>", class, x.From+i, text(Escape(content)))
	}
	b.WriteString("</pre>\n")
}

// window cuts a long line such that a column, from 1, can be seen: JSON may have
// only one line.
func window(line string, column int) string {
	const before = maxRunes / 4
	if utf8.RuneCountInString(line) <= maxRunes || column <= before {
		return line
	}
	runes := []rune(line)
	return "…" + string(runes[min(column-before, len(runes)):])
}
