package fix

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// Suggestion is what makes some findings in a template go.
type Suggestion struct {
	Control pss.ID
	// Findings are the paths of those that go, from the root of the pod.
	Findings []string
	Edits    []Replacement
	// Review says what a person should look at before pods with the edits are let
	// loose, empty if they can stop no program.
	Review string
}

// Replacement is an edit of a file by lines and columns, both from 1, columns in
// characters, as [workload.Template.Position] counts: what stands from the first
// place up to the second is replaced. Nothing stands there if they are equal.
type Replacement struct {
	Line, Column, EndLine, EndColumn int
	Text                             string
}

// maxShared is how long a text that several objects stand in may be, for there to be
// suggestions: each of them reads all of it anew.
const maxShared = 16 << 10

// Suggest returns suggestions for what a template violates, in the order of the
// violations, each for as few findings as possible. Each stands for itself: made one
// after the other in a file that is read anew, they make what [Fixer.File] makes at
// once. There are none where an item of a List cannot be read without it, or not
// without reading a long one.
func (f Fixer) Suggest(t *workload.Template) ([]Suggestion, error) {
	text, _, ok := t.Text("")
	if !ok || text.Object > 0 && len(text.Bytes) > maxShared {
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
		of, err := f.suggest(text, id)
		if err != nil {
			return nil, err
		}
		all = append(all, of...)
	}
	return all, nil
}

// suggest returns a suggestion for each change that the control asks for, and one
// for those that cannot be made alone, as where they share an anchor.
func (f Fixer) suggest(text workload.Text, id pss.ID) ([]Suggestion, error) {
	f.paths = nil
	whole, paths, err := f.suggestion(text, id)
	switch {
	case err != nil, len(paths) == 0:
		return nil, err
	case len(paths) == 1:
		return []Suggestion{whole}, nil
	}
	var all []Suggestion
	var together []string
	for _, path := range paths {
		f.paths = []string{path}
		one, made, err := f.suggestion(text, id)
		if err != nil {
			return nil, err
		}
		if len(made) == 0 {
			together = append(together, path)
			continue
		}
		all = append(all, one)
	}
	if f.paths = together; len(together) == 0 {
		return all, nil
	}
	if whole, paths, err = f.suggestion(text, id); err != nil || len(paths) == 0 {
		return all, err
	}
	return append(all, whole), nil
}

// suggestion returns what the changes that are wanted come to, and their paths.
func (f Fixer) suggestion(text workload.Text, id pss.ID) (s Suggestion, paths []string, err error) {
	file, err := f.File("", text.Bytes)
	if err != nil {
		return s, nil, err
	}
	s.Control = id
	for _, item := range file.Items {
		for _, fix := range item.Fixes {
			for _, c := range fix.Changes {
				paths = append(paths, c.Path)
				s.Review = c.Review
				for _, o := range c.covers {
					s.Findings = append(s.Findings, o.path)
				}
			}
		}
	}
	for _, e := range file.Edits {
		s.Edits = append(s.Edits, replacement(text, e))
	}
	return s, paths, nil
}

// wants reports whether a change is made: all are, unless some are named.
func (f Fixer) wants(c *Change) bool { return f.paths == nil || slices.Contains(f.paths, c.Path) }

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
