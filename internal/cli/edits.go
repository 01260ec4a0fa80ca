package cli

import (
	"slices"

	"github.com/gabion-security/gabion/internal/fix"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// edits find out how findings could be put right in their files.
type edits struct{ fixer fix.Fixer }

// edits returns what finds edits out, nil if no format wants them: it takes reading
// every object that fails once more.
func (o *checkOptions) edits() (*edits, error) {
	if !slices.ContainsFunc(o.outputs, func(out output) bool { return report.WantsEdits(out.format) }) {
		return nil, nil //nolint:nilnil // nobody wants them
	}
	reader, err := workload.NewReader(workload.Options{Paths: o.input.templates, JSON: true})
	if err != nil {
		return nil, err
	}
	return &edits{fix.Fixer{Reader: reader, Evaluator: pss.Evaluator{Kubernetes: o.kubernetes.value}}}, nil
}

// add adds the edits to violations of a policy by a template. What was rendered has
// none, because its text is in no file, and standard input is none.
func (e *edits) add(to *report.Verdict, policy pss.LevelVersion, s *subject) {
	if e == nil || s.Rendered != nil || s.file == workload.Stdin || len(to.Violations)+len(to.Known) == 0 {
		return
	}
	fixer := e.fixer
	fixer.Policy = policy
	suggestions, err := fixer.Suggest(s.Template)
	if err != nil {
		return // there is nothing to suggest, and the verdict stands
	}
	for _, suggestion := range suggestions {
		for _, violations := range [][]report.Violation{to.Violations, to.Known} {
			for i := range violations {
				if violations[i].Control == string(suggestion.Control) {
					addEdits(violations[i].Findings, &suggestion, s)
				}
			}
		}
	}
}

// addEdits adds the edits of a suggestion to the findings that it is for.
func addEdits(findings []report.Finding, by *fix.Suggestion, s *subject) {
	for i := range findings {
		f := &findings[i]
		if !slices.ContainsFunc(by.Findings, func(path string) bool { return s.FullPath(path) == f.Path }) {
			continue
		}
		f.Review = by.Review
		for _, e := range by.Edits {
			f.Edits = append(f.Edits, report.Edit{
				File: s.file, StartLine: e.Line, StartColumn: e.Column, EndLine: e.EndLine, EndColumn: e.EndColumn, Text: e.Text,
			})
		}
	}
}
