// Package helm renders charts with Helm's own packages, as helm template does, but
// for a stranger's chart: nothing is asked of a network or a cluster, nothing is
// run, nothing is read outside the directory that was given, and what takes too
// much is given up. What is rendered knows which line of a template wrote it.
package helm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"

	"github.com/gabion-security/gabion/internal/limit"
)

// Options say what a chart is rendered with.
type Options struct {
	// Values go before the chart's own.
	Values map[string]any
	// ReleaseName and Namespace are the release's.
	ReleaseName, Namespace string
	// Kubernetes is the version that the chart is told, such as v1.33.0, and
	// APIVersions what its API server has beside what Kubernetes itself has.
	Kubernetes  string
	APIVersions []string
	// Now is the clock of the templates.
	Now time.Time
	// Limits bound what the templates may take.
	Limits limit.Limits
}

// Text is what was rendered from one file of a chart.
type Text struct {
	// Path is the file, as the chart's path was given. In a packed chart it goes
	// on behind the name of the package.
	Path string
	// Rendered is what came out.
	Rendered []byte

	lines []origin // by lines of Rendered; nil if they are not known
}

// Fault is what is wrong with a chart, as near to its place as is known.
type Fault struct {
	Path string
	Line int // 0 if it is not known
	Err  error
}

// Error says in one line what is wrong, without the place.
func (f *Fault) Error() string { return f.Err.Error() }

// Unwrap returns the reason.
func (f *Fault) Unwrap() error { return f.Err }

// ErrLibrary says that a chart is part of others and renders nothing itself.
var ErrLibrary = errors.New("it is a library chart, which renders nothing by itself")

// IsChart reports whether a directory is a chart.
func IsChart(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, "Chart.yaml"))
	return err == nil
}

// IsPackage reports whether a path has the name of a packed chart.
func IsPackage(name string) bool {
	return strings.HasSuffix(name, ".tgz") || strings.HasSuffix(name, ".tar.gz")
}

// Render renders the chart at a path, a directory below root or a package, into
// the texts of its files in the order of their names. A file that renders to
// nothing is there with an empty text; one that is not there was not read: its
// chart is disabled, or it is left out by .helmignore. Its error is a [Fault], or
// [ErrLibrary].
func Render(name, root string, o Options) ([]Text, error) {
	r := rendering{Options: o, name: name, root: root}
	var texts []Text
	err := o.Limits.Do(func(ctx context.Context) error {
		r.ctx = ctx
		made, err := r.run()
		if err == nil {
			texts = made
		}
		return err
	})
	var fault *Fault
	switch {
	case err == nil:
		return texts, nil
	case errors.Is(err, ErrLibrary), errors.As(err, &fault):
		return nil, err
	}
	return nil, &Fault{Path: name, Err: oneLine(err)}
}

// rendering is the rendering of one chart.
type rendering struct {
	Options

	ctx        context.Context //nolint:containedctx // it lives as long as the rendering
	name, root string
}

func (r *rendering) run() ([]Text, error) {
	files, err := r.read()
	if err != nil {
		return nil, err
	}
	plain, err := r.prepare(files)
	if err != nil {
		return nil, err
	}
	rendered, err := r.execute(plain)
	if err != nil {
		return nil, plain.fault(err)
	}
	var texts []Text
	for _, name := range slices.Sorted(maps.Keys(rendered)) {
		text := rendered[name]
		if path.Base(name) == "NOTES.txt" {
			continue
		}
		if strings.TrimSpace(text) == "" {
			text = ""
		}
		texts = append(texts, Text{Path: plain.paths[name], Rendered: []byte(text)})
	}
	// Lines come of a second rendering, of a chart that is new: templates change
	// values.
	if again, err := r.prepare(files); err == nil {
		r.trace(again, plain, texts)
	}
	for _, crd := range plain.chart.CRDObjects() {
		t := Text{Path: plain.paths[crd.Filename], Rendered: crd.File.Data}
		if t.Path == "" {
			t.Path = filepath.Join(r.name, crd.File.Name)
		}
		t.lines = asWritten(t.Rendered)
		texts = append(texts, t)
	}
	slices.SortStableFunc(texts, func(a, b Text) int { return strings.Compare(a.Path, b.Path) })
	return texts, nil
}

// prepared is a chart with its values.
type prepared struct {
	chart  *chart.Chart
	values common.Values
	// templates are the files of the templates by the names that the engine gives
	// them, paths where they stand, by those names and by the names of CRDs.
	templates map[string]*common.File
	paths     map[string]string
}

// prepare loads the chart and brings it together with the values, as an
// installation would.
func (r *rendering) prepare(files []*file) (*prepared, error) {
	c, err := loader.LoadFiles(buffered(files))
	if err != nil {
		return nil, &Fault{Path: r.place("Chart.yaml"), Err: oneLine(err)}
	}
	if strings.EqualFold(c.Metadata.Type, "library") {
		return nil, ErrLibrary
	}
	if err := r.missing(c); err != nil {
		return nil, err
	}
	caps, err := r.capabilities()
	if err != nil {
		return nil, err
	}
	if k := c.Metadata.KubeVersion; k != "" && !chartutil.IsCompatibleRange(k, caps.KubeVersion.String()) {
		return nil, &Fault{Path: r.place("Chart.yaml"), Err: fmt.Errorf(
			"the chart is for Kubernetes %s, not for %s: pass --kubernetes-version", k, caps.KubeVersion.Version)}
	}
	values, err := copyOf(r.Values)
	if err != nil {
		return nil, err
	}
	origins := r.origins(c, files)
	if err := chartutil.ProcessDependencies(c, values); err != nil {
		return nil, &Fault{Path: r.place("Chart.yaml"), Err: oneLine(err)}
	}
	release := common.ReleaseOptions{Name: r.ReleaseName, Namespace: r.Namespace, Revision: 1, IsInstall: true}
	// Helm would fetch what a schema refers to.
	all, err := util.ToRenderValuesWithSchemaValidation(c, values, release, caps, true)
	if err != nil {
		return nil, &Fault{Path: r.place("values.yaml"), Err: oneLine(err)}
	}
	if tables, err := all.Table("Values"); err != nil {
		return nil, &Fault{Path: r.place("values.yaml"), Err: oneLine(err)}
	} else if err := r.validate(c, tables); err != nil {
		return nil, err
	}
	p := &prepared{chart: c, values: all, templates: map[string]*common.File{}, paths: map[string]string{}}
	p.name(c, origins)
	return p, nil
}

// missing finds dependencies that are not in the chart. Nothing is fetched.
func (r *rendering) missing(c *chart.Chart) error {
	for _, d := range c.Metadata.Dependencies {
		there := slices.ContainsFunc(c.Dependencies(), func(s *chart.Chart) bool { return s.Name() == d.Name })
		if !there {
			return &Fault{Path: r.place("Chart.yaml"), Err: fmt.Errorf(
				"the dependency %q is not in charts/: run \"helm dependency build\" first, nothing is fetched here", d.Name)}
		}
	}
	return nil
}

func (r *rendering) capabilities() (*common.Capabilities, error) {
	caps := common.DefaultCapabilities.Copy()
	version, err := common.ParseKubeVersion(r.Kubernetes)
	if err != nil {
		return nil, fmt.Errorf("the version of Kubernetes %q: %w", r.Kubernetes, err)
	}
	caps.KubeVersion = *version
	caps.APIVersions = append(slices.Clone(caps.APIVersions), r.APIVersions...)
	return caps, nil
}

// execute runs the templates. Helm's lookup finds nothing and names are not
// looked up, because the engine is given neither a client nor leave.
func (r *rendering) execute(p *prepared) (map[string]string, error) {
	e := engine.Engine{CustomTemplateFuncs: r.functions()}
	return e.RenderWithContext(r.ctx, p.chart, p.values)
}

// name finds out what the engine calls each template.
func (p *prepared) name(c *chart.Chart, origins map[*common.File]string) {
	full := c.ChartFullPath()
	for _, f := range c.Templates {
		name := path.Join(full, f.Name)
		p.templates[name] = f
		p.paths[name] = origins[f]
	}
	for _, f := range c.Files {
		p.paths[path.Join(full, f.Name)] = origins[f]
	}
	for _, s := range c.Dependencies() {
		p.name(s, origins)
	}
}
