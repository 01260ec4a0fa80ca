package cli

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/gabion-security/gabion/internal/fix"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// fixing fixes one file after the other.
type fixing struct {
	*fixOptions

	input   *input
	out     *bufio.Writer
	style   report.Style
	writer  report.FixWriter
	summary report.FixSummary
	diffed  diffPlace
	left    bool // something is left, or would be changed

	charts, kustomizations []string // that were met
}

// run fixes all files. The error is that of writing the report.
func (f *fixing) run() error {
	fixer := fix.Fixer{Reader: f.input.reader, Policy: f.policy(), Overwrite: f.overwrite}
	for _, path := range f.input.paths {
		found := false
		for file, err := range f.walker(&found).Walk([]string{path}) {
			found = true
			switch {
			case err == nil && isChart(file):
				err = f.chart(file)
			case err == nil:
				err = f.file(fixer, file)
			default:
				err = f.fail(report.Source{File: file.Path}, err)
			}
			if err != nil {
				return err
			}
		}
		if !found {
			if err := f.fail(report.Source{File: path}, errNoManifests); err != nil {
				return err
			}
		}
	}
	f.noteRendered()
	return nil
}

// file fixes one file.
func (f *fixing) file(fixer fix.Fixer, file workload.File) error {
	at := report.Source{File: file.Path}
	read, err := f.read(file.Path)
	if err != nil {
		return f.fail(at, err)
	}
	fixed, err := fixer.File(file.Path, read.text)
	if err != nil {
		if err := f.deliver(read, &fix.File{After: read.text}); err != nil {
			return err
		}
		return f.fail(at, err)
	}
	if f.write && len(fixed.Edits) > 0 { // before anything is said to be fixed
		if err := read.replace(fixed.After); err != nil {
			return f.fail(at, err)
		}
		f.summary.Written++
	}
	useful, applied := false, false
	for i := range fixed.Items {
		item := &fixed.Items[i]
		applied = applied || item.Kubernetes && !strings.HasPrefix(item.Object.APIVersion, "kustomize.config.k8s.io/")
		useful = useful || item.Kubernetes || item.Outcome == workload.Broken
		if err := f.item(item); err != nil {
			return err
		}
	}
	if applied {
		f.summary.Files = append(f.summary.Files, file.Path)
	}
	if err := f.deliver(read, fixed); err != nil {
		return err
	}
	switch {
	case !file.Explicit || useful:
		return nil
	case len(fixed.Items) > 0:
		return f.fail(at, errNoObjects)
	case file.Path == workload.Stdin:
		return nil // as a chart renders with everything switched off
	}
	return f.fail(at, errEmpty)
}

// deliver writes the edits of a file where the report goes, if that is wanted. A
// filter lets through whatever it does not change.
func (f *fixing) deliver(read *readFile, fixed *fix.File) error {
	switch {
	case f.filter():
		_, err := f.out.Write(fixed.After)
		return err
	case len(fixed.Edits) == 0:
		return nil
	case f.diff:
		f.left = true
		var edits []report.FileEdit
		for _, e := range fixed.Edits {
			edits = append(edits, report.FileEdit(e))
		}
		_, err := f.out.WriteString(report.FileDiff(f.style, f.diffed.name(read.path), string(read.text), edits))
		return err
	case !f.write:
		f.left = true
	}
	return nil
}

// item reports an object.
func (f *fixing) item(item *fix.Item) error {
	if item.Source.Document > 0 {
		f.summary.Objects++
	}
	switch item.Outcome {
	case workload.Broken:
		return f.fail(sourceOf(&item.Item, ""), item.Err)
	case workload.NotChecked:
		return f.notChecked(&item.Item)
	case workload.PassedOver:
		return nil
	case workload.Read:
	}
	r := report.FixResult{
		Source: sourceOf(&item.Item, item.Templates[0].Path), Object: objectOf(&item.Item, f.input.namespaceOf(&item.Item)),
		Changes: []report.FixChange{}, Left: []report.FixLeft{}, Before: item.Before, After: item.After,
	}
	for _, fixed := range item.Fixes {
		for _, c := range fixed.Changes {
			f.count(c)
			r.Changes = append(r.Changes, changeOf(c))
		}
		for _, l := range fixed.Left {
			r.Left = append(r.Left, leftOf(l))
		}
	}
	f.summary.Left += len(r.Left)
	f.left = f.left || len(r.Left) > 0
	if len(r.Changes) > 0 {
		f.summary.Fixed++
	}
	if !f.diff {
		if err := f.writer.Result(&r); err != nil {
			return err
		}
	}
	if len(item.Unchecked) > 0 {
		return f.notChecked(&item.Item) // the rest of it
	}
	return nil
}

func (f *fixing) count(c *fix.Change) {
	f.summary.Changes++
	if c.Review != "" {
		f.summary.Review++
	}
}

func changeOf(c *fix.Change) report.FixChange {
	action := map[fix.Action]string{fix.Set: "set", fix.Append: "append", fix.Remove: "remove"}[c.Action]
	return report.FixChange{
		Control: string(c.Control), Action: action, Path: c.Path, Container: nameOf(c.Container), Was: c.Was, Value: c.Value,
		Overwritten: c.Stated, Review: c.Review, Line: c.Line, Column: c.Column,
	}
}

func leftOf(l fix.Left) report.FixLeft {
	return report.FixLeft{
		Control: string(l.Control), Path: l.Path, Container: nameOf(l.Container), Value: l.Value, Reason: string(l.Reason), Advice: l.Advice,
		Line: l.Line, Column: l.Column,
	}
}

func nameOf(c *pss.Container) string {
	if c == nil {
		return ""
	}
	return c.Name
}

func (f *fixing) notChecked(item *workload.Item) error {
	f.summary.NotChecked++
	n := f.input.notChecked(item)
	f.input.console.line(notCheckedLine(n))
	if f.diff {
		return nil
	}
	return f.writer.NotChecked(n)
}

// fail reports that something could not be read, fixed or written.
func (f *fixing) fail(at report.Source, cause error) error {
	f.summary.Errors++
	e := report.Error{Source: at, Message: cause.Error()}
	f.input.console.line(e.String())
	if f.diff {
		return nil
	}
	return f.writer.Error(e)
}

// outcome says how it went. What weighs most counts.
func (f *fixing) outcome() error {
	switch {
	case f.summary.Errors > 0, f.summary.NotChecked > 0 && !f.input.allowUnchecked:
		return errIncomplete
	case f.left:
		return errFindings
	}
	return nil
}

// endLine says in one line what was done, and what there is to do.
func (f *fixing) endLine() string {
	s, would := f.summary, "would be fixed"
	if f.write || f.filter() {
		would = "fixed"
	}
	line := fmt.Sprintf("%s: %s %s in %d of them, %d of those for review; %s left", plural(s.Objects, "object"),
		plural(s.Changes, "setting"), would, s.Fixed, s.Review, plural(s.Left, "finding"))
	switch {
	case f.write:
		line += "; " + plural(s.Written, "file") + " written"
	case s.Changes > 0 && !f.filter() && !f.diff && !f.outputSet():
		line += "; --write changes the files, --diff shows how"
	}
	return line
}

// readFile is a file as it was read.
type readFile struct {
	path string
	text []byte
	info os.FileInfo
}

// maxFix is how large a file may be to be rewritten: it is held in memory.
const maxFix = 16 << 20

// read reads a file, or standard input.
func (f *fixing) read(path string) (*readFile, error) {
	if path == workload.Stdin {
		text, err := readAll(f.system.Stdin)
		return &readFile{path: path, text: text}, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(err)
	}
	defer func() { _ = file.Close() }() // it was only read
	info, err := file.Stat()
	if err != nil {
		return nil, unreadable(err)
	}
	if !info.Mode().IsRegular() && f.write {
		return nil, fmt.Errorf("it is no regular file, and cannot be replaced: read it from standard input (-)")
	}
	text, err := readAll(file)
	return &readFile{path, text, info}, err
}

func readAll(in io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxFix+1))
	if err != nil {
		return nil, unreadable(err)
	}
	if len(text) > maxFix {
		return nil, fmt.Errorf("it is larger than %d MiB, too large to be rewritten: split it", maxFix>>20)
	}
	return text, nil
}
