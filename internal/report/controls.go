package report

import (
	"io"
	"strconv"
	"strings"
)

// Controls is the standard as a table.
type Controls struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Policy is the level and version whose controls these are, empty for the
	// whole catalogue.
	Policy   string    `json:"policy"`
	Controls []Control `json:"controls"`
}

// LevelProfile stands for the level of a control that is not part of the
// standard: profiles may ask for it.
const LevelProfile = "profile"

// Control is one row of the standard, or a control that only profiles have.
type Control struct {
	// ID is empty for a row that is no longer in the standard.
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Level     string     `json:"level"`
	Retired   bool       `json:"retired"`
	Note      string     `json:"note"`
	Revisions []Revision `json:"revisions"`
	Fields    []string   `json:"fields"`
	Allowed   []string   `json:"allowed"`
	Why       string     `json:"why"`
	Fix       string     `json:"fix"`
	PSP       []PSP      `json:"psp"`
}

// Revision is a change of a control.
type Revision struct {
	Since     string   `json:"since"`
	Change    string   `json:"change"`
	Overrides []string `json:"overrides"`
}

// PSP is a control of PodSecurityPolicy that corresponds to a row.
type PSP struct {
	Name   string   `json:"name"`
	Fields []string `json:"fields"`
	Note   string   `json:"note"`
}

// since names the versions of a control: the first one and the changes.
func (c *Control) since() string {
	if len(c.Revisions) == 0 {
		return "-"
	}
	return c.Revisions[0].Since
}

func (c *Control) changes() string {
	var later []string
	for _, r := range c.Revisions[min(1, len(c.Revisions)):] {
		later = append(later, r.Since)
	}
	if later == nil {
		return "-"
	}
	return strings.Join(later, ", ")
}

// ControlFormats are the formats of the table of controls.
func ControlFormats() []string { return []string{"table", "wide", "json", "yaml", "markdown"} }

// WriteControls writes the table in a format of [ControlFormats]; an unknown
// format is an error.
func WriteControls(w io.Writer, format string, style Style, c *Controls) error {
	var text string
	switch format {
	case "table":
		text = controlsTable(c, style, false)
	case "wide":
		text = controlsTable(c, style, true)
	case "markdown":
		text = controlsMarkdown(c)
	default:
		return writeDocument(w, format, c)
	}
	_, err := io.WriteString(w, text)
	return err
}

// footnotes numbers notes from 1, equal ones alike.
type footnotes struct{ notes []string }

// mark returns " [n]" for a note, and nothing for none.
func (f *footnotes) mark(note string) string {
	if note == "" {
		return ""
	}
	for i, n := range f.notes {
		if n == note {
			return " [" + strconv.Itoa(i+1) + "]"
		}
	}
	f.notes = append(f.notes, note)
	return " [" + strconv.Itoa(len(f.notes)) + "]"
}

// mapping returns the PSP controls of a row as cells, one each.
func (f *footnotes) mapping(c *Control) []string {
	if len(c.PSP) == 0 {
		return []string{"-"}
	}
	var cells []string
	for _, p := range c.PSP {
		cells = append(cells, p.Name+f.mark(p.Note))
	}
	return cells
}

// controlsTable writes one row a control; its PSP controls stand one a line.
func controlsTable(c *Controls, style Style, wide bool) string {
	header := []string{"LEVEL", "CONTROL", "ID", "SINCE", "POD SECURITY POLICY"}
	if wide {
		header = []string{"LEVEL", "CONTROL", "ID", "SINCE", "CHANGED", "POD SECURITY POLICY", "PSP FIELDS", "ALLOWED"}
	}
	rows := [][]string{header}
	var notes footnotes
	for i := range c.Controls {
		control := &c.Controls[i]
		id := control.ID
		if control.Retired {
			id = "-"
		}
		name := control.Name + notes.mark(control.Note)
		for j, psp := range notes.mapping(control) {
			cells := []string{control.Level, name, id, control.since()}
			if wide {
				cells = append(cells, control.changes())
			}
			if j > 0 {
				clear(cells)
			}
			cells = append(cells, psp)
			if wide {
				cells = append(cells, pspFields(control, j))
			}
			if wide && j == 0 {
				cells = append(cells, strings.Join(control.Allowed, ", "))
			}
			rows = append(rows, cells)
		}
	}
	var b strings.Builder
	for i, line := range grid(rows) {
		if i == 0 {
			line = style.paint(bold, line)
		}
		b.WriteString(line + "\n")
	}
	for i, note := range notes.notes {
		if i == 0 {
			b.WriteByte('\n')
		}
		mark := "[" + strconv.Itoa(i+1) + "] "
		width := style.Width - len(mark)
		for j, part := range wrap(note, width) {
			if j > 0 {
				mark = strings.Repeat(" ", len(mark))
			}
			b.WriteString(mark + part + "\n")
		}
	}
	return b.String()
}

func pspFields(c *Control, i int) string {
	if i >= len(c.PSP) {
		return "-"
	}
	return strings.Join(c.PSP[i].Fields, ", ")
}

// controlsMarkdown writes the table for a page.
func controlsMarkdown(c *Controls) string {
	var b strings.Builder
	b.WriteString("| Level | Control | ID | Since | PodSecurityPolicy |\n|---|---|---|---|---|\n")
	var notes footnotes
	for i := range c.Controls {
		control := &c.Controls[i]
		id := "-"
		if control.ID != "" {
			id = "`" + control.ID + "`"
		}
		name := control.Name + notes.mark(control.Note)
		cells := []string{control.Level, name, id, control.since(), strings.Join(notes.mapping(control), "<br>")}
		for j := range cells {
			cells[j] = strings.ReplaceAll(cells[j], "|", `\|`)
		}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	for i, note := range notes.notes {
		if i == 0 {
			b.WriteByte('\n')
		}
		b.WriteString(strconv.Itoa(i+1) + ". " + note + "\n")
	}
	return b.String()
}
