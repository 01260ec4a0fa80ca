package cli

import (
	"errors"
	"iter"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/workload"
)

// inputOptions say what is read, and how.
type inputOptions struct {
	system         *System
	files          []string
	recursive      bool
	namespace      string
	templatePaths  []string
	allowUnchecked bool
	fromSnapshot   bool // of objects that were read long ago
	// json has every item come with its JSON.
	json bool
	// extra has templates come with what profiles and exceptions look at, and
	// labels inventories with the labels of pods.
	extra, labels bool
	// annotations of objects and templates to keep.
	annotations []string
	// render is nil where nothing but files is read.
	render *renderOptions

	// What complete makes of the flags.
	paths     []string
	templates []workload.TemplatePath
	reader    *workload.Reader
}

// flags defines the flags of the input.
func (o *inputOptions) flags(cmd *cobra.Command) {
	flagGroup(cmd, "Input", func(fs *pflag.FlagSet) {
		fs.StringSliceVarP(&o.files, "filename", "f", nil, "`PATHS` of files and directories, - for standard input; may be repeated")
		fs.BoolVarP(&o.recursive, "recursive", "R", true, "accepted as kubectl does; directories are always read with all below them")
		fs.StringVarP(&o.namespace, "namespace", "n", "default", "the `NAMESPACE` of objects that do not name theirs")
		if o.render != nil {
			excludeFilesFlag(fs, &o.render.excludes)
		}
		templatePathFlag(fs, &o.templatePaths)
		fs.BoolVar(&o.allowUnchecked, "allow-unchecked", false, "do not fail for objects that seem to hold pods but are of an unknown kind")
	})
}

func templatePathFlag(fs *pflag.FlagSet, to *[]string) {
	fs.StringArrayVar(to, "pod-template-path", nil,
		"where a kind holds pod templates, as `GROUP/KIND=.PATH`, [*] for every item and .* for every value; may be repeated")
}

// complete finds faults of the flags and joins -f to the positional paths.
func (o *inputOptions) complete(paths []string) error {
	o.paths = append(slices.Clone(o.files), paths...)
	stdin := 0
	for _, path := range o.paths {
		switch path {
		case "":
			return usagef("a path is empty")
		case workload.Stdin:
			stdin++
		}
	}
	switch {
	case stdin > 1:
		return usagef("standard input (-) can be read only once")
	case !o.recursive:
		return usagef("-R=false is not possible: directories are always read with all below them")
	case o.namespace == "":
		return usagef("--namespace is empty")
	}
	o.templates = nil
	for _, text := range o.templatePaths {
		path, err := workload.ParseTemplatePath(text)
		if err != nil {
			return usagef("--pod-template-path: %s", err)
		}
		o.templates = append(o.templates, path)
	}
	var err error
	if o.reader, err = workload.NewReader(workload.Options{Paths: o.templates, JSON: o.json, Extra: o.extra, Annotations: o.annotations}); err != nil {
		return usagef("--pod-template-path: %s", err)
	}
	return nil
}

// input reads what inputOptions name.
type input struct {
	*inputOptions
	console *console
}

func newInput(o *inputOptions) *input {
	return &input{inputOptions: o, console: newConsole(o.system)}
}

var (
	errNoManifests = errors.New("no manifests here: nothing in this directory ends in .yaml, .yml or .json")
	errEmpty       = errors.New("nothing here: the file is empty, or holds comments only")
	errNoObjects   = errors.New("no Kubernetes object here: nothing has an apiVersion and a kind")
)

// items yields everything in the input. What goes wrong with a file as a whole
// is a Broken item of document 0.
func (in *input) items() iter.Seq[workload.Item] {
	return func(yield func(workload.Item) bool) {
		in.console.begin(in.paths)
		defer in.console.clear()
		for _, path := range in.paths {
			if !in.path(path, yield) {
				return
			}
		}
		if in.render != nil {
			in.kustomizations(yield)
		}
	}
}

// path yields what is below one path.
func (in *input) path(path string, yield func(workload.Item) bool) (more bool) {
	pattern, err := globOf(path)
	if err != nil {
		return yield(fault(path, err))
	}
	given := pattern.base(path)
	walker := workload.Walker{}
	found := false
	if in.render != nil {
		walker = in.render.walker(given, &found)
	}
	for t := range in.turns(pattern.only(walker, given)) {
		found = true
		switch {
		case t.err != nil:
			more = yield(fault(t.file.Path, t.err))
		case in.isChart(t.file):
			more = in.chart(t.file, yield)
		case in.render != nil && in.render.met.inside(t.file.Path):
			more = in.besideChart(t, yield)
		default:
			more = in.file(t, yield)
		}
		if !more {
			return false
		}
	}
	switch {
	case found:
		return true
	case pattern != nil:
		return yield(fault(path, errNoMatch))
	}
	return yield(fault(path, errNoManifests))
}

// isChart reports whether what a walk found is rendered.
func (in *input) isChart(file workload.File) bool {
	return in.render != nil && isChart(file)
}

// file yields what is in one file. A file that was named for itself has to hold
// something of Kubernetes.
func (in *input) file(t *turn, yield func(workload.Item) bool) (more bool) {
	read, useful := false, false
	for item := range t.all(in) {
		read = true
		useful = useful || item.Kubernetes || item.Outcome == workload.Broken
		in.console.step()
		if !yield(item) {
			return false
		}
	}
	if t.file.Explicit && !useful {
		err := errNoObjects
		if !read {
			err = errEmpty
		}
		return yield(fault(t.file.Path, err))
	}
	return true
}

// open reads a file; on a terminal somebody watches how far it is.
func (in *input) open(file workload.File) iter.Seq[workload.Item] {
	if in.console.bar == nil || file.Path == workload.Stdin {
		return in.reader.ReadFile(file, in.system.Stdin)
	}
	return func(yield func(workload.Item) bool) {
		f, err := file.Open()
		if err != nil {
			in.reader.ReadFile(file, nil)(yield) // reports it
			return
		}
		defer func() { _ = f.Close() }() // it was only read
		in.reader.Read(file.Path, in.console.watch(f))(yield)
	}
}

func fault(path string, err error) workload.Item {
	return workload.Item{Source: workload.Source{File: path}, Outcome: workload.Broken, Err: err}
}

// namespaceOf is the namespace that an object is taken to be in.
func (in *input) namespaceOf(item *workload.Item) string {
	if item.Object.Namespace != "" {
		return item.Object.Namespace
	}
	return in.namespace
}
