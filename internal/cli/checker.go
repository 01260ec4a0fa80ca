package cli

import (
	"bufio"
	"fmt"
	"iter"
	"strings"

	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/workload"
)

// checker judges items one after the other and reports them.
type checker struct {
	input   *input
	out     *bufio.Writer
	writer  report.CheckWriter
	judge   judge
	summary report.Summary
	warned  int // objects that fail for the warn mode
	// bounded says that annotations that ignore controls do not count, and uncounted
	// is how many objects have one.
	bounded   bool
	uncounted int
}

// run judges the whole input. The error is that of writing the report.
func (c *checker) run() error {
	items := c.input.items()
	if !c.judge.policies.flags.Level.Valid() || c.judge.exceptions != nil || c.judge.documents.guarded() {
		items = c.afterNamespaces(items)
	}
	for item := range items {
		if err := c.take(&item); err != nil {
			return err
		}
	}
	c.judge.baseline.summarize(&c.summary)
	if err := c.writer.Close(c.summary); err != nil {
		return err
	}
	c.input.console.line(endLine(c.summary) + c.asideLine())
	return nil
}

// afterNamespaces reads everything before it hands on the first item, because a
// Namespace decides for objects that come before it too.
func (c *checker) afterNamespaces(items iter.Seq[workload.Item]) iter.Seq[workload.Item] {
	var all []workload.Item
	for item := range items {
		if isNamespace(&item) {
			if err := c.judge.policies.addNamespace(&item); err != nil && !c.judge.policies.flags.Level.Valid() {
				item.Outcome, item.Err = workload.Broken, err // it counts as nothing else
			}
		}
		all = append(all, item)
	}
	return func(yield func(workload.Item) bool) {
		for i := range all {
			if !yield(all[i]) {
				return
			}
			all[i] = workload.Item{} // nobody needs it any more
		}
	}
}

// take reports one item. Each object counts once: as an error, else as not
// checked, else as checked or passed over.
func (c *checker) take(item *workload.Item) error {
	if item.Source.Document > 0 {
		c.summary.Objects++
	}
	switch item.Outcome {
	case workload.PassedOver:
		if err := c.removed(item); err != nil {
			return c.fail(sourceOf(item, ""), err)
		}
		c.summary.PassedOver++
		return nil
	case workload.NotChecked:
		return c.notChecked(item)
	case workload.Read:
		return c.judged(item)
	case workload.Broken:
	}
	err := item.Err
	if err == nil {
		err = errIncomplete // an outcome from a newer reader
	}
	return c.fail(sourceOf(item, ""), err)
}

// removed tells of a PodSecurityPolicy for a Kubernetes that has none: whoever
// keeps it may think that it protects something. Where the Kubernetes is named,
// whose API server does not take it, it is an error.
func (c *checker) removed(item *workload.Item) error {
	o, server := item.Object, c.judge.evaluator.Kubernetes
	group, _, _ := strings.Cut(o.APIVersion, "/")
	switch {
	case o.Kind != psp.Kind || group != "policy" && group != "extensions":
	case !server.Valid():
		c.input.console.line(fmt.Sprintf("note: %s: PodSecurityPolicy %s: v1.25 and newer have none, so it protects nothing; 'gabion psp' helps with what takes its place",
			sourceOf(item, "").Place(), report.Escape(o.Name)))
	case server > lastWithPolicies:
		return fmt.Errorf("PodSecurityPolicy %s: Kubernetes %s has none, it was removed in v1.25; 'gabion psp' helps with what takes its place", o.Name, server)
	}
	return nil
}

// judged reports an object of which at least a part can be judged.
func (c *checker) judged(item *workload.Item) error {
	violating, warned, invalid := false, false, false
	if c.bounded && asksToIgnore(item) {
		c.uncounted++
	}
	cause, failed := c.judge.ignores.fault(item), sourceOf(item, "")
	for i := range item.Templates {
		r, err := c.judge.result(item, &item.Templates[i], c.input.namespaceOf(item))
		if err != nil {
			if cause == nil {
				cause, failed = err, sourceOf(item, item.Templates[i].Path)
			}
			continue
		}
		violating = violating || !r.Allowed
		warned = warned || r.Fails() && r.Allowed && len(r.Invalid) == 0
		c.count(&r)
		invalid = invalid || len(r.Invalid) > 0
		if err := c.write(func() error { return c.writer.Result(&r) }); err != nil {
			return err
		}
	}
	if violating {
		c.summary.Violating++
	}
	if invalid {
		c.summary.Invalid++
	}
	if warned {
		c.warned++
	}
	switch {
	case cause != nil:
		return c.fail(failed, cause)
	case len(item.Unchecked) > 0:
		return c.notChecked(item) // the rest of it
	}
	c.summary.Checked++
	return nil
}

// count counts what does not count as violating in a result.
func (c *checker) count(r *report.Result) {
	verdicts := []*report.Verdict{&r.Verdict}
	if r.WarnFails && r.Warn != nil {
		verdicts = append(verdicts, &r.Warn.Verdict)
	}
	for _, v := range verdicts {
		for _, i := range v.Ignored {
			c.summary.Ignored += len(i.Findings)
		}
		for _, k := range v.Known {
			c.summary.Known += len(k.Findings)
		}
	}
}

func (c *checker) notChecked(item *workload.Item) error {
	c.summary.NotChecked++
	n := c.input.notChecked(item)
	if err := c.out.Flush(); err != nil {
		return err
	}
	c.input.console.line(notCheckedLine(n))
	return c.write(func() error { return c.writer.NotChecked(n) })
}

// fail reports that something could not be read or decided.
func (c *checker) fail(source report.Source, cause error) error {
	c.summary.Errors++
	e := report.Error{Source: source, Message: cause.Error()}
	if err := c.out.Flush(); err != nil {
		return err
	}
	c.input.console.line(e.String())
	return c.write(func() error { return c.writer.Error(e) })
}

// write writes a part of the report. On a terminal it makes room first and
// leaves nothing in the buffer: a bar drawn behind half a line would wipe it.
func (c *checker) write(part func() error) error {
	if !c.input.system.OutTerminal {
		return part()
	}
	c.input.console.clear()
	if err := part(); err != nil {
		return err
	}
	return c.out.Flush()
}

// outcome says how the check went. What weighs most counts.
func (c *checker) outcome() error {
	switch {
	case !c.complete():
		return errIncomplete
	case c.judge.failOn == failOnNever:
		return nil
	case c.summary.Violating > 0, c.summary.Invalid > 0, c.warned > 0:
		return errFindings
	}
	return nil
}

// complete reports whether everything could be read and judged.
func (c *checker) complete() bool {
	return c.summary.Errors == 0 && (c.summary.NotChecked == 0 || c.input.allowUnchecked)
}

// endLine says in one line what was met.
func endLine(s report.Summary) string {
	line := fmt.Sprintf("%d judged, %d violating, %d passed over, %d not checked, %d broken",
		s.Checked, s.Violating, s.PassedOver, s.NotChecked, s.Errors)
	if s.Invalid > 0 {
		line += fmt.Sprintf("; the API server would refuse %d for what they set on Windows", s.Invalid)
	}
	return line
}
