package report

import (
	"errors"
	"io"
	"slices"
)

// CheckOptions are what the formats of a check's report differ by beside the
// results. The zero CheckOptions are fine.
type CheckOptions struct {
	Style
	// Version is the program's version, empty if it has none.
	Version string
	// Controls are those that may be violated, in the order they are listed in.
	Controls []Control
	// Directory is the absolute path that the names of files are relative to, and
	// Root the one, above it or the same, that formats for machines show them
	// relative to. If either is empty, names are shown as they are.
	Directory, Root string
	// Baseline says that the results are compared with one.
	Baseline bool
	// AllowUnchecked says that nobody fails for what could not be checked.
	AllowUnchecked bool
	// Summary is where the format github appends a page for people, nil if
	// nobody reads one.
	Summary io.Writer
}

// checkFormat is a format of a check's report.
type checkFormat struct {
	name string
	new  func(w io.Writer, o CheckOptions) CheckWriter
}

// checkFormats are all formats. Help, completion and errors list them in this
// order; the first is the default.
func checkFormats() []checkFormat {
	return []checkFormat{
		{"table", func(w io.Writer, o CheckOptions) CheckWriter { return &checkTable{w: w, style: o.Style} }},
		{"wide", func(w io.Writer, o CheckOptions) CheckWriter { return &checkTable{w: w, style: o.Style, wide: true} }},
		{"json", func(w io.Writer, _ CheckOptions) CheckWriter { return &checkJSON{w: w} }},
		{"yaml", func(w io.Writer, _ CheckOptions) CheckWriter { return &checkYAML{w: w} }},
		{"name", func(w io.Writer, _ CheckOptions) CheckWriter { return &checkName{w: w} }},
		{"sarif", newCheckSARIF},
		{"junit", newCheckJUnit},
		{"github", newCheckGitHub},
		{"gitlab", newCheckGitLab},
		{"markdown", newCheckMarkdown},
		{"html", newCheckHTML},
		{"openreports", newCheckOpenReports},
		{"policyreport", newCheckPolicyReport},
	}
}

// CheckFormats are the names of the formats of a check's report.
func CheckFormats() []string {
	var names []string
	for _, f := range checkFormats() {
		names = append(names, f.name)
	}
	return names
}

// WantsEdits reports whether a format shows the edits of findings.
func WantsEdits(format string) bool { return format == "sarif" || format == "html" }

// NewCheck returns the writer of a format of [CheckFormats], and false for any
// other format.
func NewCheck(format string, w io.Writer, o CheckOptions) (CheckWriter, bool) {
	formats := checkFormats()
	i := slices.IndexFunc(formats, func(f checkFormat) bool { return f.name == format })
	if i < 0 {
		return nil, false
	}
	return formats[i].new(w, o), true
}

// CheckWriters writes one report in several formats.
type CheckWriters []CheckWriter

// Result writes the result in each format.
func (all CheckWriters) Result(r *Result) error {
	return all.each(func(w CheckWriter) error { return w.Result(r) })
}

// NotChecked writes the object in each format.
func (all CheckWriters) NotChecked(n NotChecked) error {
	return all.each(func(w CheckWriter) error { return w.NotChecked(n) })
}

// Error writes the error in each format.
func (all CheckWriters) Error(e Error) error {
	return all.each(func(w CheckWriter) error { return w.Error(e) })
}

// Close completes all of the reports, also when one of them fails.
func (all CheckWriters) Close(s Summary) error {
	var errs []error
	for _, w := range all {
		errs = append(errs, w.Close(s))
	}
	return errors.Join(errs...)
}

// each stops at the first error.
func (all CheckWriters) each(write func(CheckWriter) error) error {
	for _, w := range all {
		if err := write(w); err != nil {
			return err
		}
	}
	return nil
}
