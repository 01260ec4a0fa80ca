package report

import "strings"

// This file holds what the page says of violations that do not count.

// hasAside reports whether anything in a result does not count.
func hasAside(r *Result) bool {
	for _, v := range []*Verdict{&r.Verdict, r.Warn.verdict(), r.Audit.verdict()} {
		if v != nil && len(v.Ignored)+len(v.Known) > 0 {
			return true
		}
	}
	return false
}

func (m *Mode) verdict() *Verdict {
	if m == nil {
		return nil
	}
	return &m.Verdict
}

// htmlAside lists what is known and what is ignored in a result.
func htmlAside(b *strings.Builder, r *Result) {
	line := func(word string, m *modeFindings, v *Violation, reason string) {
		mode := ""
		if m.mode != "enforce" {
			mode = ", of the mode " + m.mode
		}
		b.WriteString("<p><span class=\"quiet\">" + word + ":</span> <strong>" + text(v.Control) + "</strong>, " + plural(len(v.Findings), "finding") + mode + text(reason) + "</p>\n")
	}
	for _, m := range knownByMode(r) {
		for _, v := range m.violations {
			line("known", &m, &v, "")
		}
	}
	ignored, reasons := ignoredByMode(r)
	for _, m := range ignored {
		for _, v := range m.violations {
			line("ignored", &m, &v, ": "+EscapeSentence(reasons[v.Control]))
		}
	}
}

// htmlFixed lists what the baseline knows and what is gone.
func htmlFixed(all []Fixed) string {
	if len(all) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("<section>\n<h2>Fixed</h2>\n<ul>\n")
	for _, f := range all {
		b.WriteString("<li>" + text(f.line()) + "</li>\n")
	}
	b.WriteString("</ul>\n</section>\n")
	return b.String()
}
