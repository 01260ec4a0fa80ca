package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// filesRow is what it costs to judge the workloads in the files of a directory.
type filesRow struct {
	name  string
	files int
	// reading is walking the directory and reading the files alone, in a loop as
	// upstream has it: the floor of both sides.
	reading, upstream, gabion sample // milliseconds
	ratio                     sample
	busy                      sample // processors, over Gabion's time
}

// format is one way to write a workload.
type format struct {
	name      string
	marshal   func(any) ([]byte, error)
	unmarshal func([]byte, any) error
}

func formats() []format {
	return []format{
		{"json", json.Marshal, json.Unmarshal},
		{"yaml", yaml.Marshal, func(text []byte, into any) error { return yaml.Unmarshal(text, into) }},
	}
}

// everyFails is how often a workload fails restricted.
const everyFails = 100

// measureFiles writes so many workloads, half of them in each format, a file
// each, and has both sides judge them in turn: upstream's library in a loop, and
// the program. Both must find the same number of workloads that fail.
//
// The files are in a directory, each format in one below it, and stay there.
func measureFiles(ctx context.Context, u upstream, program, all string, workloads, rounds int) ([]filesRow, error) {
	var rows []filesRow
	for _, f := range formats() {
		dir := filepath.Join(all, f.name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		n := workloads / len(formats())
		if err := writeWorkloads(dir, f, n); err != nil {
			return nil, err
		}
		row := filesRow{name: f.name, files: n}
		var reading, theirs, ours, ratio, busy []float64
		for range rounds {
			start := time.Now()
			if err := eachFile(dir, func([]byte) error { return nil }); err != nil {
				return nil, err
			}
			reading = append(reading, milliseconds(time.Since(start)))
			start = time.Now()
			failing, err := u.judgeFiles(dir, f)
			if err != nil {
				return nil, err
			}
			took := time.Since(start)
			checked, err := check(ctx, program, dir)
			if err != nil {
				return nil, err
			}
			if want := (n + everyFails - 1) / everyFails; failing != want || checked.failing != want {
				return nil, fmt.Errorf("%s: upstream finds %d workloads that fail, gabion %d; there are %d", f.name, failing, checked.failing, want)
			}
			theirs, ours = append(theirs, milliseconds(took)), append(ours, milliseconds(checked.wall))
			ratio = append(ratio, float64(took)/float64(checked.wall))
			busy = append(busy, float64(checked.processor)/float64(checked.wall))
		}
		row.reading, row.upstream, row.gabion, row.ratio, row.busy = summarise(reading), summarise(theirs), summarise(ours), summarise(ratio), summarise(busy)
		rows = append(rows, row)
	}
	return rows, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// writeWorkloads writes Deployments of about 2 KB.
func writeWorkloads(dir string, f format, n int) error {
	pod, err := podOfSize(2 << 10)
	if err != nil {
		return err
	}
	for i := range n {
		d := appsv1.Deployment{
			TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("web-%05d", i), Namespace: "default"},
		}
		d.Spec.Template.Labels = map[string]string{"app.kubernetes.io/name": d.Name}
		d.Spec.Template.Spec = *pod.Spec.DeepCopy()
		d.Spec.Template.Spec.HostNetwork = i%everyFails == 0
		text, err := f.marshal(&d)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, d.Name+"."+f.name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// judgeFiles counts the workloads that fail.
func (u upstream) judgeFiles(dir string, f format) (failing int, err error) {
	err = eachFile(dir, func(text []byte) error {
		var d appsv1.Deployment
		if err := f.unmarshal(text, &d); err != nil {
			return err
		}
		if !u.judgeTemplate(&d.Spec.Template).allowed {
			failing++
		}
		return nil
	})
	return failing, err
}

// eachFile does something with the text of each file of a directory.
func eachFile(dir string, do func(text []byte) error) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return do(text)
	})
}

// checkRun is one run of gabion check.
type checkRun struct {
	failing         int
	wall, processor time.Duration
}

// check judges a directory by the program.
func check(ctx context.Context, program, dir string) (checkRun, error) {
	cmd := exec.CommandContext(ctx, program, "check", "--level=restricted", "-o", "name", dir)
	var faults bytes.Buffer
	cmd.Stderr = &faults
	start := time.Now()
	out, err := cmd.Output()
	wall := time.Since(start)
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) { // 1: there are workloads that fail
		return checkRun{}, fmt.Errorf("%w: %s", err, faults.Bytes())
	}
	return checkRun{bytes.Count(out, []byte("\n")), wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, nil
}
