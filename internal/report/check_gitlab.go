package report

import (
	"io"
)

// checkGitLab writes the report that GitLab calls Code Quality: a list of issues.
type checkGitLab struct {
	w            io.Writer
	o            CheckOptions
	fingerprints fingerprints
	some         bool
}

func newCheckGitLab(w io.Writer, o CheckOptions) CheckWriter { return &checkGitLab{w: w, o: o} }

type gitlabIssue struct {
	Description string         `json:"description"`
	Name        string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"`
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string `json:"path"`
	Lines struct {
		Begin int `json:"begin"`
	} `json:"lines"`
}

func (c *checkGitLab) Result(r *Result) error {
	for _, i := range c.fingerprints.issues(r) {
		if err := c.issue(&i); err != nil {
			return err
		}
	}
	return nil
}

func (c *checkGitLab) NotChecked(n NotChecked) error {
	i := c.fingerprints.unchecked(&n, c.o.unchecked())
	return c.issue(&i)
}

func (c *checkGitLab) Error(e Error) error {
	i := c.fingerprints.failed(&e)
	return c.issue(&i)
}

func (c *checkGitLab) issue(i *issue) error {
	text := gitlabIssue{
		Description: i.title + ": " + i.message, Name: i.rule, Fingerprint: i.fingerprint,
		Severity: gitlabSeverity(i), Location: gitlabLocation{Path: escapeAll(c.o.path(i.source.File))},
	}
	text.Location.Lines.Begin = max(i.line, 1) // it needs one
	opening := ""
	if !c.some {
		opening = "["
	}
	if _, err := io.WriteString(c.w, opening); err != nil {
		return err
	}
	if err := writeItemAt(c.w, !c.some, text, "  "); err != nil {
		return err
	}
	c.some = true
	return nil
}

// gitlabSeverity is one of GitLab's: info, minor, major, critical, blocker.
func gitlabSeverity(i *issue) string {
	switch {
	case i.severity == severityNote:
		return "info"
	case i.severity == severityWarning:
		return "minor"
	case i.level == "baseline":
		return "critical"
	}
	return "major"
}

func (c *checkGitLab) Close(Summary) error {
	end := "[]\n"
	if c.some {
		end = "\n]\n"
	}
	_, err := io.WriteString(c.w, end)
	return err
}
