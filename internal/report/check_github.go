package report

import (
	"io"
	"strconv"
	"strings"
)

// checkGitHub writes workflow commands, which GitHub shows beside the lines that
// they are about, and a page that is shown with the job.
type checkGitHub struct {
	w            io.Writer
	o            CheckOptions
	fingerprints fingerprints
	page         *checkMarkdown // nil if nobody reads it
}

// maxSummary is what the page may hold; GitHub refuses one of over a megabyte.
const maxSummary = 900 << 10

func newCheckGitHub(w io.Writer, o CheckOptions) CheckWriter {
	c := &checkGitHub{w: w, o: o}
	if o.Summary != nil {
		c.page = &checkMarkdown{w: o.Summary, o: o, left: maxSummary}
	}
	return c
}

func (c *checkGitHub) Result(r *Result) error {
	for _, i := range c.fingerprints.issues(r) {
		if err := c.command(&i); err != nil {
			return err
		}
	}
	if c.page == nil {
		return nil
	}
	return c.page.Result(r)
}

func (c *checkGitHub) NotChecked(n NotChecked) error {
	i := c.fingerprints.unchecked(&n, c.o.unchecked())
	if err := c.command(&i); err != nil || c.page == nil {
		return err
	}
	return c.page.NotChecked(n)
}

func (c *checkGitHub) Error(e Error) error {
	i := c.fingerprints.failed(&e)
	if err := c.command(&i); err != nil || c.page == nil {
		return err
	}
	return c.page.Error(e)
}

func (c *checkGitHub) Close(s Summary) error {
	if c.page == nil {
		return nil
	}
	return c.page.Close(s)
}

// command writes an issue as a workflow command.
func (c *checkGitHub) command(i *issue) error {
	var b strings.Builder
	b.WriteString("::" + [...]string{"notice", "warning", "error"}[i.severity] + " ")
	if i.source.File != "" && i.source.File != "-" {
		b.WriteString("file=" + githubProperty(escapeAll(c.o.path(i.source.File))) + ",")
		if i.line > 0 {
			b.WriteString("line=" + strconv.Itoa(i.line) + ",")
		}
		if i.line > 0 && i.column > 0 {
			b.WriteString("col=" + strconv.Itoa(i.column) + ",")
		}
	}
	b.WriteString("title=" + githubProperty(i.title) + "::" + githubData(i.message) + "\n")
	_, err := io.WriteString(c.w, b.String())
	return err
}

// githubData escapes what stands behind a command.
func githubData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// githubProperty escapes the value of a command's property.
func githubProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
