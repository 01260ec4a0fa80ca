package exceptions_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/internal/guard/truth"
)

// guards tries every row of the table of guards, which are given to the server while
// it runs: with a pod, and with a Job that makes such pods.
func (w *world) guards(t *testing.T) {
	rows := truth.Rows()
	texts := []string{string(truth.Profile())}
	for i := range rows {
		w.namespace(t, rows[i].ID, rows[i].NamespaceLabels())
		for _, text := range rows[i].Documents() {
			texts = append(texts, string(text))
		}
	}
	w.write(t, "guards.yaml", strings.Join(texts, "---\n"))
	t.Cleanup(func() {
		if err := os.Remove(filepath.Join(w.policies, "guards.yaml")); err != nil {
			t.Error(err)
		}
	})
	last := &rows[len(rows)-1]
	eventually(t, "the guards", func() string {
		text, err := os.ReadFile(w.Log)
		if err != nil || !strings.Contains(string(text), fmt.Sprintf("guards=%d", len(rows))) {
			return fmt.Sprintf("not in use, such as that of %s (%v)", last.ID, err)
		}
		return ""
	})
	for i := range rows {
		r := &rows[i]
		var pod corev1.Pod
		var job batchv1.Job
		for text, into := range map[string]any{string(r.Pod()): &pod, string(r.Job()): &job} {
			if err := yaml.UnmarshalStrict([]byte(text), into); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.try(t, r.ID, &pod); (err == nil) != r.Allowed || err != nil && !strings.HasPrefix(err.Error(), forbids) {
			t.Errorf("%s: allowed %t, want %t: %v", r.Name, err == nil, r.Allowed, err)
		}
		if early := w.early(t.Context(), r.ID, &job); early != r.Early {
			t.Errorf("%s: the Job is told %q, want %q", r.Name, early, r.Early)
		}
	}
}

// early tries whether a Job may be created, and returns what becomes of it.
func (w *world) early(ctx context.Context, namespace string, job *batchv1.Job) string {
	w.warnings.Take()
	_, err := w.client.BatchV1().Jobs(namespace).Create(ctx, job, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	switch {
	case err != nil && strings.Contains(err.Error(), "its pods would be REJECTED by"):
		return "deny"
	case err != nil:
		return err.Error()
	case slices.ContainsFunc(w.warnings.Take(), func(text string) bool { return strings.Contains(text, "will be REJECTED by") }):
		return "warn"
	}
	return ""
}

// off looks for what the server has found out about the API server's own plugin.
func (w *world) off(t *testing.T) {
	w.metric(t, `gabion_builtin_plugin{state="off"} 1`)
	if text, err := w.Get(t.Context(), "/metrics"); err != nil || strings.Contains(text, "gabion_exception_still_forbidden{") {
		t.Errorf("an exception is said to be forbidden (%v)", err)
	}
}
