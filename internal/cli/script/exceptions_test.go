package script_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gabion-security/gabion/internal/cli"
	"github.com/gabion-security/gabion/internal/exception/truth"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/internal/snapshot"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// program is the program with arguments at a moment, and what it prints.
func program(at time.Time, stdin string, args ...string) (s cli.System, out, stderr *bytes.Buffer) {
	out, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return cli.System{
		Name: "gabion", Args: args, Stdin: strings.NewReader(stdin), Stdout: out, Stderr: stderr,
		Getenv: func(string) string { return "" }, Now: func() time.Time { return at },
	}, out, stderr
}

// table is the truth table in files.
type table struct {
	rows                []truth.Row
	cluster, exceptions string // their paths
	snapshot            string
}

// tableIn writes the truth table to files, with the labels of Pod Security on the
// namespaces or without.
func tableIn(t *testing.T, dir string, labelled bool, more ...truth.Row) table {
	t.Helper()
	all := table{rows: append(truth.Rows(), more...)}
	var cluster, exceptions bytes.Buffer
	for i := range all.rows {
		r := &all.rows[i]
		namespace := r.Namespace()
		if !labelled {
			namespace = bytes.ReplaceAll(namespace, []byte(pss.EnforceLabel), []byte("was"))
		}
		for _, text := range [][]byte{namespace, r.Pod()} {
			cluster.WriteString("---\n")
			cluster.Write(text)
		}
		exceptions.WriteString("---\n")
		exceptions.Write(r.Exception())
	}
	all.cluster, all.exceptions = filepath.Join(dir, "cluster.yaml"), filepath.Join(dir, "exceptions.yaml")
	all.snapshot = filepath.Join(dir, "cluster.json.gz")
	write := func(path string, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(all.cluster, cluster.Bytes())
	write(all.exceptions, exceptions.Bytes())
	reader, err := workload.NewReader(workload.Options{Extra: true})
	if err != nil {
		t.Fatal(err)
	}
	var w snapshot.Writer
	for item := range reader.Read("cluster.yaml", &cluster) {
		w.Add(&item)
	}
	var kept bytes.Buffer
	if _, err := w.WriteTo(&kept); err != nil {
		t.Fatal(err)
	}
	write(all.snapshot, kept.Bytes())
	return all
}

// runAt runs the program at the moment at which the truth table is true, and
// decodes what it prints.
func runAt(t *testing.T, into any, args ...string) {
	t.Helper()
	s, out, stderr := program(truth.Now(), "", args...)
	code := cli.Main(s)
	if code > 1 {
		t.Fatalf("%s: exit code %d: %s", strings.Join(args, " "), code, stderr)
	}
	if err := json.Unmarshal(out.Bytes(), into); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// agree compares what was found with the table. An exception that is used is the
// row's own.
func (all *table) agree(t *testing.T, who string, allowed map[string]bool, used map[string][]report.UsedException) {
	t.Helper()
	for i := range all.rows {
		r := &all.rows[i]
		got, ok := allowed[r.ID]
		if !ok || got != r.Allowed {
			t.Errorf("%s: %s: passes %v (judged %v), want %v", who, r.Name, got, ok, r.Allowed)
		}
		if r.Allowed && (len(used[r.ID]) != 1 || used[r.ID][0].Name != r.ID) {
			t.Errorf("%s: %s: the use of the exception is not told: %v", who, r.Name, used[r.ID])
		}
	}
}

func TestCheckAgreesWithTheTruthTable(t *testing.T) {
	t.Parallel()
	all := tableIn(t, t.TempDir(), true, truth.EphemeralRows()...)
	var r struct{ Results []report.Result }
	runAt(t, &r, "check", "-o", "json", "--exceptions", all.exceptions, all.cluster)
	allowed, used := map[string]bool{}, map[string][]report.UsedException{}
	for i := range r.Results {
		name := r.Results[i].Object.Namespace
		allowed[name], used[name] = r.Results[i].Allowed, r.Results[i].Exceptions
	}
	all.agree(t, "check", allowed, used)
}

func TestPreviewAgreesWithTheTruthTable(t *testing.T) {
	t.Parallel()
	all := tableIn(t, t.TempDir(), false)
	for _, source := range [][]string{{"-f", all.cluster}, {"--from", all.snapshot}} {
		allowed, used := map[string]bool{}, map[string][]report.UsedException{}
		for _, level := range []string{"baseline", "restricted"} {
			args := []string{"preview", "-o", "json", "--enforce", level, "--exceptions", all.exceptions}
			for i := range all.rows {
				if all.rows[i].NamespaceLabels()[pss.EnforceLabel] == level {
					args = append(args, all.rows[i].ID)
				}
			}
			var r report.Preview
			runAt(t, &r, append(args, source...)...)
			for _, n := range r.Namespaces {
				allowed[n.Namespace], used[n.Namespace] = n.Evaluated && len(n.Groups) == 0, n.Exceptions
			}
		}
		all.agree(t, "preview "+source[0], allowed, used)
	}
}

func TestPlanAgreesWithTheTruthTable(t *testing.T) {
	t.Parallel()
	all := tableIn(t, t.TempDir(), true)
	for _, source := range [][]string{{"-f", all.cluster}, {"--from", all.snapshot}} {
		var r report.Plan
		runAt(t, &r, append([]string{"plan", "-o", "json", "--exceptions", all.exceptions}, source...)...)
		allowed, used := map[string]bool{}, map[string][]report.UsedException{}
		for i := range r.Namespaces {
			n := &r.Namespaces[i]
			allowed[n.Name], used[n.Name] = len(n.AtRisk) == 0, n.Exceptions
		}
		all.agree(t, "plan "+source[0], allowed, used)
	}
}

func TestAnExceptionEndsByTheClockOfTheProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "e.yaml")
	const text = `apiVersion: gabion.io/v1alpha1
kind: PodSecurityException
metadata: {name: mesh}
spec: {reason: r, namespaces: {names: [default]}, controls: [{id: privileged}], expiresAt: "2026-12-01T12:00:00Z"}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		before time.Duration
		code   int
		out    string
		note   string
	}{
		{30 * 24 * time.Hour, 0, "exception mesh covers privileged, until 2026-12-01T12:00:00Z\n", ""},
		{time.Second, 0, "until 2026-12-01T12:00:00Z, which is soon\n", ""},
		{0, 1, "FAIL", "the exception mesh covers nothing: it ended at 2026-12-01T12:00:00Z"},
	} {
		s, out, stderr := program(truth.Now().Add(-c.before), `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"a","securityContext":{"privileged":true}}]}}`,
			"check", "--level=baseline", "--exceptions", path, "-")
		if code := cli.Main(s); code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(stderr.String(), c.note) {
			t.Errorf("%s before: exit code %d, want %d:\n%s%s", c.before, code, c.code, out, stderr)
		}
	}
}
