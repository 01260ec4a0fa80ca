package report

import (
	"cmp"
	"net/url"
	"path/filepath"
	"strings"
)

// The names of what is no violation of a control, for tools that want one.
const (
	ruleInvalid    = "invalid"
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
}

// modeFindings are the findings of one mode.
type modeFindings struct {
	mode, policy string
	severity     severity
	violations   []Violation
}

// modes returns what each mode finds. What a mode that refuses more has found is
// not repeated.
func modes(r *Result) []modeFindings {
	all := []modeFindings{{"enforce", r.Policy, severityError, r.Violations}}
	type key struct{ control, path string }
	seen := map[key]bool{}
	note := func(violations []Violation) {
		for _, v := range violations {
			for _, f := range v.Findings {
				seen[key{v.Control, f.Path}] = true
			}
		}
	}
	note(r.Violations)
	warning := severityWarning
	if r.WarnFails {
		warning = severityError
	}
	for _, next := range []struct {
		mode     string
		severity severity
		*Mode
	}{{"warn", warning, r.Warn}, {"audit", severityNote, r.Audit}} {
		if next.Mode == nil {
			continue
		}
		found := modeFindings{next.mode, next.Policy, next.severity, nil}
		for _, v := range next.Violations {
			fresh := v
			fresh.Findings = nil
			for _, f := range v.Findings {
				if !seen[key{v.Control, f.Path}] {
					fresh.Findings = append(fresh.Findings, f)
				}
			}
			if fresh.Findings != nil {
				found.violations = append(found.violations, fresh)
			}
		}
		note(found.violations)
		all = append(all, found)
	}
	return all
}

// issues returns what is to be put right in a result.
func (f *fingerprints) issues(r *Result) []issue {
	var all []issue
	add := func(rule, level, message string, severity severity, x *Finding) {
		all = append(all, issue{
			rule: rule, level: level, severity: severity, title: title(rule, r.Object), message: message,
			object: r.Object, source: r.Source, line: cmp.Or(x.Line, r.Source.Line), column: x.Column,
			fingerprint: f.of(r.Object, rule, x), finding: x,
		})
	}
	for _, m := range modes(r) {
		for _, v := range m.violations {
			for i := range v.Findings {
				x := &v.Findings[i]
				message := sentence(x)
				if m.mode != "enforce" {
					message = m.mode + " (" + m.policy + "): " + message
				}
				add(v.Control, v.Level, message, m.severity, x)
			}
		}
	}
	for _, i := range r.Invalid {
		add(ruleInvalid, "", "The API server would refuse "+Escape(i.Path)+": "+Escape(i.Message)+".", severityError,
			&Finding{Path: i.Path, Line: i.Line, Column: i.Column, Excerpt: i.Excerpt})
	}
	return all
}

// sentence says what is wrong in one place, and what to do.
func sentence(x *Finding) string {
	text := Escape(x.Path) + " is " + value(x.Value)
	if x.Container != "" || x.ContainerKind != "" {
		text += " in " + x.ContainerKind + " " + value(x.Container)
	}
	return text + "; allowed: " + x.Allowed + ". Fix: " + strings.TrimSuffix(x.Fix, ".") + "."
}

func title(rule string, o Object) string { return rule + ": " + Escape(o.KindName()) }

// unchecked is the issue of an object that could not be checked.
func (f *fingerprints) unchecked(n *NotChecked, severity severity) issue {
	message := "Not checked: " + EscapeSentence(n.Reason)
	if len(n.Paths) > 0 {
		message += " (" + EscapeSentence(strings.Join(n.Paths, ", ")) + ")"
	}
	return issue{
		rule: ruleNotChecked, severity: severity, title: title(ruleNotChecked, n.Object), message: message,
		object: n.Object, source: n.Source, line: n.Source.Line,
		fingerprint: f.of(n.Object, ruleNotChecked, &Finding{}),
	}
}

// failed is the issue of something that could not be read or decided.
func (f *fingerprints) failed(e *Error) issue {
	return issue{
		rule: ruleError, severity: severityError, title: "could not be read or judged", message: EscapeSentence(e.Message),
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
