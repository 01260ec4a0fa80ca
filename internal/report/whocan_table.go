package report

import (
	"fmt"
	"strings"
)

// whoCanRow is one line of the table: a right, or a list of resources that gives
// it if all are to be shown.
type whoCanRow struct{ can, where, permission string }

// rows returns what a grant gives. Permissions that give the same right at the
// same place are one row, unless each is to be shown.
func (r *WhoCan) rows(g *WhoCanGrant, wide bool) []whoCanRow {
	var rows []whoCanRow
	for i := range g.Rights {
		h := &g.Rights[i]
		row := whoCanRow{can: r.title(h.Right) + h.as(), where: h.where()}
		if wide {
			row.permission = h.permission()
		}
		if n := len(rows); wide || n == 0 || rows[n-1] != row {
			rows = append(rows, row)
		}
	}
	return rows
}

// whoCanTable writes a row a right; subjects, binding and role stand before the
// first of them.
func whoCanTable(r *WhoCan, style Style, wide bool) string {
	var b strings.Builder
	header := []string{"WHO", "BY", "ROLE", "CAN", "WHERE"}
	if wide {
		header = append(header, "BY THE RIGHT TO")
	}
	table := [][]string{header}
	for i := range r.Grants {
		g := &r.Grants[i]
		rows := r.rows(g, wide)
		for j := range max(len(rows), len(g.Subjects)) {
			cells := make([]string, len(header))
			if j < len(g.Subjects) {
				cells[0] = g.Subjects[j].String()
			}
			if j == 0 {
				cells[1], cells[2] = g.Binding.String(), g.Role.String()
			}
			if j < len(rows) {
				copy(cells[3:], []string{rows[j].can, rows[j].where, rows[j].permission}[:len(header)-3])
			}
			table = append(table, cells)
		}
	}
	if len(r.Grants) > 0 {
		for i, line := range grid(table) {
			if i == 0 {
				line = style.paint(bold, line)
			}
			b.WriteString(line + "\n")
		}
	}
	for _, s := range r.sections(wide) {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		if s.title == "" {
			b.WriteString(s.lines[0] + "\n")
			continue
		}
		b.WriteString(style.paint(bold, s.title) + "\n")
		for _, line := range s.lines {
			for j, part := range wrap(line, style.Width-4) {
				b.WriteString(map[bool]string{true: "  ", false: "    "}[j == 0] + part + "\n")
			}
		}
	}
	return b.String()
}

// whoCanSection is a part of the report below the table; without a title it is
// one sentence.
type whoCanSection struct {
	title string
	lines []string
}

// maxOpen is how many namespaces the table lists.
const maxOpen = 10

// sections returns what stands below the table, in either format for people.
func (r *WhoCan) sections(all bool) []whoCanSection {
	var list []whoCanSection
	add := func(title string, lines []string) {
		if len(lines) > 0 {
			list = append(list, whoCanSection{title, lines})
		}
	}
	if len(r.Grants) == 0 {
		add("", []string{r.nobody()})
	}
	var why, open, unknown, missing []string
	for _, right := range r.Rights {
		why = append(why, right.Title+": "+right.Why)
	}
	add("Why it matters", why)
	for i, ns := range r.OpenNamespaces {
		if i == maxOpen && !all {
			open = append(open, fmt.Sprintf("and %d more", len(r.OpenNamespaces)-i))
			break
		}
		open = append(open, Escape(ns.Namespace)+": "+EscapeSentence(ns.Reason))
	}
	add("Nothing is enforced in", open)
	for _, g := range r.Unknown {
		var subjects []string
		for _, s := range g.Subjects {
			subjects = append(subjects, s.String())
		}
		unknown = append(unknown, strings.Join(subjects, ", ")+" by "+g.Binding.String()+": "+g.Role.String()+" could not be seen")
	}
	add("Not known of", unknown)
	for _, m := range r.Missing {
		missing = append(missing, m.String())
	}
	add("Not seen", missing)
	add("Outside RBAC", r.Outside)
	if n := r.Summary.SystemSubjects; n > 0 && !r.Summary.SystemShown {
		add("", []string{fmt.Sprintf("%s of Kubernetes can too; --system lists them.", plural(n, "component"))})
	}
	return list
}

// nobody says that the report names nobody, and no more than is known.
func (r *WhoCan) nobody() string {
	who := "Nobody"
	if r.Summary.SystemSubjects > 0 {
		who = "Nobody but components of Kubernetes"
	}
	text := who + " can " + r.Can + " Pod Security by RBAC."
	if len(r.Missing)+len(r.Unknown) > 0 {
		return "Nobody was found who can " + r.Can + " Pod Security, but not everything could be seen."
	}
	return text
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// whoCanMarkdown writes the report for a page.
func whoCanMarkdown(r *WhoCan) string {
	var b strings.Builder
	cell := strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`).Replace
	if len(r.Grants) > 0 {
		b.WriteString("| Who | By | Role | Can | Where | By the right to |\n|---|---|---|---|---|---|\n")
	}
	for i := range r.Grants {
		g := &r.Grants[i]
		var who []string
		for _, s := range g.Subjects {
			who = append(who, cell(s.String()))
		}
		for j, row := range r.rows(g, true) {
			cells := []string{"", "", "", cell(row.can), cell(row.where), cell(row.permission)}
			if j == 0 {
				copy(cells, []string{strings.Join(who, "<br>"), cell(g.Binding.String()), cell(g.Role.String())})
			}
			b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
		}
	}
	for _, s := range r.sections(true) {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		if s.title == "" {
			b.WriteString(s.lines[0] + "\n")
			continue
		}
		b.WriteString("**" + s.title + "**\n\n")
		for _, line := range s.lines {
			b.WriteString("- " + cell(line) + "\n")
		}
	}
	return b.String()
}
