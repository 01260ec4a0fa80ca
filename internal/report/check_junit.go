package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// checkJUnit writes the XML that continuous integration reads as the results of
// tests: a suite for each file, in it a test for each pod template.
type checkJUnit struct {
	w      io.Writer
	o      CheckOptions
	suites spool
	total  junitCounts

	// What is known of the suite that is being written.
	name  string
	cases spool
	junitCounts
}

type junitCounts struct{ tests, failures, errors, skipped int }

func newCheckJUnit(w io.Writer, o CheckOptions) CheckWriter { return &checkJUnit{w: w, o: o} }

type junitCase struct {
	XMLName xml.Name     `xml:"testcase"`
	Class   string       `xml:"classname,attr"`
	Name    string       `xml:"name,attr"`
	Failure *junitReason `xml:"failure"`
	Error   *junitReason `xml:"error"`
	Skipped *junitReason `xml:"skipped"`
	Out     string       `xml:"system-out,omitempty"`
}

type junitReason struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

func (c *checkJUnit) Result(r *Result) error {
	test := c.test(r.Object, r.Source)
	var failure, out []string
	for _, m := range modes(r) {
		lines := &out
		if m.fails() {
			lines = &failure
		}
		for _, v := range m.violations {
			for i := range v.Findings {
				x := &v.Findings[i]
				*lines = append(*lines, m.prefix()+v.Control+": "+c.place(r.Source, x.Line, x.RenderedLine)+": "+v.sentence(x))
			}
		}
	}
	for _, i := range r.Invalid {
		failure = append(failure, ruleInvalid+": "+c.place(r.Source, i.Line, i.RenderedLine)+": "+i.sentence())
	}
	for _, u := range r.Exceptions {
		out = append(out, u.String())
	}
	out = append(out, asideLines(r)...)
	if len(failure) > 0 {
		test.Failure = &junitReason{failureOf(r), controlsOf(r), strings.Join(failure, "\n")}
	}
	test.Out = strings.Join(out, "\n")
	return c.add(r.Source.File, test)
}

// failureOf says in one line why a result fails.
func failureOf(r *Result) string {
	switch {
	case !r.Allowed:
		return "would violate " + policy(r) + ": " + EscapeSentence(r.Reason)
	case len(r.Invalid) > 0:
		return "the API server would refuse it"
	}
	return "would violate " + r.Warn.Policy + ", which the warn mode asks for: " + EscapeSentence(r.Warn.Reason)
}

// controlsOf names the controls that make a result fail.
func controlsOf(r *Result) string {
	var names []string
	for _, m := range modes(r) {
		for _, v := range m.violations {
			if m.fails() && !slices.Contains(names, v.Control) {
				names = append(names, v.Control)
			}
		}
	}
	if len(r.Invalid) > 0 {
		names = append(names, ruleInvalid)
	}
	return strings.Join(names, ", ")
}

// place is where something in an object stands.
func (c *checkJUnit) place(s Source, line, rendered int) string {
	s.File, s.Line, s.RenderedLine = c.o.path(s.File), cmp.Or(line, s.Line), cmp.Or(rendered, s.RenderedLine)
	if line == 0 && rendered > 0 {
		s.Line = 0
	}
	return s.Place()
}

func (c *checkJUnit) NotChecked(n NotChecked) error {
	test := c.test(n.Object, n.Source)
	reason := &junitReason{Message: "not checked: " + EscapeSentence(n.Reason), Type: ruleNotChecked}
	for _, path := range n.Paths {
		reason.Text += "not read: " + Escape(path) + "\n"
	}
	if c.o.AllowUnchecked {
		reason.Type = ""
		test.Skipped = reason
	} else {
		test.Error = reason
	}
	return c.add(n.Source.File, test)
}

func (c *checkJUnit) Error(e Error) error {
	test := c.test(Object{}, e.Source)
	test.Name = fmt.Sprintf("document %d", e.Source.Document)
	if e.Source.Document == 0 {
		test.Name = "file"
	}
	test.Error = &junitReason{Message: EscapeSentence(e.Message), Type: ruleError, Text: e.String()}
	return c.add(e.Source.File, test)
}

// test is a test that passes.
func (c *checkJUnit) test(o Object, s Source) junitCase {
	name := Escape(o.Namespace) + "/" + Escape(o.KindName())
	if t := besideOthers(s.Template); t != "" {
		name += " " + Escape(t)
	}
	return junitCase{Class: escapeAll(c.o.path(s.File)), Name: name}
}

// add writes a test into the suite of its file.
func (c *checkJUnit) add(file string, test junitCase) error {
	if name := escapeAll(c.o.path(file)); name != c.name || c.tests == 0 {
		if err := c.endSuite(); err != nil {
			return err
		}
		c.name = name
	}
	c.tests++
	switch {
	case test.Failure != nil:
		c.failures++
	case test.Error != nil:
		c.errors++
	case test.Skipped != nil:
		c.skipped++
	}
	text, err := xml.MarshalIndent(test, "    ", "  ")
	if err != nil {
		return err
	}
	_, err = c.cases.Write(append(text, '\n'))
	return err
}

// endSuite completes the suite that is being written, if there is one.
func (c *checkJUnit) endSuite() error {
	if c.tests == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString("  <testsuite name=\"")
	if err := xml.EscapeText(&b, []byte(c.name)); err != nil {
		return err
	}
	b.WriteString("\"" + c.attributes() + ">\n")
	if _, err := io.WriteString(&c.suites, b.String()); err != nil {
		return err
	}
	if err := c.cases.drain(&c.suites); err != nil {
		return err
	}
	c.total.tests += c.tests
	c.total.failures += c.failures
	c.total.errors += c.errors
	c.total.skipped += c.skipped
	c.junitCounts = junitCounts{}
	_, err := io.WriteString(&c.suites, "  </testsuite>\n")
	return err
}

func (n junitCounts) attributes() string {
	text := ""
	for _, a := range []struct {
		name string
		n    int
	}{{"tests", n.tests}, {"failures", n.failures}, {"errors", n.errors}, {"skipped", n.skipped}} {
		text += " " + a.name + `="` + strconv.Itoa(a.n) + `"`
	}
	return text
}

func (c *checkJUnit) Close(Summary) error {
	if err := c.endSuite(); err != nil {
		return err
	}
	// The root element of the common schemas has no attribute skipped.
	total := strings.TrimSuffix(c.total.attributes(), ` skipped="`+strconv.Itoa(c.total.skipped)+`"`)
	if _, err := io.WriteString(c.w, xml.Header+`<testsuites name="gabion"`+total+">\n"); err != nil {
		return err
	}
	if err := c.suites.drain(c.w); err != nil {
		return err
	}
	_, err := io.WriteString(c.w, "</testsuites>\n")
	return err
}
