package cli

import (
	"bytes"
	"io"
	"path/filepath"
	"slices"

	"github.com/gabion-security/gabion/workload"
)

// chartsMet are the charts that walks met. A Chart.yaml takes nothing away from
// what is judged: whatever of the files in a chart Helm does not render is read as
// it would be without one, and only templates need Helm.
type chartsMet struct {
	dirs map[string]bool // by their clean paths, charts in charts among them
	read map[string]bool // files that Helm has read
	// failed are the charts that could not be rendered, which has been said.
	failed []string
	// unrendered are the templates that Helm has left out of the others.
	unrendered []string
}

// add notes the chart in a directory, and reports whether it is one for itself: one
// in the charts/ of another, or among its templates, is that one's.
func (c *chartsMet) add(dir string) (alone bool) {
	if c.dirs == nil {
		c.dirs, c.read = map[string]bool{}, map[string]bool{}
	}
	dir = filepath.Clean(dir)
	if c.helms(dir) {
		if up := filepath.Dir(dir); filepath.Base(up) == "charts" && c.dirs[filepath.Dir(up)] {
			c.dirs[dir] = true
		}
		return false
	}
	c.dirs[dir] = true
	return true
}

// within reports whether a path stands below a directory of one of these names in a
// chart; without names, anywhere in one.
func (c *chartsMet) within(path string, names ...string) bool {
	for at := filepath.Clean(path); len(c.dirs) > 0; {
		up := filepath.Dir(at)
		if up == at {
			break
		}
		if c.dirs[up] && (len(names) == 0 || slices.Contains(names, filepath.Base(at))) {
			return true
		}
		at = up
	}
	return false
}

// helms reports whether a path is one that Helm may render.
func (c *chartsMet) helms(path string) bool { return c.within(path, "templates", "crds", "charts") }

// template reports whether a path is one of a template.
func (c *chartsMet) template(path string) bool { return c.within(path, "templates") }

// inside reports whether a path is in a chart.
func (c *chartsMet) inside(path string) bool { return c.within(path) }

// rendered notes that Helm has read a file.
func (c *chartsMet) rendered(path string) {
	if c.read != nil {
		c.read[filepath.Clean(path)] = true
	}
}

// aboutChart are the files that say what a chart is.
var aboutChart = []string{"Chart.yaml", "values.yaml", "requirements.yaml", "values.schema.json"}

// besideChart yields what is in a file of a chart, unless Helm has read it.
func (in *input) besideChart(t *turn, yield func(workload.Item) bool) (more bool) {
	met, path := &in.render.met, filepath.Clean(t.file.Path)
	about := met.dirs[filepath.Dir(path)] && slices.Contains(aboutChart, filepath.Base(path))
	switch {
	case met.read[path]:
		return true
	case t.template:
		if !slices.ContainsFunc(met.failed, func(chart string) bool { _, in := below(chart, path); return in }) {
			met.unrendered = append(met.unrendered, t.file.Path)
		}
		return yield(workload.Item{Source: workload.Source{File: t.file.Path}, Outcome: workload.PassedOver})
	case !about:
		return in.file(t, yield)
	}
	return in.file(t, func(item workload.Item) bool {
		return !mayBeObject(t.file, &item) || yield(item)
	})
}

// mayBeObject reports whether what stands in a file about a chart is or could be an
// object all the same, which somebody may apply. Helm is less strict with YAML, so
// what cannot be read is one only where all that makes an object is in the text.
func mayBeObject(file workload.File, item *workload.Item) bool {
	if item.Outcome != workload.Broken || item.Err == nil {
		return item.Kubernetes
	}
	if o := item.Object; item.Kubernetes && (o.Kind == "" || o.APIVersion == "") {
		return false
	}
	f, err := file.Open()
	if err != nil {
		return true
	}
	defer func() { _ = f.Close() }() // it was only read
	text, err := io.ReadAll(f)
	return err != nil || bytes.ContainsRune(text, '\\') ||
		bytes.Contains(text, []byte("apiVersion")) && bytes.Contains(text, []byte("kind"))
}
