package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"path/filepath"

	"github.com/gabion-security/gabion/internal/helm"
	"github.com/gabion-security/gabion/internal/kustomize"
	"github.com/gabion-security/gabion/internal/limit"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/workload"
)

// quiet throws the process' own log away: Helm and kustomize write warnings
// there, with a stranger's text in them, which could be commands to whatever runs
// a pipeline.
func quiet() { log.SetOutput(io.Discard) }

// chart yields what a chart renders to.
func (in *input) chart(file workload.File, yield func(workload.Item) bool) (more bool) {
	quiet()
	root := file.Root
	if root == "" {
		root = file.Path
	}
	options, err := in.render.charts()
	if err != nil {
		yield(renderFault("", err)) // the same for every chart
		return false
	}
	texts, err := helm.Render(file.Path, root, options)
	switch {
	case errors.Is(err, helm.ErrLibrary):
		in.console.line(fmt.Sprintf("note: %s: %s", report.Place(file.Path, 0), err))
		return true
	case err != nil:
		in.render.met.failed = append(in.render.met.failed, filepath.Clean(file.Path))
		return in.failed(file.Path, err, yield)
	}
	in.noteNothing(file.Path, "Helm", len(texts))
	for i := range texts {
		t := &texts[i]
		in.render.met.rendered(t.Path)
		if len(t.Rendered) == 0 || in.render.isExcluded(t.Path, false) {
			continue
		}
		origin := func(_ *workload.Template, _ string, line, column int) (int, int) { return t.Origin(line, column) }
		if !in.rendered(t.Path, t.Rendered, origin, yield) {
			return false
		}
	}
	return true
}

// noteNothing says that there is nothing to judge, where a program has made no text.
func (in *input) noteNothing(path, program string, texts int) {
	if texts == 0 {
		in.console.line(fmt.Sprintf("note: %s: %s makes no objects of it", report.Place(path, 0), program))
	}
}

// failed yields what is wrong. What was given up may still be at work, so nothing
// else is begun.
func (in *input) failed(path string, err error, yield func(workload.Item) bool) (more bool) {
	if limit.Exceeded(err) {
		item := renderFault(path, err)
		item.Err = fmt.Errorf("%w; nothing after it was read", item.Err)
		yield(item)
		return false
	}
	return yield(renderFault(path, err))
}

// rendered yields the objects of a text that was made.
func (in *input) rendered(path string, text []byte, origin func(*workload.Template, string, int, int) (int, int), yield func(workload.Item) bool) (more bool) {
	for item := range in.reader.Read(path, bytes.NewReader(text)) {
		made := &workload.Rendered{Line: item.Source.Line, Origin: origin}
		item.Source.Rendered = made
		item.Source.Line, _ = origin(nil, "", made.Line, 1)
		for i := range item.Templates {
			item.Templates[i].Rendered = made
		}
		in.console.step()
		if !yield(item) {
			return false
		}
	}
	return true
}

// kustomizations yields what those of -k are built to, and says what was not
// read.
func (in *input) kustomizations(yield func(workload.Item) bool) {
	for _, dir := range in.render.kustomize {
		if !in.kustomization(dir, yield) {
			return
		}
	}
	if n := len(in.render.unbuilt); n > 0 {
		more := ""
		if n > 1 {
			more = fmt.Sprintf(", and so are %d more", n-1)
		}
		in.console.line(fmt.Sprintf("note: %s is not built, only the files beside it are read%s; -k checks what kustomize makes of them",
			report.Place(in.render.unbuilt[0], 0), more))
	}
	if n := len(in.render.met.unrendered); n > 0 {
		more := ""
		if n > 1 {
			more = fmt.Sprintf(", nor are %d more", n-1)
		}
		in.console.line(fmt.Sprintf("note: %s is not judged%s: Helm renders no templates of charts that are libraries, disabled or left out by .helmignore",
			report.Place(in.render.met.unrendered[0], 0), more))
	}
	if n := in.render.leftOut; n > 0 {
		in.console.line(fmt.Sprintf("note: %s excluded", counted(n, "file or directory is", "files or directories are")))
	}
}

func (in *input) kustomization(dir string, yield func(workload.Item) bool) (more bool) {
	quiet()
	texts, err := kustomize.Build(dir, in.render.build)
	if err != nil {
		return in.failed(dir, err, yield)
	}
	in.noteNothing(dir, "kustomize", len(texts))
	files := originals{reader: in.reader}
	for i := range texts {
		t := &texts[i]
		if in.render.isExcluded(t.Path, false) {
			continue
		}
		if !in.rendered(t.Path, t.Rendered, files.origin(in, t), yield) {
			return false
		}
	}
	return true
}
