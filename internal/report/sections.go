package report

import (
	"io"
	"strings"
)

// section is a part of a report for people: a title, and a table or sentences.
// Whoever makes one cuts what comes from the input and may be long.
type section struct {
	title  string
	header []string
	rows   [][]string
	// prose stands below the rows, a paragraph each.
	prose []string
	// code stands last, as it is: commands or a file.
	code string
}

// writeSections writes a document for machines, or its sections for people.
func writeSections(w io.Writer, format string, style Style, document any, sections func(wide bool) []section) error {
	var text string
	switch format {
	case "table", "wide":
		text = sectionsText(sections(format == "wide"), style)
	case "markdown":
		text = sectionsMarkdown(sections(false))
	default:
		return writeDocument(w, format, document)
	}
	_, err := io.WriteString(w, text)
	return err
}

// sectionsText writes sections for a terminal.
func sectionsText(sections []section, style Style) string {
	var b strings.Builder
	for i, s := range sections {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(style.paint(bold, escapeAll(s.title)) + "\n")
		if len(s.rows) > 0 {
			rows := [][]string{s.header}
			for _, row := range s.rows {
				cells := make([]string, len(row))
				for j, cell := range row {
					cells[j] = escapeAll(cell)
				}
				rows = append(rows, cells)
			}
			for j, line := range grid(rows) {
				if j == 0 {
					line = style.paint(dim, line)
				}
				b.WriteString("  " + line + "\n")
			}
		}
		for _, text := range s.prose {
			for _, line := range wrap(escapeAll(text), style.Width-len("  ")) {
				b.WriteString("  " + line + "\n")
			}
		}
		for _, line := range codeLines(s.code) {
			b.WriteString(strings.TrimRight("    "+line, " ") + "\n")
		}
	}
	return b.String()
}

// codeLines returns the lines of code, made fit for a terminal.
func codeLines(code string) []string {
	if code == "" {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(code, "\n"), "\n")
	for i := range lines {
		lines[i] = escapeAll(lines[i])
	}
	return lines
}

// sectionsMarkdown writes sections for a page.
func sectionsMarkdown(sections []section) string {
	var b strings.Builder
	for i, s := range sections {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString("## " + markdownText(s.title) + "\n")
		if len(s.rows) > 0 {
			b.WriteByte('\n')
			markdownRow(&b, s.header)
			b.WriteString("|" + strings.Repeat("---|", len(s.header)) + "\n")
			for _, row := range s.rows {
				markdownRow(&b, row)
			}
		}
		for _, text := range s.prose {
			b.WriteString("\n" + markdownText(text) + "\n")
		}
		if s.code != "" {
			text := strings.Join(codeLines(s.code), "\n")
			fence := "```"
			for strings.Contains(text, fence) {
				fence += "`"
			}
			b.WriteString("\n" + fence + "\n" + text + "\n" + fence + "\n")
		}
	}
	return b.String()
}

func markdownRow(b *strings.Builder, cells []string) {
	b.WriteString("|")
	for _, cell := range cells {
		b.WriteString(" " + markdownText(cell) + " |")
	}
	b.WriteByte('\n')
}

// markdownText makes text from the input fit for a page: nothing in it is taken
// for markup.
func markdownText(s string) string {
	var b strings.Builder
	for _, r := range escapeAll(s) {
		switch r {
		case '\\', '`', '*', '_', '[', ']', '|', '~', '#':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '<':
			b.WriteString("&lt;")
		case '&':
			b.WriteString("&amp;")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// markdownCode makes text from the input fit for a page, as code. In it nothing
// is markup, and a name that looks like somebody's calls nobody.
func markdownCode(s string) string {
	s = escapeAll(s)
	if s == "" {
		s = " "
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}
