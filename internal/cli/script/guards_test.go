package script_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/gabion-security/gabion/internal/guard/truth"
	"github.com/gabion-security/gabion/internal/report"
)

// TestCheckAgreesWithTheTruthTableOfGuards has check judge every pod of the table, and
// a Job of each, by the folder that a server would be given.
func TestCheckAgreesWithTheTruthTableOfGuards(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rows := truth.Rows()
	documents, manifests := bytes.NewBuffer(truth.Profile()), new(bytes.Buffer)
	add := func(to *bytes.Buffer, text []byte) {
		to.WriteString("---\n")
		to.Write(text)
	}
	for i := range rows {
		for _, text := range rows[i].Documents() {
			add(documents, text)
		}
		for _, text := range [][]byte{rows[i].Namespace(), rows[i].Pod(), rows[i].Job()} {
			add(manifests, text)
		}
	}
	policies, cluster := filepath.Join(dir, "policies"), filepath.Join(dir, "cluster.yaml")
	if err := os.Mkdir(policies, 0o700); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]*bytes.Buffer{filepath.Join(policies, "all.yaml"): documents, cluster: manifests} {
		if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var r struct{ Results []report.Result }
	runAt(t, &r, "check", "-o", "json", "--policy-dir", policies, cluster)
	pods, jobs := map[string]*report.Result{}, map[string]*report.Result{}
	for i := range r.Results {
		to := pods
		if r.Results[i].Object.Kind == "Job" {
			to = jobs
		}
		to[r.Results[i].Object.Namespace] = &r.Results[i]
	}
	for i := range rows {
		row := &rows[i]
		pod, job := pods[row.ID], jobs[row.ID]
		if pod == nil || job == nil {
			t.Fatalf("%s is not judged", row.ID)
		}
		if pod.Allowed != row.Allowed || job.Allowed != row.Allowed {
			t.Errorf("%s: %s: the pod passes %v, the Job %v, want %v: %s", row.ID, row.Name, pod.Allowed, job.Allowed, row.Allowed, pod.Message)
		}
		early := ""
		if job.Early != nil {
			early = job.Early.Action
		}
		if early != row.Early || pod.Early != nil {
			t.Errorf("%s: %s: the Job is told %q, want %q", row.ID, row.Name, early, row.Early)
		}
	}
}
