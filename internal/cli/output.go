package cli

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/report"
)

// output is one report of a check.
type output struct {
	format string
	file   string // "" for standard output
}

// outputs are all reports of a check, at least one.
type outputs []output

// outputsFlag defines -o for a check, which may be given several times.
func outputsFlag(fs *pflag.FlagSet, to *[]string) {
	fs.StringArrayVarP(to, "output", "o", nil,
		"the `FORMAT`, or FORMAT=FILE to write a file: "+strings.Join(report.CheckFormats(), ", ")+"; may be repeated")
}

// parseOutputs reads FORMAT[=FILE] for each report. Without any it is a table on
// standard output.
func parseOutputs(texts []string) (outputs, error) {
	formats := report.CheckFormats()
	if len(texts) == 0 {
		return outputs{{format: formats[0]}}, nil
	}
	var all outputs
	for _, text := range texts {
		o, err := parseOutput(text, formats)
		if err != nil {
			return nil, err
		}
		for _, other := range all {
			switch {
			case o.file == "" && other.file == "":
				return nil, fmt.Errorf("%s and %s cannot both go to standard output: name a file for one of them, as in -o %s=FILE", other.format, o.format, o.format)
			case o.file != "" && o.file == other.file:
				return nil, fmt.Errorf("%s and %s cannot both go to the file %s", other.format, o.format, o.file)
			}
		}
		all = append(all, o)
	}
	return all, nil
}

func parseOutput(text string, formats []string) (output, error) {
	format, file, named := strings.Cut(text, "=")
	if format == "text" { // what other commands call a table
		format = formats[0]
	}
	switch {
	case !slices.Contains(formats, format):
		return output{}, fmt.Errorf("there is no format %q, only %s", format, strings.Join(formats, ", "))
	case named && file == "":
		return output{}, fmt.Errorf("no file is named in %s=", format)
	case named && file != "-":
		return output{format, filepath.Clean(file)}, nil
	}
	return output{format: format}, nil
}

// reports write one check in several formats. Whoever opens them calls close.
type reports struct {
	report.CheckWriters

	stdout  *bufio.Writer
	files   []*reportFile
	summary *os.File // of GitHub's job; nil if there is none
}

// reportFile is a report that is there when it is complete.
type reportFile struct {
	report.CheckWriter

	out  *bufio.Writer
	file *newFile
	name string
	done bool
}

// Close completes the report and its file.
func (r *reportFile) Close(s report.Summary) error {
	if err := errors.Join(r.CheckWriter.Close(s), r.out.Flush()); err != nil {
		return err
	}
	r.done = true
	if err := r.file.commit(); err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	return nil
}

// open begins all reports, before anything is checked: what cannot be written is
// known at once.
func (all outputs) open(s *System, o report.CheckOptions) (_ *reports, err error) {
	r := &reports{stdout: bufio.NewWriterSize(s.Stdout, 64<<10)}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	for _, out := range all {
		with := o
		with.Style, with.Summary = s.style(), nil
		if out.format == "github" && r.summary == nil {
			if err := r.openSummary(s.Getenv("GITHUB_STEP_SUMMARY"), &with); err != nil {
				return nil, err
			}
		}
		if out.file == "" {
			w, _ := report.NewCheck(out.format, r.stdout, with)
			r.CheckWriters = append(r.CheckWriters, w)
			continue
		}
		file, err := createFile(out.file, 0o666)
		if err != nil {
			return nil, err
		}
		s.files.add(file)
		buffer := bufio.NewWriterSize(file, 64<<10)
		with.Style = report.Style{Program: s.Name}
		w, _ := report.NewCheck(out.format, buffer, with)
		r.files = append(r.files, &reportFile{CheckWriter: w, out: buffer, file: file, name: out.file})
		r.CheckWriters = append(r.CheckWriters, r.files[len(r.files)-1])
	}
	return r, nil
}

// openSummary opens the file that GitHub shows with a job, if there is one. Other
// steps of the job write to it, too.
func (r *reports) openSummary(name string, o *report.CheckOptions) error {
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666) //nolint:gosec // as everything that a job makes; the umask decides
	if err != nil {
		return fmt.Errorf("GITHUB_STEP_SUMMARY: %w", err)
	}
	r.summary, o.Summary = f, f
	return nil
}

// Close completes the reports.
func (r *reports) Close(s report.Summary) error {
	return errors.Join(r.CheckWriters.Close(s), r.stdout.Flush())
}

// close takes back the files that are not complete.
func (r *reports) close() {
	for _, f := range r.files {
		if !f.done {
			f.file.discard()
		}
	}
	if r.summary != nil {
		_ = r.summary.Close() // what was written to it has been
	}
}

// checkOptions are what formats need to know of the program and the place where
// it runs. Machines are told of files by their path from the root of the
// repository or, outside of one, from the working directory.
func (s *System) checkOptions() report.CheckOptions {
	o := report.CheckOptions{Version: s.Version, Controls: allControls()}
	if directory, err := os.Getwd(); err == nil {
		o.Directory, o.Root = directory, cmp.Or(repositoryRoot(directory), directory)
	}
	return o
}

// repositoryRoot is the directory with .git that a directory is in, "" if it is
// in none.
func repositoryRoot(directory string) string {
	for {
		if _, err := os.Stat(filepath.Join(directory, ".git")); err == nil {
			return directory
		}
		above := filepath.Dir(directory)
		if above == directory {
			return ""
		}
		directory = above
	}
}
