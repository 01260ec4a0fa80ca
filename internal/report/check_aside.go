package report

import (
	"io"
	"strings"
)

// This file holds what the table says of violations that do not count.

// word is the verdict about a template in one word.
func (t *checkTable) word(r *Result) string {
	_, known := r.aside()
	switch {
	case r.Fails():
		return t.style.paint(red, "FAIL")
	case len(known) > 0:
		return t.style.paint(yellow, "KNOWN")
	}
	return t.style.paint(green, "PASS")
}

// line says which control is ignored, and why.
func (i *Ignored) line() string {
	return "ignored: " + i.Control + " (" + plural(len(i.Findings), "finding") + "): " + Escape(i.Reason)
}

// knownLine says of a violation that the baseline knows it.
func (v *Violation) knownLine() string {
	return "known: " + v.Control + " (" + plural(len(v.Findings), "finding") + ")"
}

// asideLines says what does not count in a result.
func asideLines(r *Result) (lines []string) {
	ignored, known := r.aside()
	for i := range ignored {
		lines = append(lines, ignored[i].line())
	}
	for i := range known {
		lines = append(lines, known[i].knownLine())
	}
	return lines
}

// ignored says which controls are ignored, and why.
func (t *checkTable) ignored(b *strings.Builder, all []Ignored) {
	for i := range all {
		t.prose(b, "  ", all[i].line())
	}
}

// known says what the baseline knows: controls, and in the wide table places.
func (t *checkTable) known(b *strings.Builder, all []Violation) {
	for _, v := range all {
		if !t.wide {
			t.prose(b, "  ", v.knownLine())
			continue
		}
		for _, f := range v.Findings {
			at := ""
			if f.Line > 0 || f.RenderedLine > 0 {
				at = " at " + lineCell(f.Line, f.Column, f.RenderedLine)
			}
			t.prose(b, "  ", "known: "+v.Control+at+": "+Escape(f.Path)+": "+value(f.Value))
		}
	}
}

// Close lists what was fixed.
func (t *checkTable) Close(s Summary) error {
	var b strings.Builder
	for _, f := range s.Fixed {
		b.WriteString(t.style.paint(green, "FIXED") + "  " + t.object(f.object()) + "  " + f.finding("  ") + "\n")
	}
	if b.Len() > 0 && t.open {
		_, err := io.WriteString(t.w, "\n"+b.String())
		return err
	}
	_, err := io.WriteString(t.w, b.String())
	return err
}

// finding says what was found: the control, and the place behind a separator.
func (f *Fixed) finding(separator string) string {
	text := f.Control + separator + Escape(f.Path)
	if f.Value != nil {
		text += ": " + value(f.Value)
	}
	return text
}

// line says what was found, and where.
func (f *Fixed) line() string {
	o := f.object()
	return Escape(o.KindName()) + " in " + Escape(o.Namespace) + ": " + f.finding(": ")
}

// fixText says what to do, and what to look at before that is let loose.
func (f *Finding) fixText() string {
	if f.Review == "" {
		return f.Fix
	}
	return f.Fix + ". For review: " + f.Review
}
