package fix

import (
	"bytes"
	"unicode/utf8"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// Suggestion is what makes the findings of one control in a template go, as far as
// that is possible.
type Suggestion struct {
	Control pss.ID
	Changes []*Change
	Edits   []Replacement
}

// Replacement is an edit of a file by lines and columns, both from 1, columns in
// characters, as [workload.Template.Position] counts: what stands from the first
// place up to the second is replaced. Nothing stands there if they are equal.
type Replacement struct {
	Line, Column, EndLine, EndColumn int
	Text                             string
}

// Suggest returns a suggestion for each control that a template violates and that
// an edit can help with, in the order of the violations. Each stands for itself:
// made one after the other in a file that is read anew, they make what
// [Fixer.File] makes at once. There are none where an item of a List cannot be
// read without it.
func (f Fixer) Suggest(t *workload.Template) ([]Suggestion, error) {
	text, _, ok := t.Text("")
	if !ok {
		return nil, nil
	}
	verdict, err := f.Evaluator.Evaluate(&t.Pod, f.Policy)
	if err != nil {
		return nil, err
	}
	line, column := t.Position("")
	var all []Suggestion
	for _, id := range verdict.Failed() {
		f.only = func(other *workload.Template, control pss.ID) bool {
			otherLine, otherColumn := other.Position("")
			if otherLine == 1 {
				otherColumn += text.Column - 1
			}
			return control == id && other.Path == t.Path && otherLine+text.Line-1 == line && otherColumn == column
		}
		file, err := f.File("", text.Bytes)
		if err != nil {
			return nil, err
		}
		s := Suggestion{Control: id}
		for _, item := range file.Items {
			for _, fix := range item.Fixes {
				s.Changes = append(s.Changes, fix.Changes...)
			}
		}
		for _, e := range file.Edits {
			s.Edits = append(s.Edits, replacement(text, e))
		}
		if len(s.Edits) > 0 {
			all = append(all, s)
		}
	}
	return all, nil
}

// replacement is an edit of a text by lines and columns of its file.
func replacement(t workload.Text, e Edit) Replacement {
	r := Replacement{Text: e.Text}
	r.Line, r.Column = lineAndColumn(t, e.Start)
	r.EndLine, r.EndColumn = lineAndColumn(t, e.End)
	return r
}

func lineAndColumn(t workload.Text, at int) (line, column int) {
	before := t.Bytes[:at]
	line = t.Line + bytes.Count(before, []byte("\n"))
	column = 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	if line == t.Line {
		column += t.Column - 1
	}
	return line, column
}
