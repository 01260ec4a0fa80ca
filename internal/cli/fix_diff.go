package cli

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"

	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/workload"
)

// diffPlace names files in a diff as git apply takes them: from the root of the
// repository, or from the working directory if that is in none.
type diffPlace struct {
	working, root  string
	beside, beyond bool // files outside of the working directory, and of the root
	within         bool // files in the root
}

func newDiffPlace() (d diffPlace) {
	working, err := os.Getwd()
	if err != nil {
		return d // files are named as they were given
	}
	if resolved, err := filepath.EvalSymlinks(working); err == nil {
		working = resolved
	}
	d.working, d.root = working, cmp.Or(repositoryRoot(working), working)
	return d
}

// name is a file as a diff has it. What is not below the root is named from that of
// the file system.
func (d *diffPlace) name(path string) string {
	if path == workload.Stdin || d.root == "" {
		return path
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(d.working, path)
	}
	resolved := path // the folder without links; the file may be one
	if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		resolved = filepath.Join(folder, filepath.Base(path))
	}
	if _, ok := below(d.working, resolved); !ok {
		d.beside = true
	}
	if name, ok := below(d.root, resolved); ok {
		d.within = true
		return name
	}
	d.beyond = true
	return resolved
}

// below is a path from a directory that it is in.
func below(directory, path string) (name string, ok bool) {
	name, err := filepath.Rel(directory, path)
	return name, err == nil && name != ".." && !strings.HasPrefix(name, ".."+string(filepath.Separator))
}

// note says where the diff is to be applied, empty if that is where the program
// runs.
func (d *diffPlace) note() string {
	switch {
	case d.beyond && d.within:
		return "the diff names files inside of " + report.Escape(d.root) + " from there and others from /: make it of each apart, git apply takes it in one place"
	case d.beyond:
		return "the diff names files from /: apply it with git -C / apply"
	case d.beside:
		return "the diff names files from " + report.Escape(d.root) + ": apply it there, git apply passes over what is outside of the folder where it runs"
	}
	return ""
}
