package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ExceptionList is what is let pass: exceptions, and what an API server exempts.
type ExceptionList struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Items      []ListException `json:"items"`
}

// The types of a [ListException].
const (
	TypeException = "exception"
	TypeExemption = "exemption"
)

// ListException is an exception, or an exemption of the API server's
// configuration, which is one from everything and has neither reason nor end.
type ListException struct {
	Type string `json:"type"`
	Name string `json:"name"`
	File string `json:"file"`
	Line int    `json:"line"`
	// Namespaces says which are meant, in words.
	Namespaces string `json:"namespaces"`
	// NarrowedBy says to which pods and containers of them, in words.
	NarrowedBy []string `json:"narrowedBy"`
	// Controls are empty for an exemption.
	Controls []ListControl `json:"controls"`
	// Modes are empty for all.
	Modes  []string `json:"modes"`
	Reason string   `json:"reason"`
	Owner  string   `json:"owner"`
	Ticket string   `json:"ticket"`
	// ExpiresAt is empty for one that never ends.
	ExpiresAt string `json:"expiresAt"`
	// DaysLeft is how many days are left until then, rounded up.
	DaysLeft int  `json:"daysLeft"`
	Expired  bool `json:"expired"`
}

// ListControl is a control with its values, none for any.
type ListControl struct {
	ID     string   `json:"id"`
	Values []string `json:"values"`
	// Missing says that a missing value is excepted, too, beside others only the
	// values.
	Missing bool `json:"missing"`
}

// ExceptionListFormats are the formats of the list.
func ExceptionListFormats() []string { return []string{"table", "wide", "json", "yaml", "name"} }

// WriteExceptionList writes the list in a format of [ExceptionListFormats]; an
// unknown format is an error.
func WriteExceptionList(w io.Writer, format string, style Style, l *ExceptionList) error {
	var text string
	switch format {
	case "table", "wide":
		text = l.table(style, format == "wide")
	case "name":
		for i := range l.Items {
			if l.Items[i].Type == TypeException {
				text += exceptionName(l.Items[i].Name) + "\n"
			}
		}
	default:
		return writeDocument(w, format, l)
	}
	_, err := io.WriteString(w, text)
	return err
}

// exceptionName is what kubectl calls an exception.
func exceptionName(name string) string { return "podsecurityexception.gabion.io/" + escapeAll(name) }

// table writes a row an exception; what narrows it and its controls stand one a
// line.
func (l *ExceptionList) table(style Style, wide bool) string {
	header := []string{"NAME", "NAMESPACES", "ONLY FOR", "CONTROLS", "EXPIRES", "OWNER", "REASON"}
	if wide {
		header = []string{"NAME", "NAMESPACES", "ONLY FOR", "CONTROLS", "MODES", "EXPIRES", "OWNER", "TICKET", "PLACE", "REASON"}
	}
	rows := [][]string{header}
	for i := range l.Items {
		rows = append(rows, l.Items[i].rows(len(header), wide)...)
	}
	if len(l.Items) == 0 {
		return ""
	}
	var b strings.Builder
	for i, line := range grid(rows) {
		if i == 0 {
			line = style.paint(bold, line)
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// rows returns the lines of an exception.
func (e *ListException) rows(width int, wide bool) [][]string {
	controls := []string{}
	for _, c := range e.Controls {
		text := Escape(c.ID)
		values := slices.Clone(c.Values)
		if c.Missing {
			values = append(values, "not set")
		}
		if len(values) > 0 {
			text += ": " + Escape(strings.Join(values, ", "))
		}
		controls = append(controls, text)
	}
	name := Escape(e.Name)
	if e.Type == TypeExemption {
		name, controls = "("+e.Type+")", []string{"all"}
	}
	var rows [][]string
	for i := range max(1, len(controls), len(e.NarrowedBy)) {
		cells := make([]string, width)
		if i == 0 {
			cells[0], cells[1] = name, Escape(e.Namespaces)
			rest := []string{e.expires(), orDash(e.Owner), orDash(e.Reason)}
			if wide {
				modes := cmp.Or(strings.Join(e.Modes, ", "), "all")
				rest = []string{modes, e.expires(), orDash(e.Owner), orDash(e.Ticket), Place(e.File, e.Line), orDash(e.Reason)}
			}
			copy(cells[4:], rest)
			cells[2] = "-"
		}
		if i < len(e.NarrowedBy) {
			cells[2] = Escape(e.NarrowedBy[i])
		}
		if i < len(controls) {
			cells[3] = controls[i]
		}
		rows = append(rows, cells)
	}
	return rows
}

// expires says when the exception ends.
func (e *ListException) expires() string {
	date, _, _ := strings.Cut(e.ExpiresAt, "T")
	switch {
	case e.ExpiresAt == "":
		return "never"
	case e.Expired:
		return date + " (expired)"
	}
	return fmt.Sprintf("%s (%s)", date, plural(e.DaysLeft, "day"))
}

// orDash is the text, or a dash for none.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return Escape(text)
}
