package report

import (
	"fmt"
	"io"
	"strings"
)

// This file holds what the page says of violations that do not count.

// aside writes what is known and what is ignored in a result.
func (c *checkMarkdown) aside(r *Result) error {
	for _, m := range knownByMode(r) {
		for _, v := range m.violations {
			if err := c.put(&c.known, asideItem(r, &m, &v)+"\n"); err != nil {
				return err
			}
		}
	}
	ignored, reasons := ignoredByMode(r)
	for _, m := range ignored {
		for _, v := range m.violations {
			if err := c.put(&c.ignored, asideItem(r, &m, &v)+": "+markdownCode(EscapeSentence(reasons[v.Control]))+"\n"); err != nil {
				return err
			}
		}
	}
	return nil
}

// asideItem is the item of a control in a list.
func asideItem(r *Result, m *modeFindings, v *Violation) string {
	item := "- " + markdownObject(r.Object) + ": " + markdownCode(v.Control) + ", " + plural(len(v.Findings), "finding")
	if m.mode != "enforce" {
		item += " of the mode " + m.mode
	}
	return item
}

// asideCounts says how many findings do not count.
func (c *checkMarkdown) asideCounts(s Summary) error {
	if text := s.asideCounts(); text != "" {
		_, err := io.WriteString(c.w, "\n"+text+"\n")
		return err
	}
	return nil
}

// asideCounts says in a sentence how many findings do not count, and nothing if all
// do.
func (s *Summary) asideCounts() string {
	var parts []string
	for _, n := range []struct {
		n    int
		what string
	}{{s.Ignored, "ignored in manifests"}, {s.Known, "known"}, {len(s.Fixed), "known and fixed"}, {s.Gone, "known, of objects that are not here"}} {
		if n.n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", plural(n.n, "finding"), n.what))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, "; ") + "."
}

// fixed lists what the baseline knows and what is gone.
func (c *checkMarkdown) fixed(all []Fixed) error {
	var b strings.Builder
	for _, f := range all {
		b.WriteString("- " + markdownObject(f.object()) + ": " + markdownCode(f.finding(": ")) + "\n")
	}
	if b.Len() == 0 {
		return nil
	}
	_, err := io.WriteString(c.w, "\n## Fixed\n\n"+b.String())
	return err
}
