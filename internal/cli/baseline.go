package cli

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/baseline"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// baselineOptions say which violations are known.
type baselineOptions struct {
	read, write string
}

// flags defines the flags of the baseline.
func (o *baselineOptions) flags(fs *pflag.FlagSet) {
	fs.StringVar(&o.read, "baseline", "", "the `FILE` of violations that are known: only new ones fail")
	fs.StringVar(&o.write, "write-baseline", "", "write all violations to a `FILE` as known; with --baseline only those that it knows already, so that it shrinks")
}

// knownFindings is what a baseline knows, while a check is compared with it.
type knownFindings struct {
	*baseline.Comparison
	baselineOptions

	warn bool // violations of the warn mode count
}

// open begins the comparison, nil if there is no baseline.
func (o *baselineOptions) open(fails failOn) (*knownFindings, error) {
	k := &knownFindings{baselineOptions: *o, warn: fails == failOnWarn}
	switch {
	case o.read != "":
		text, err := os.ReadFile(o.read)
		if err != nil {
			return nil, fmt.Errorf("--baseline: %w", fileFault(o.read, err))
		}
		known, err := baseline.Read(text)
		if err != nil {
			return nil, fmt.Errorf("--baseline: %s: %w", report.Escape(o.read), err)
		}
		k.Comparison = baseline.Compare(known)
	case o.write != "":
		k.Comparison = baseline.Record()
	default:
		return nil, nil //nolint:nilnil // nothing is known
	}
	return k, nil
}

// summarize adds to a summary what was fixed.
func (k *knownFindings) summarize(s *report.Summary) {
	if k == nil {
		return
	}
	fixed, gone := k.Fixed()
	for _, e := range fixed {
		s.Fixed = append(s.Fixed, report.Fixed{
			Group: e.Object.Group, Kind: e.Object.Kind, Namespace: e.Object.Namespace, Name: e.Object.Name,
			Control: e.Finding.Control, Path: e.Finding.Path, Value: e.Finding.Value,
		})
	}
	s.Gone = gone
}

// save writes the baseline that was asked for. One of half the input would be
// taken for one of all of it, so there has to have been no error.
func (k *knownFindings) save(complete bool, console *console) error {
	if k == nil || k.write == "" {
		return nil
	}
	if !complete {
		console.line(fmt.Sprintf("note: %s is not written: not everything could be read and judged", report.Escape(k.write)))
		return nil
	}
	met := k.Met()
	text, err := met.Encode()
	if err != nil {
		return fmt.Errorf("--write-baseline: %w", err)
	}
	mode := os.FileMode(0o644)
	info, err := os.Stat(k.write)
	if err == nil {
		mode = info.Mode().Perm()
	}
	err = writeFile(k.write, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err == nil && (info == nil || info.Mode().IsRegular()) {
		err = os.Chmod(k.write, mode) // others read it, too
	}
	if err != nil {
		return fmt.Errorf("--write-baseline: %w", fileFault(k.write, err))
	}
	console.line(fmt.Sprintf("note: %s knows %s now", report.Escape(k.write), counted(met.Len(), "finding", "findings")))
	return nil
}

// knownTemplate is what the baseline knows of a template.
type knownTemplate struct {
	*baseline.Template

	template *workload.Template
	warn     bool
}

// template begins a template of an object; nil if there is no baseline.
func (k *knownFindings) template(item *workload.Item, t *workload.Template, namespace string) *knownTemplate {
	if k == nil {
		return nil
	}
	group, _, ok := strings.Cut(item.Object.APIVersion, "/")
	if !ok {
		group = ""
	}
	o := baseline.Object{Group: group, Kind: item.Object.Kind, Namespace: namespace, Name: item.Object.Name}
	return &knownTemplate{k.Template(o), t, k.warn}
}

// knows reports whether a finding is known. In a mode that does not count it is,
// if it was where it counts: nothing is used up for it.
func (k *knownTemplate) knows(mode v1alpha1.Mode, control, path string, c *pss.Container, v pss.Value) bool {
	f := baseline.Finding{Control: control, Value: v.Any()}
	f.Path, f.Value = k.named(path, c, f.Value)
	if k.template.Path != "" {
		f.Path = withoutIndices(k.template.Path) + "." + f.Path
	}
	place := k.template.Path + " " + path
	if mode == v1alpha1.Enforce || mode == v1alpha1.Warn && k.warn {
		return k.Known(place, f)
	}
	return k.Met(place, f)
}

// named returns a path of the pod with the names of containers and volumes instead
// of their places, and the value found there: of a path of the node, which one.
func (k *knownTemplate) named(path string, c *pss.Container, value any) (string, any) {
	if c != nil {
		list := "spec." + c.Kind.Field()
		if rest, ok := strings.CutPrefix(path, fmt.Sprintf("%s[%d]", list, c.Index)); ok {
			return list + "[" + strconv.Quote(c.Name) + "]" + withoutIndices(rest), value
		}
	}
	if rest, ok := strings.CutPrefix(path, "spec.volumes["); ok {
		index, rest, _ := strings.Cut(rest, "]")
		if i, err := strconv.Atoi(index); err == nil && i < len(k.template.Pod.Volumes) {
			if x := k.template.Extra; x != nil && x.Volumes[i].HostPath != "" && value == "hostPath" {
				value = x.Volumes[i].HostPath
			}
			return "spec.volumes[" + strconv.Quote(k.template.Pod.Volumes[i].Name) + "]" + withoutIndices(rest), value
		}
	}
	return withoutIndices(path), value
}

var anyPlace = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\[[0-9]+\]`) })

// withoutIndices takes places in lists from a path: they change when a neighbour
// comes or goes.
func withoutIndices(path string) string { return anyPlace().ReplaceAllString(path, "[]") }
