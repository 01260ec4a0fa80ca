package report

import (
	"fmt"
	"io"
	"strings"
)

// ExceptionLint is what is wrong with exceptions.
type ExceptionLint struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// HeldAgainst says what the exceptions were held against, empty for nothing.
	HeldAgainst string               `json:"heldAgainst"`
	Problems    []ExceptionProblem   `json:"problems"`
	Summary     ExceptionLintSummary `json:"summary"`
}

// ExceptionProblem is something that is wrong with an exception.
type ExceptionProblem struct {
	// Severity is error, warning or info.
	Severity  string `json:"severity"`
	Rule      string `json:"rule"`
	Exception string `json:"exception"`
	File      string `json:"file"`
	Line      int    `json:"line"`
	// Path is where in the exception, empty for all of it.
	Path    string `json:"path"`
	Message string `json:"message"`
	Fix     string `json:"fix"`
}

// ExceptionLintSummary counts.
type ExceptionLintSummary struct {
	Exceptions int `json:"exceptions"`
	Errors     int `json:"errors"`
	Warnings   int `json:"warnings"`
	Infos      int `json:"infos"`
}

// Line is the summary in one line.
func (s ExceptionLintSummary) Line() string {
	return fmt.Sprintf("%s, %s, %s, %d for information",
		plural(s.Exceptions, "exception"), plural(s.Errors, "error"), plural(s.Warnings, "warning"), s.Infos)
}

// Add counts a problem.
func (s *ExceptionLintSummary) Add(severity string) {
	switch severity {
	case "error":
		s.Errors++
	case "warning":
		s.Warnings++
	default:
		s.Infos++
	}
}

// ExceptionLintFormats are the formats of the report.
func ExceptionLintFormats() []string { return []string{"table", "json", "yaml", "name"} }

// WriteExceptionLint writes the report in a format of [ExceptionLintFormats]; an
// unknown format is an error. By name are those with errors and warnings.
func WriteExceptionLint(w io.Writer, format string, style Style, r *ExceptionLint) error {
	var text string
	switch format {
	case "table":
		text = r.table(style)
	case "name":
		named := map[string]bool{}
		for _, p := range r.Problems {
			if p.Severity != "info" && !named[p.Exception] {
				named[p.Exception] = true
				text += exceptionName(p.Exception) + "\n"
			}
		}
	default:
		return writeDocument(w, format, r)
	}
	_, err := io.WriteString(w, text)
	return err
}

// table writes a block a problem: what and where, what is wrong, what to do.
func (r *ExceptionLint) table(style Style) string {
	const indent = "         " // as wide as the longest severity, WARNING, and what follows
	rows := make([][]string, len(r.Problems))
	for i, p := range r.Problems {
		rows[i] = []string{pad(strings.ToUpper(p.Severity), len(indent)-2), p.Rule, Escape(p.Exception), Place(p.File, p.Line), p.Path}
	}
	colour := map[string]string{"error": red, "warning": yellow, "info": dim}
	var b strings.Builder
	for i, line := range grid(rows) {
		p := &r.Problems[i]
		word := strings.ToUpper(p.Severity)
		b.WriteString(style.paint(colour[p.Severity], word) + strings.TrimPrefix(line, word) + "\n")
		for _, text := range []string{p.Message, "fix: " + p.Fix} {
			for _, part := range wrap(EscapeSentence(text), style.Width-len(indent)) {
				b.WriteString(indent + part + "\n")
			}
		}
	}
	return b.String()
}
