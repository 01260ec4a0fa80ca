package report

import (
	"io"
	"strings"
)

// StandardURL is the page of the standard.
const StandardURL = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"

// ExplainFormats are the formats of one explained control.
func ExplainFormats() []string { return []string{"text", "json", "yaml"} }

// WriteExplanation writes everything about one control in a format of
// [ExplainFormats]; an unknown format is an error.
func WriteExplanation(w io.Writer, format string, style Style, c *Control) error {
	if format != "text" {
		return writeDocument(w, format, c)
	}
	var b strings.Builder
	b.WriteString(style.paint(bold, c.Name))
	if c.ID != "" {
		b.WriteString(" (" + c.ID + ")")
	}
	b.WriteString(", " + levelText(c) + "\n")
	section := func(title string, lines ...string) {
		if len(lines) == 0 || lines[0] == "" {
			return
		}
		b.WriteString("\n" + style.paint(bold, title) + "\n")
		for _, line := range lines {
			for i, part := range wrap(line, style.Width-4) {
				if i > 0 {
					part = "  " + part
				}
				b.WriteString("  " + part + "\n")
			}
		}
	}
	section("Note", c.Note)
	section("Why", c.Why)
	section("Fix", c.Fix)
	section("Fields", c.Fields...)
	section("Allowed", c.Allowed...)
	section("Versions", versions(c.Revisions)...)
	section("PodSecurityPolicy", pspLines(c)...)
	if c.Level != LevelProfile {
		section("More", StandardURL)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func levelText(c *Control) string {
	if c.Level == LevelProfile {
		return "of profiles"
	}
	return "level " + c.Level
}

// versions returns a line for each revision.
func versions(revisions []Revision) []string {
	var rows [][]string
	for _, r := range revisions {
		change := r.Change
		if len(r.Overrides) > 0 {
			change += " Takes the place of " + strings.Join(r.Overrides, ", ") + "."
		}
		rows = append(rows, []string{r.Since, change})
	}
	return grid(rows)
}

// pspLines returns the corresponding controls of PodSecurityPolicy.
func pspLines(c *Control) []string {
	if len(c.PSP) == 0 {
		return []string{"Nothing corresponds: PodSecurityPolicy had no such control."}
	}
	var lines []string
	for _, p := range c.PSP {
		line := p.Name
		if len(p.Fields) > 0 {
			line += ": " + strings.Join(p.Fields, ", ")
		}
		lines = append(lines, line)
		if p.Note != "" {
			lines = append(lines, "  "+p.Note)
		}
	}
	return lines
}
