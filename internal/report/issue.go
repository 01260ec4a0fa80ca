package report

import (
	"cmp"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// The names of what is no violation of a control, for tools that want one.
const (
	ruleInvalid    = "invalid"
	ruleProfile    = "profile" // one that is missing
	ruleNotChecked = "notChecked"
	ruleError      = "error"
)

// severity says how much an issue weighs.
type severity int

const (
	severityNote severity = iota
	severityWarning
	severityError
)

// issue is one thing to put right, as tools that comment on code show it.
type issue struct {
	rule        string
	level       string // of the control
	severity    severity
	title       string // rule and object
	message     string // without the object
	object      Object
	source      Source
	line        int
	column      int // 0 if only the line is known
	fingerprint string
	finding     *Finding // nil if it is about more than one place
	aside       aside
	reason      string // why it is ignored
}

// aside says whether an issue counts.
type aside int

const (
	counts aside = iota
	isKnown
	isIgnored
)

// issues returns what is to be put right in a result.
func (f *fingerprints) issues(r *Result) []issue {
	var all []issue
	for _, m := range modes(r) {
		for _, v := range m.violations {
			for i := range v.Findings {
				all = append(all, f.issue(r, &m, &v, &v.Findings[i]))
			}
		}
	}
	for i := range r.Invalid {
		x := &r.Invalid[i]
		of := issue{rule: ruleInvalid, severity: severityError, message: x.sentence()}
		all = append(all, f.at(of, r, &Finding{Path: x.Path, Line: x.Line, Column: x.Column, RenderedLine: x.RenderedLine, Excerpt: x.Excerpt}))
	}
	return all
}

// aside returns what does not count in a result: what the baseline knows, and what
// the manifest asks to be ignored.
func (f *fingerprints) aside(r *Result) []issue {
	var all []issue
	add := func(found []modeFindings, as aside, reasons map[string]string) {
		for _, m := range found {
			for _, v := range m.violations {
				for i := range v.Findings {
					of := f.issue(r, &m, &v, &v.Findings[i])
					of.aside, of.reason = as, reasons[v.Control]
					all = append(all, of)
				}
			}
		}
	}
	add(knownByMode(r), isKnown, nil)
	ignored, reasons := ignoredByMode(r)
	add(ignored, isIgnored, reasons)
	return all
}

// issue is that of a finding of a mode.
func (f *fingerprints) issue(r *Result, m *modeFindings, v *Violation, x *Finding) issue {
	return f.at(issue{rule: v.Control, level: v.Level, severity: m.severity, message: m.prefix() + v.sentence(x)}, r, x)
}

// at completes an issue by where it is.
func (f *fingerprints) at(i issue, r *Result, x *Finding) issue {
	i.title, i.object, i.source, i.finding = title(i.rule, r.Object), r.Object, r.Source, x
	i.line, i.column = cmp.Or(x.Line, r.Source.Line), x.Column
	i.message += asRendered(x.Line, x.RenderedLine)
	i.fingerprint = f.of(r.Object, i.rule, x)
	return i
}

// asRendered says where something is of which the line in the file is not known.
func asRendered(line, rendered int) string {
	if line > 0 || rendered == 0 {
		return ""
	}
	return fmt.Sprintf(" It is in line %d as rendered.", rendered)
}

// sentence says what is wrong in one place, and what to do.
func (v *Violation) sentence(x *Finding) string {
	if x.Path == "" { // it is about no place
		return v.whole()
	}
	text := Escape(x.Path) + " is " + value(x.Value)
	if x.Container != "" || x.ContainerKind != "" {
		text += " in " + x.ContainerKind + " " + value(x.Container)
	}
	return text + "; allowed: " + x.Allowed + ". Fix: " + strings.TrimSuffix(x.Fix, ".") + "."
}

// whole says what is wrong as the API server does.
func (v *Violation) whole() string { return EscapeSentence(v.Reason + ": " + v.Detail) }

// sentence says what is wrong.
func (i *Invalid) sentence() string {
	return "The API server would refuse " + Escape(i.Path) + ": " + Escape(i.Message) + "."
}

func title(rule string, o Object) string { return rule + ": " + Escape(o.KindName()) }

// unchecked is the issue of an object that could not be checked.
func (f *fingerprints) unchecked(n *NotChecked, severity severity) issue {
	message := "Not checked: " + EscapeSentence(n.Reason)
	if len(n.Paths) > 0 {
		message += " (" + EscapeSentence(strings.Join(n.Paths, ", ")) + ")"
	}
	return issue{
		rule: ruleNotChecked, severity: severity, title: title(ruleNotChecked, n.Object), message: message + asRendered(n.Source.Line, n.Source.RenderedLine),
		object: n.Object, source: n.Source, line: n.Source.Line,
		fingerprint: f.of(n.Object, ruleNotChecked, &Finding{}),
	}
}

// failed is the issue of something that could not be read or decided.
func (f *fingerprints) failed(e *Error) issue {
	return issue{
		rule: ruleError, severity: severityError, title: "could not be read or judged", message: EscapeSentence(e.Message) + asRendered(e.Source.Line, e.Source.RenderedLine),
		source: e.Source, line: e.Source.Line,
		fingerprint: f.of(Object{Name: e.Source.File}, ruleError, &Finding{Value: e.Message}),
	}
}

// unchecked is what an object that could not be checked weighs.
func (o *CheckOptions) unchecked() severity {
	if o.AllowUnchecked {
		return severityWarning
	}
	return severityError
}

// stdinName stands for standard input where a file's name is needed.
const stdinName = "stdin"

// path returns a file's name as machines show it, with slashes: relative to the
// root, or absolute for a file that is not below it.
func (o *CheckOptions) path(file string) string {
	if file == "-" {
		return stdinName
	}
	if o.Directory == "" || o.Root == "" {
		return filepath.ToSlash(file)
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(o.Directory, file)
	}
	if rel, err := filepath.Rel(o.Root, file); err == nil && filepath.IsLocal(rel) {
		file = rel
	}
	return filepath.ToSlash(file)
}

// uri returns a file's name as a URI, and whether it is relative to the root.
func (o *CheckOptions) uri(file string) (uri string, relative bool) {
	path := o.path(file)
	if !filepath.IsAbs(filepath.FromSlash(path)) {
		return (&url.URL{Path: path}).String(), true
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive's letter
	}
	return (&url.URL{Scheme: "file", Path: path}).String(), false
}
