package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fuzzOptions say what is fuzzed, and for how long.
type fuzzOptions struct {
	// target is the name of one target, all if empty.
	target string
	// time is what go test takes as -fuzztime: a duration, or 100x for executions.
	time string
}

// fuzzTarget is a fuzz target of the repository.
type fuzzTarget struct{ name, dir string } // dir is relative to the root

// fuzzed is what a target went through in its last run, in which nothing was found.
type fuzzed struct {
	fuzzTarget

	on         string // the day
	executions int
	took       time.Duration
}

var fuzzCount = regexp.MustCompile(`^[1-9]\d*x$`)

var fuzzFunc = regexp.MustCompile(`(?m)^func (Fuzz[A-Za-z0-9_]+)\(`)

// fuzzTargets finds every target under a root.
func fuzzTargets(root string) ([]fuzzTarget, error) {
	var found []fuzzTarget
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == "testdata" || path != root && strings.HasPrefix(d.Name(), ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		for _, match := range fuzzFunc.FindAllSubmatch(text, -1) {
			found = append(found, fuzzTarget{string(match[1]), filepath.ToSlash(dir)})
		}
		return err
	})
	slices.SortFunc(found, compareTargets)
	return found, err
}

func compareTargets(a, b fuzzTarget) int {
	return cmp.Or(cmp.Compare(a.dir, b.dir), cmp.Compare(a.name, b.name))
}

// fuzz has go test fuzz one target, whose progress goes to stdout.
func fuzz(ctx context.Context, stdout io.Writer, root string, target fuzzTarget, long string) (fuzzed, error) {
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", "test", "-vet=off", "-run=^$", "-fuzz=^"+target.name+"$", "-fuzztime="+long, "-fuzzminimizetime=10x", ".")
	cmd.Dir = filepath.Join(root, filepath.FromSlash(target.dir))
	cmd.Stdout = io.MultiWriter(stdout, &said)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return fuzzed{}, fmt.Errorf("%s in %s: %w", target.name, target.dir, err)
	}
	executions, err := executionsIn(said.String())
	if err != nil {
		return fuzzed{}, fmt.Errorf("%s in %s: %w", target.name, target.dir, err)
	}
	return fuzzed{target, start.Format(time.DateOnly), executions, time.Since(start).Round(time.Second)}, nil
}

var fuzzExecutions = regexp.MustCompile(`(?m)^fuzz: elapsed: .*, execs: (\d+) `)

// executionsIn reads the last that go test said of its progress.
func executionsIn(output string) (int, error) {
	lines := fuzzExecutions.FindAllStringSubmatch(output, -1)
	if len(lines) == 0 {
		return 0, errors.New("go test does not say how many executions there were")
	}
	return strconv.Atoi(lines[len(lines)-1][1])
}

// runFuzz fuzzes, and brings the rows of docs/fuzzing.md up to date, each as soon as
// its target is through: what was found ends the run, and what was learned before
// is kept.
func runFuzz(ctx context.Context, stdout io.Writer, root string, o fuzzOptions) error {
	if root == "" {
		return errors.New("-fuzz needs -root, the repository whose targets are fuzzed")
	}
	targets, err := fuzzTargets(root)
	if err != nil {
		return err
	}
	known := slices.Clone(targets)
	if o.target != "" {
		targets = slices.DeleteFunc(targets, func(t fuzzTarget) bool { return t.name != o.target })
	}
	if len(targets) == 0 {
		return fmt.Errorf("there is no fuzz target %q: docs/fuzzing.md names them", o.target)
	}
	if _, err := time.ParseDuration(o.time); err != nil && !fuzzCount.MatchString(o.time) {
		return fmt.Errorf("%q is neither a time such as 30s nor a number of executions such as 1000x", o.time)
	}
	file := filepath.Join(root, "docs", "fuzzing.md")
	for _, target := range targets {
		if _, err := fmt.Fprintf(stdout, "%s in %s\n", target.name, target.dir); err != nil {
			return err
		}
		row, err := fuzz(ctx, stdout, root, target, o.time)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		rows := withRow(fuzzedRows(string(text)), row, known)
		if err := update(file, fuzzBegin, fuzzEnd, renderFuzzed(rows)); err != nil {
			return err
		}
	}
	return nil
}

// withRow puts what was learned of a target in the place of what was known of it,
// without the rows of targets that there are no more.
func withRow(rows []fuzzed, row fuzzed, targets []fuzzTarget) []fuzzed {
	rows = slices.DeleteFunc(rows, func(r fuzzed) bool {
		return r.fuzzTarget == row.fuzzTarget || !slices.Contains(targets, r.fuzzTarget)
	})
	rows = append(rows, row)
	slices.SortFunc(rows, func(a, b fuzzed) int { return compareTargets(a.fuzzTarget, b.fuzzTarget) })
	return rows
}

// renderFuzzed writes the rows as a table.
func renderFuzzed(rows []fuzzed) string {
	var b strings.Builder
	table := [][]string{{"target", "in", "on", "executions", "took"}}
	for _, r := range rows {
		table = append(table, []string{"`" + r.name + "`", "`" + r.dir + "`", r.on, fmt.Sprint(r.executions), r.took.String()})
	}
	writeTable(&b, table)
	return b.String()
}

var fuzzedRow = regexp.MustCompile("(?m)^\\| `(\\w+)` *\\| *`(\\S+)` \\| *(\\S+) \\| *(\\d+) \\| *(\\w+) \\|$")

// fuzzedRows reads the table that renderFuzzed wrote.
func fuzzedRows(text string) (rows []fuzzed) {
	for _, cells := range fuzzedRow.FindAllStringSubmatch(text, -1) {
		executions, err := strconv.Atoi(cells[4])
		took, malformed := time.ParseDuration(cells[5])
		if err == nil && malformed == nil {
			rows = append(rows, fuzzed{fuzzTarget{cells[1], cells[2]}, cells[3], executions, took})
		}
	}
	return rows
}
