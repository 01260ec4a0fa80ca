package helm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/ignore"
	"sigs.k8s.io/yaml"
)

const (
	// maxChart is how many bytes a chart may have, as Helm has it for packages.
	maxChart = 100 << 20
	maxFiles = 50_000
)

// file is one file of a chart.
type file struct {
	name string // from the chart's root, with slashes
	data []byte
}

func buffered(files []*file) []*archive.BufferedFile {
	all := make([]*archive.BufferedFile, len(files))
	for i, f := range files {
		all[i] = &archive.BufferedFile{Name: f.name, Data: f.data}
	}
	return all
}

// place is where a file of the chart stands.
func (r *rendering) place(name string) string { return filepath.Join(r.name, filepath.FromSlash(name)) }

// read reads the files of the chart.
func (r *rendering) read() ([]*file, error) {
	info, err := os.Stat(r.name)
	if err != nil {
		return nil, cannotRead(err)
	}
	if !info.IsDir() {
		return r.unpack()
	}
	below, err := filepath.Rel(r.root, r.name)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(r.root)
	if err != nil {
		return nil, cannotRead(err)
	}
	defer root.Close() //nolint:errcheck // it was only read
	d := directory{chart: r, root: root, base: filepath.ToSlash(below), rules: ignore.Empty(), left: maxChart}
	if err := d.ignoreFile(); err != nil {
		return nil, err
	}
	if err := d.walk("."); err != nil {
		return nil, err
	}
	return d.files, nil
}

// unpack reads a package. Helm refuses paths that lead out of it.
func (r *rendering) unpack() ([]*file, error) {
	in, err := os.Open(r.name)
	if err != nil {
		return nil, cannotRead(err)
	}
	defer in.Close() //nolint:errcheck // it was only read
	if err := archive.EnsureArchive(filepath.Base(r.name), in); err != nil {
		return nil, errors.New("it is not a packed chart: it is not gzip")
	}
	all, err := archive.LoadArchiveFiles(in)
	if err != nil {
		return nil, fmt.Errorf("the package cannot be read: %w", oneLine(err))
	}
	var files []*file
	for _, f := range all {
		files = append(files, &file{f.Name, f.Data})
	}
	return files, nil
}

// directory is a chart's directory that is being read. Helm's own loader follows
// links wherever they lead; a root follows those that stay in it, and not for ever.
type directory struct {
	chart *rendering
	root  *os.Root // lets nothing lead out of it
	base  string   // of the chart, from the root
	rules *ignore.Rules
	files []*file
	left  int64
}

// ignoreFile reads .helmignore.
func (d *directory) ignoreFile() error {
	text, err := d.root.ReadFile(path.Join(d.base, ignore.HelmIgnore))
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return d.fault(ignore.HelmIgnore, err)
	default:
		rules, err := ignore.Parse(bytes.NewReader(text))
		if err != nil {
			return d.fault(ignore.HelmIgnore, err)
		}
		d.rules = rules
	}
	d.rules.AddDefaults()
	return nil
}

func (d *directory) walk(dir string) error {
	entries, err := fs.ReadDir(d.root.FS(), path.Join(d.base, dir))
	if err != nil {
		return d.fault(dir, err)
	}
	for _, entry := range entries {
		name := path.Join(dir, entry.Name())
		info, err := d.root.Stat(path.Join(d.base, name))
		if err != nil {
			if link, lerr := entry.Info(); lerr == nil && d.rules.Ignore(name, link) {
				continue
			}
			return d.fault(name, err)
		}
		switch {
		case d.rules.Ignore(name, info), strings.EqualFold(entry.Name(), ".git"):
		case entry.Type()&fs.ModeSymlink != 0 && d.leadsToGit(name):
			err = d.fault(name, errors.New("it is a link into .git, where nothing is read"))
		case info.IsDir():
			err = d.walk(name)
		case !info.Mode().IsRegular():
			err = d.fault(name, errors.New("it is neither a file nor a directory"))
		default:
			err = d.file(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// leadsToGit reports whether a link leads to where git keeps what is its own, such
// as credentials: no template has to see that.
func (d *directory) leadsToGit(name string) bool {
	root, err := filepath.EvalSymlinks(d.chart.root)
	if err != nil {
		return true
	}
	target, err := filepath.EvalSymlinks(d.chart.place(name))
	if err != nil {
		return true
	}
	if root, err = filepath.Abs(root); err != nil {
		return true
	}
	if target, err = filepath.Abs(target); err != nil {
		return true
	}
	rel, err := filepath.Rel(root, target)
	return err != nil || slices.ContainsFunc(strings.Split(filepath.ToSlash(rel), "/"), func(part string) bool { return strings.EqualFold(part, ".git") })
}

func (d *directory) file(name string) error {
	in, err := d.root.Open(path.Join(d.base, name))
	if err != nil {
		return d.fault(name, err)
	}
	defer in.Close() //nolint:errcheck // it was only read
	data, err := io.ReadAll(io.LimitReader(in, d.left+1))
	if err != nil {
		return d.fault(name, err)
	}
	if d.left -= int64(len(data)); d.left < 0 || len(d.files) == maxFiles {
		return fmt.Errorf("the chart is larger than %d MiB, or has more than %d files", maxChart>>20, maxFiles)
	}
	d.files = append(d.files, &file{name, bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))})
	return nil
}

func (d *directory) fault(name string, err error) error {
	return &Fault{Path: d.chart.place(name), Err: cannotRead(err)}
}

// cannotRead is an error without the path, which whoever prints it adds.
func cannotRead(err error) error {
	var at *fs.PathError
	switch {
	case err != nil && strings.HasSuffix(err.Error(), "path escapes from parent"):
		return errors.New("it is a link that leads out of the directory that was given, so it is not followed")
	case errors.As(err, &at):
		return fmt.Errorf("cannot be read: %w", at.Err)
	}
	return err
}

// origins says where the files of the chart and those in it stand. Helm keeps the
// bytes it was given, which tells files apart; those of a chart that is packed
// in the chart are named by its package.
func (r *rendering) origins(c *chart.Chart, files []*file) map[*common.File]string {
	by := map[*byte]string{}
	names := map[string]bool{}
	for _, f := range files {
		names[f.name] = true
		if len(f.data) > 0 {
			by[&f.data[0]] = f.name
		}
	}
	origins := map[*common.File]string{}
	var visit func(c *chart.Chart, base string)
	visit = func(c *chart.Chart, base string) {
		for _, all := range [][]*common.File{c.Templates, c.Files} {
			for _, f := range all {
				name := path.Join(base, f.Name)
				if len(f.Data) > 0 {
					if own, ok := by[&f.Data[0]]; ok {
						name = own
					}
				}
				origins[f] = r.place(name)
			}
		}
		for _, s := range c.Dependencies() {
			dir := path.Join(base, "charts", s.Name())
			if packed := dir + "-" + s.Metadata.Version + ".tgz"; names[packed] {
				dir = packed
			}
			visit(s, dir)
		}
	}
	visit(c, "")
	return origins
}

// copyOf copies values, which rendering changes.
func copyOf(values map[string]any) (map[string]any, error) {
	text, err := yaml.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("the values: %w", err)
	}
	to := map[string]any{}
	err = yaml.Unmarshal(text, &to)
	return to, err
}
