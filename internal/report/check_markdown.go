package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// checkMarkdown writes a page for a pull request or a job: what was met, in
// numbers, then everything that is not as it should be.
type checkMarkdown struct {
	w io.Writer
	o CheckOptions
	// left is how many bytes more the page may have, and dropped how many objects
	// had no room; 0 at first is no limit.
	left, dropped int

	violations, warnings, excepted, ignored, known, notChecked, errors spool
}

func newCheckMarkdown(w io.Writer, o CheckOptions) CheckWriter { return &checkMarkdown{w: w, o: o} }

// put writes a block into a part of the page, if it fits.
func (c *checkMarkdown) put(part *spool, block string) error {
	if c.left > 0 {
		if len(block) >= c.left {
			c.dropped++
			return nil
		}
		c.left -= len(block)
	}
	_, err := io.WriteString(part, block)
	return err
}

func (c *checkMarkdown) Result(r *Result) error {
	heading := "\n### " + markdownObject(r.Object) + "\n\n" + c.place(r.Source) + ", " + markdownText(policy(r)) + "\n"
	for _, m := range modes(r) {
		part, invalid, first := &c.warnings, []Invalid(nil), "\nThe mode "+m.mode+" finds, by "+m.policy+":\n"
		if m.mode == "enforce" {
			part, invalid, first = &c.violations, r.Invalid, ""
		}
		if len(m.violations)+len(invalid) == 0 {
			continue
		}
		if err := c.put(part, heading+first+markdownFindings(m.violations)+markdownInvalid(invalid)); err != nil {
			return err
		}
	}
	for _, u := range r.Exceptions {
		if err := c.put(&c.excepted, "- "+markdownObject(r.Object)+": "+markdownCode(u.what())+", "+markdownCode(EscapeSentence(u.Reason))+"\n"); err != nil {
			return err
		}
	}
	return c.aside(r)
}

// place is where an object stands.
func (c *checkMarkdown) place(s Source) string {
	if s.File == "-" {
		return markdownText(place(s))
	}
	s.File = c.o.path(s.File)
	return markdownCode(place(s))
}

func markdownObject(o Object) string {
	return markdownCode(Escape(o.KindName())) + " in " + markdownCode(Escape(o.Namespace))
}

// markdownFindings is a table.
func markdownFindings(violations []Violation) string {
	if len(violations) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n| Line | Control | Field | Found | Allowed | Fix |\n|---:|---|---|---|---|---|\n")
	for _, v := range violations {
		for _, f := range v.Findings {
			cells := []string{lineCell(f.Line, 0, f.RenderedLine), markdownCode(v.Control), markdownCode(Escape(f.Path)), markdownCode(value(f.Value)), markdownText(f.Allowed), markdownText(f.Fix)}
			if f.Path == "" { // it is about no place
				cells = []string{"-", markdownCode(v.Control), "-", markdownCode(v.whole()), "-", "-"}
			}
			for i := range cells {
				cells[i] = strings.ReplaceAll(strings.ReplaceAll(cells[i], `\|`, "|"), "|", `\|`)
			}
			b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
		}
	}
	return b.String()
}

func markdownInvalid(invalid []Invalid) string {
	if len(invalid) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\nThe API server would refuse:\n\n")
	for _, i := range invalid {
		line := "line " + strconv.Itoa(i.Line)
		if i.Line == 0 {
			line = fmt.Sprintf("line %d as rendered", i.RenderedLine)
		}
		fmt.Fprintf(&b, "- %s: %s: %s\n", line, markdownCode(Escape(i.Path)), markdownCode(Escape(i.Message)))
	}
	return b.String()
}

func (c *checkMarkdown) NotChecked(n NotChecked) error {
	text := "- " + markdownObject(n.Object) + ", " + c.place(n.Source) + ": " + markdownCode(EscapeSentence(n.Reason)) + "."
	for i, path := range n.Paths {
		text += map[bool]string{true: " Not read: ", false: ", "}[i == 0] + markdownCode(Escape(path))
	}
	return c.put(&c.notChecked, text+"\n")
}

func (c *checkMarkdown) Error(e Error) error {
	return c.put(&c.errors, "- "+c.place(e.Source)+": "+markdownCode(EscapeSentence(e.Message))+"\n")
}

func (c *checkMarkdown) Close(s Summary) error {
	_, err := io.WriteString(c.w, "# "+verdictLine(s)+"\n\n"+
		"| Judged | Violating | Refused by the API server | Not checked | Broken | Passed over |\n|---:|---:|---:|---:|---:|---:|\n"+
		fmt.Sprintf("| %d | %d | %d | %d | %d | %d |\n", s.Checked, s.Violating, s.Invalid, s.NotChecked, s.Errors, s.PassedOver))
	if err != nil {
		return err
	}
	if err := c.asideCounts(s); err != nil {
		return err
	}
	for _, part := range []struct {
		title string
		text  *spool
		list  bool
	}{
		{"Violations", &c.violations, false}, {"Warnings", &c.warnings, false}, {"Exceptions", &c.excepted, true},
		{"Known", &c.known, true}, {"Ignored", &c.ignored, true},
		{"Not checked", &c.notChecked, true}, {"Errors", &c.errors, true},
	} {
		if !part.text.some {
			continue
		}
		title := "\n## " + part.title + "\n"
		if part.list {
			title += "\n"
		}
		if _, err := io.WriteString(c.w, title); err != nil {
			return err
		}
		if err := part.text.drain(c.w); err != nil {
			return err
		}
	}
	if err := c.fixed(s.Fixed); err != nil {
		return err
	}
	if c.dropped > 0 {
		_, err = fmt.Fprintf(c.w, "\nThere is no room for %d more; other formats list them.\n", c.dropped)
	}
	return err
}

// verdictLine says in one line how a check went.
func verdictLine(s Summary) string {
	text := "Pod Security: no violations"
	switch {
	case s.Violating == 1:
		text = "Pod Security: 1 object violates its policy"
	case s.Violating > 1:
		text = fmt.Sprintf("Pod Security: %d objects violate their policy", s.Violating)
	}
	if s.Invalid > 0 {
		text += fmt.Sprintf(", the API server would refuse %d", s.Invalid)
	}
	if n := s.NotChecked + s.Errors; n > 0 {
		text += fmt.Sprintf(", %d could not be judged", n)
	}
	return text
}
