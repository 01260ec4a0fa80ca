package report

import (
	"io"
	"strings"
)

// FixResult is what comes of one object that `gabion fix` has looked at.
type FixResult struct {
	Source  Source      `json:"source"`
	Object  Object      `json:"object"`
	Changes []FixChange `json:"changes"`
	Left    []FixLeft   `json:"left"`

	// Before and After are the object as encoding/json has it, for patches.
	Before any `json:"-"`
	After  any `json:"-"`
}

// FixChange is one setting that is changed.
type FixChange struct {
	Control string `json:"control"`
	// Action is set, append or remove.
	Action    string `json:"action"`
	Path      string `json:"path"`
	Container string `json:"container"`
	Was       any    `json:"was"`
	Value     any    `json:"value"`
	// Overwritten says that the object stated otherwise.
	Overwritten bool `json:"overwritten"`
	// Review says what a person has to look at, empty if nothing.
	Review string `json:"review"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// FixLeft is a finding that is left.
type FixLeft struct {
	Control   string `json:"control"`
	Path      string `json:"path"`
	Container string `json:"container"`
	Value     any    `json:"value"`
	// Reason is stated, manual, conflict, windows or text.
	Reason string `json:"reason"`
	Advice string `json:"advice"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// FixSummary counts what was met.
type FixSummary struct {
	Objects    int `json:"objects"`
	Fixed      int `json:"fixed"`
	Changes    int `json:"changes"`
	Review     int `json:"review"`
	Left       int `json:"left"`
	NotChecked int `json:"notChecked"`
	Errors     int `json:"errors"`
	// Written are the files that were replaced.
	Written int `json:"written"`

	// Files are those with objects to apply, also with such that hold no pods.
	Files []string `json:"-"`
}

// FixWriter writes a report of what is fixed.
type FixWriter interface {
	Result(r *FixResult) error
	NotChecked(n NotChecked) error
	Error(e Error) error
	Close(s FixSummary) error
}

// FixFormats are the formats of such a report, the default first.
func FixFormats() []string { return []string{"table", "json", "patch", "jsonpatch", "kustomize"} }

// NewFix returns a writer of a format, false if there is none. policy is what was
// fixed toward.
func NewFix(format, policy string, w io.Writer, style Style) (FixWriter, bool) {
	switch format {
	case "table":
		return &fixTable{w: w, style: style}, true
	case "json":
		return &fixJSON{w: w, policy: policy}, true
	case "patch":
		return &fixPatch{w: w}, true
	case "jsonpatch":
		return &fixJSONPatch{w: w}, true
	case "kustomize":
		return &fixKustomize{w: w}, true
	}
	return nil, false
}

// fixJSON writes one document for machines.
type fixJSON struct {
	w      io.Writer
	policy string
	doc    struct {
		APIVersion string       `json:"apiVersion"`
		Kind       string       `json:"kind"`
		Policy     string       `json:"policy"`
		Results    []*FixResult `json:"results"`
		NotChecked []NotChecked `json:"notChecked"`
		Errors     []Error      `json:"errors"`
		Summary    FixSummary   `json:"summary"`
	}
}

func (f *fixJSON) Result(r *FixResult) error {
	f.doc.Results = append(f.doc.Results, r)
	return nil
}

func (f *fixJSON) NotChecked(n NotChecked) error {
	f.doc.NotChecked = append(f.doc.NotChecked, n)
	return nil
}

func (f *fixJSON) Error(e Error) error {
	f.doc.Errors = append(f.doc.Errors, e)
	return nil
}

func (f *fixJSON) Close(s FixSummary) error {
	d := &f.doc
	d.APIVersion, d.Kind, d.Policy, d.Summary = APIVersion, "FixReport", f.policy, s
	if d.Results == nil {
		d.Results = []*FixResult{}
	}
	if d.NotChecked == nil {
		d.NotChecked = []NotChecked{}
	}
	if d.Errors == nil {
		d.Errors = []Error{}
	}
	text, err := encodeJSON(d, "")
	if err != nil {
		return err
	}
	_, err = f.w.Write(append(text, '\n'))
	return err
}

// fixTable writes the report for people.
type fixTable struct {
	w     io.Writer
	style Style
	begun bool
}

func (t *fixTable) Result(r *FixResult) error {
	if len(r.Changes)+len(r.Left) == 0 {
		return nil
	}
	var b strings.Builder
	if t.begun {
		b.WriteByte('\n')
	}
	t.begun = true
	b.WriteString(t.style.paint(bold, Escape(r.Object.KindName())) + "  " + Escape(r.Object.Namespace) + "  " + place(r.Source) + "\n")
	rows := [][]string{{"", "LINE", "PATH", "IS", "WILL BE"}}
	colours := []string{dim}
	var notes fixNotes
	for _, c := range r.Changes {
		word, colour := "fixed", green
		if c.Review != "" {
			word, colour = "review", yellow
			notes.add(word, c.Path, c.Review)
		}
		rows = append(rows, []string{word, lineCell(c.Line, c.Column, 0), Escape(c.Path), value(c.Was), c.becomes()})
		colours = append(colours, colour)
	}
	for _, l := range r.Left {
		rows = append(rows, []string{"left", lineCell(l.Line, l.Column, 0), Escape(l.Path), value(l.Value), "the same"})
		colours = append(colours, red)
		advice := Escape(l.Advice)
		if l.Reason == "stated" {
			advice += "; --overwrite does it"
		}
		notes.add("left", l.Path, advice)
	}
	for i, line := range grid(rows) {
		word := rows[i][0]
		if word == "" {
			line = t.style.paint(colours[i], line)
		} else {
			line = t.style.paint(colours[i], word) + line[len(word):]
		}
		b.WriteString("  " + line + "\n")
	}
	for _, n := range notes.lines() {
		for i, part := range wrap(n, t.style.Width-len("    ")) {
			if i > 0 {
				part = "  " + part
			}
			b.WriteString("  " + part + "\n")
		}
	}
	_, err := io.WriteString(t.w, b.String())
	return err
}

// becomes is the setting afterwards, for people.
func (c *FixChange) becomes() string {
	switch c.Action {
	case "remove":
		return "removed"
	case "append":
		if list, ok := c.Was.([]any); c.Was != nil && (!ok || len(list) > 0) {
			return "and " + value(c.Value)
		}
		return "[" + value(c.Value) + "]"
	}
	return value(c.Value)
}

func (t *fixTable) NotChecked(n NotChecked) error {
	table := checkTable{w: t.w, style: t.style, begun: t.begun, open: true}
	t.begun = true
	return table.NotChecked(n)
}

func (t *fixTable) Error(Error) error { return nil }

func (t *fixTable) Close(FixSummary) error { return nil }
