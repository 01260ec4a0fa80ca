package report

import (
	"io"
	"strconv"
	"strings"
)

// This file holds what the table says of violations that do not count.

// word is the verdict about a template in one word.
func (t *checkTable) word(r *Result) string {
	switch {
	case r.Fails():
		return t.style.paint(red, "FAIL")
	case len(r.Known) > 0:
		return t.style.paint(yellow, "KNOWN")
	}
	return t.style.paint(green, "PASS")
}

// ignored says which controls are ignored, and why.
func (t *checkTable) ignored(b *strings.Builder, all []Ignored) {
	for _, i := range all {
		t.prose(b, "  ", "ignored: "+i.Control+" ("+plural(len(i.Findings), "finding")+"): "+Escape(i.Reason))
	}
}

// known says what the baseline knows: controls, and in the wide table places.
func (t *checkTable) known(b *strings.Builder, r *Result) {
	for _, v := range r.Known {
		if !t.wide {
			t.prose(b, "  ", "known: "+v.Control+" ("+plural(len(v.Findings), "finding")+")")
			continue
		}
		for _, f := range v.Findings {
			at := ""
			if f.Line > 0 {
				at = " at " + strconv.Itoa(f.Line) + ":" + strconv.Itoa(f.Column)
			}
			t.prose(b, "  ", "known: "+v.Control+at+": "+Escape(f.Path)+": "+value(f.Value))
		}
	}
}

// Close lists what was fixed.
func (t *checkTable) Close(s Summary) error {
	var b strings.Builder
	for _, f := range s.Fixed {
		line := t.style.paint(green, "FIXED") + "  " + t.object(f.object()) + "  " + f.Control + "  " + Escape(f.Path)
		if f.Value != nil {
			line += ": " + value(f.Value)
		}
		b.WriteString(line + "\n")
	}
	if b.Len() > 0 && t.open {
		_, err := io.WriteString(t.w, "\n"+b.String())
		return err
	}
	_, err := io.WriteString(t.w, b.String())
	return err
}
