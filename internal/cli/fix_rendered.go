package cli

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gabion-security/gabion/internal/helm"
	"github.com/gabion-security/gabion/internal/kustomize"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/workload"
)

// walker walks past what is excluded and what is in charts. It notes in found
// whether something was there, be it left out.
func (f *fixing) walker(found *bool) workload.Walker {
	charts := map[string]bool{}
	return workload.Walker{
		Exclude: func(path string, dir bool) bool {
			excluded := charts[filepath.Dir(path)] || f.excluded.Match(path, dir)
			*found = *found || excluded
			return excluded
		},
		Whole: func(dir string) bool {
			if file, ok := kustomize.File(dir); ok {
				f.kustomizations = append(f.kustomizations, file)
			}
			chart := helm.IsChart(dir)
			charts[filepath.Clean(dir)] = chart
			return chart
		},
	}
}

// isChart reports whether what a walk found is a chart. A package has to be named.
func isChart(file workload.File) bool {
	return file.Whole || file.Explicit && helm.IsPackage(file.Path)
}

const byHand = "templates are changed by hand: 'helm template CHART | gabion fix -' shows what has to come out of them"

// chart leaves a chart. One that was named for itself cannot be fixed.
func (f *fixing) chart(file workload.File) error {
	if file.Path == file.Root || file.Explicit {
		return f.fail(report.Source{File: file.Path}, errors.New("this is a chart, and its "+byHand))
	}
	f.charts, f.left = append(f.charts, file.Path), true
	return nil
}

// noteRendered tells of what was met and is not fixed as what it is.
func (f *fixing) noteRendered() {
	note := func(paths []string, what string) {
		more := ""
		if n := len(paths) - 1; n > 0 {
			more = fmt.Sprintf(" (and %d more)", n)
		}
		if len(paths) > 0 {
			f.input.console.line("note: " + report.Place(paths[0], 0) + more + what)
		}
	}
	note(f.charts, ": a chart is left as it is: its "+byHand)
	note(f.kustomizations, " is not built: the files beside it are fixed, each for itself; 'gabion check -k' says what becomes of them together")
}
