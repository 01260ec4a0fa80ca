package exceptions_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gabion-security/gabion/internal/exception/truth"
	"github.com/gabion-security/gabion/pss"
)

// TestExceptionsOnARealAPIServer asks one server all the questions, for there can be
// only one that is registered.
func TestExceptionsOnARealAPIServer(t *testing.T) {
	rows := truth.Rows()
	w := start(t, rows)
	t.Run("the truth table", func(t *testing.T) { w.holds(t, rows) })
	t.Run("the plugin that is off", w.off)
	t.Run("a file that changes", w.follows)
	t.Run("an exception that ends", w.ends)
	t.Run("ephemeral containers", w.ephemeral)
	t.Run("a Deployment", w.deployment)
	t.Run("pods that exist", w.sweeps)
	t.Run("the table of guards", w.guards)
}

// holds tries every row of the truth table, and looks for its traces.
func (w *world) holds(t *testing.T, rows []truth.Row) {
	for i := range rows {
		r := &rows[i]
		err := w.try(t, r.ID, rowPod(t, r))
		switch {
		case r.Allowed && err != nil:
			t.Errorf("%s: %v\n%s", r.Name, err, r.Exception())
		case !r.Allowed && (err == nil || !strings.HasPrefix(err.Error(), forbids) || !strings.Contains(err.Error(), "violates PodSecurity")):
			t.Errorf("%s: the pod is not refused: %v\n%s", r.Name, err, r.Exception())
		}
	}
	const key = "enforce.pod-security.gabion.io/exceptions"
	used := map[string]string{}
	for _, e := range w.news(t) {
		if _, rest, ok := strings.Cut(e.RequestURI, "/namespaces/row-"); ok && e.Verb == "create" {
			id, _, _ := strings.Cut(rest, "/")
			used["row-"+id] = e.Annotations[key]
		}
	}
	metrics, err := w.Get(t.Context(), "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(w.Log)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		r := &rows[i]
		counted := strings.Contains(metrics, fmt.Sprintf("gabion_exception_uses_total{exception=%q,mode=\"enforce\"} 1\n", r.ID))
		logged := strings.Contains(string(log), "excepted") && strings.Contains(string(log), `exceptions="\"`+r.ID+`\": `)
		if audited := strings.HasPrefix(used[r.ID], fmt.Sprintf("%q: ", r.ID)); r.Allowed && (!audited || !counted || !logged) {
			t.Errorf("%s: the exception was used: in the audit log %q, counted %t, logged %t", r.Name, used[r.ID], counted, logged)
		}
	}
}

// follows changes a file while the server runs.
func (w *world) follows(t *testing.T) {
	const name, file = "changing", "changing.yaml"
	w.namespace(t, name, map[string]string{pss.EnforceLabel: "baseline"})
	pod := podOf("p", privileged)
	allowed := func(want bool) {
		t.Helper()
		eventually(t, fmt.Sprintf("allowed=%t", want), func() string {
			if err := w.try(t, name, pod); (err == nil) != want {
				return fmt.Sprintf("got %v", err)
			}
			return ""
		})
	}
	allowed(false)
	whole := exceptionOf(name, name, "controls: [{id: privileged}]")
	w.write(t, file, whole)
	allowed(true)
	w.write(t, file, exceptionOf(name, name, "controls: [{id: hostPorts}]"))
	allowed(false)
	w.write(t, file, whole)
	allowed(true)
	w.write(t, file, strings.Replace(whole, "spec:", "spce:", 1))
	allowed(false)
	w.metric(t, "gabion_policy_last_reload_successful 0")
	if _, err := w.Get(t.Context(), "/readyz"); err != nil {
		t.Errorf("with an exception that cannot be read: %v", err)
	}
	if log, err := os.ReadFile(w.Log); err != nil || !strings.Contains(string(log), "exceptions cannot be read and count as none") {
		t.Errorf("the log says nothing of it (%v)", err)
	}
	if row := truth.Rows()[0]; w.try(t, row.ID, rowPod(t, &row)) != nil {
		t.Error("the exceptions of other files do not count any more")
	}
	w.write(t, file, whole)
	allowed(true)
	w.metric(t, "gabion_policy_last_reload_successful 1")
	if err := os.Remove(filepath.Join(w.policies, file)); err != nil {
		t.Fatal(err)
	}
	allowed(false)
}

// ends has an exception that ends in a moment, and changes nothing.
func (w *world) ends(t *testing.T) {
	const name = "ending"
	w.namespace(t, name, map[string]string{pss.EnforceLabel: "baseline"})
	end := time.Now().Add(15 * time.Second).Truncate(time.Second)
	w.write(t, "ending.yaml", exceptionOf(name, name, "controls: [{id: privileged}], expiresAt: "+end.UTC().Format(time.RFC3339)))
	pod := podOf("p", privileged)
	eventually(t, "the exception", func() string {
		w.warnings.Take()
		if err := w.try(t, name, pod); err != nil {
			return err.Error()
		}
		return ""
	})
	want := `exception "ending", which lets this pod pass, ends on ` + end.UTC().Format(time.RFC3339)
	if got := w.warnings.Take(); !same(got, []string{want}) {
		t.Errorf("warnings %q, want %s", got, want)
	}
	for {
		asked := time.Now()
		err := w.try(t, name, pod)
		answered := time.Now()
		switch {
		case err == nil && !asked.Before(end):
			t.Fatalf("allowed, asked %s after the end", asked.Sub(end))
		case err != nil && answered.Before(end):
			t.Fatalf("refused %s before the end: %v", end.Sub(answered), err)
		case err != nil:
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// ephemeral adds containers to a pod that passes by an exception.
func (w *world) ephemeral(t *testing.T) {
	const name = "ephemeral"
	w.namespace(t, name, map[string]string{pss.EnforceLabel: "baseline"})
	of := func(file, further string) {
		w.write(t, file+".yaml", exceptionOf(file, name, further))
	}
	of("by-name", "containers: {names: [c]}, controls: [{id: privileged}]")
	of("by-kind", "containers: {kinds: [ephemeralContainer], images: [docker.io/library/debug]}, controls: [{id: capabilities_baseline, values: [SYS_PTRACE]}]")
	eventually(t, "the exceptions", func() string {
		if err := w.try(t, name, podOf("p", privileged)); err != nil {
			return err.Error()
		}
		return ""
	})
	w.create(t, name, podOf("p", privileged))
	debug := func(image string, context corev1.SecurityContext) error {
		p, err := w.client.CoreV1().Pods(name).Get(t.Context(), "p", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
			Name: "debug", Image: image, SecurityContext: &context,
			ImagePullPolicy: corev1.PullIfNotPresent, TerminationMessagePolicy: corev1.TerminationMessageReadFile,
		}}}
		_, err = w.client.CoreV1().Pods(name).UpdateEphemeralContainers(t.Context(), "p", p, metav1.UpdateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	yes := true
	trace := corev1.SecurityContext{Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"SYS_PTRACE"}}}
	for _, tt := range []struct {
		name, image string
		context     corev1.SecurityContext
		refusal     string // empty for none
	}{
		{"a harmless one", "busybox", corev1.SecurityContext{}, ""},
		{"one that is excepted by its kind and image", "debug:1", trace, ""},
		{
			"one of another image", "debugger:1", trace,
			`non-default capabilities (container "debug" must not include "SYS_PTRACE" in securityContext.capabilities.add)`,
		},
		{
			"one that the neighbour's exception does not free", "busybox", corev1.SecurityContext{Privileged: &yes},
			`privileged (container "debug" must not set securityContext.privileged=true)`,
		},
	} {
		err := debug(tt.image, tt.context)
		if want := forbids + `pods "p"` + violates + tt.refusal; (err == nil) != (tt.refusal == "") || err != nil && err.Error() != want {
			t.Errorf("%s: got %v, want %s", tt.name, err, want)
		}
	}
}

// deployment makes Deployments whose pods are excepted in part, and wholly.
func (w *world) deployment(t *testing.T) {
	const name = "deploying"
	w.namespace(t, name, map[string]string{pss.EnforceLabel: "baseline"})
	w.write(t, "deploying.yaml", exceptionOf(name, name, "pods: {selector: {matchLabels: {app: web}}}, controls: [{id: privileged}]"))
	create := func(pod *corev1.Pod) []string {
		t.Helper()
		w.warnings.Take()
		_, err := w.client.AppsV1().Deployments(name).Create(t.Context(), deploymentOf(pod), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil {
			t.Fatal(err)
		}
		return w.warnings.Take()
	}
	eventually(t, "the exception", func() string { return strings.Join(create(podOf("whole", privileged)), "\n") })
	w.news(t)
	want := `would violate PodSecurity "baseline:latest": host namespaces (hostPID=true)`
	if got := create(podOf("part", privileged, hostPID)); !same(got, []string{want}) {
		t.Errorf("warnings %q, want %s", got, want)
	}
	events := w.news(t)
	if len(events) != 1 || events[0].Annotations["advisory.pod-security.gabion.io/exceptions"] != `"deploying": privileged` {
		t.Errorf("the audit log has %v", events)
	}
}

// sweeps labels a namespace with pods in it.
func (w *world) sweeps(t *testing.T) {
	const name = "swept"
	w.namespace(t, name, nil)
	w.write(t, "swept.yaml", exceptionOf(name, name, "pods: {serviceAccounts: [agent]}, containers: {images: [example.com/app]}, controls: [{id: privileged}]"))
	agent := func(p *corev1.Pod) { p.Spec.ServiceAccountName = "agent" }
	for _, p := range []*corev1.Pod{
		podOf("a-covered", agent, privileged), podOf("b-covered", agent, privileged), podOf("c-in-part", agent, privileged, hostPID),
		podOf("d-other", privileged), podOf("e-image", agent, privileged, func(p *corev1.Pod) { p.Spec.Containers[0].Image = "example.com/other" }),
		podOf("f-harmless"),
	} {
		w.create(t, name, p)
	}
	want := []string{
		`existing pods in namespace "swept" violate the new PodSecurity enforce level "baseline:latest"`,
		"c-in-part: host namespaces", "d-other (and 1 other pod): privileged",
	}
	patch := []byte(`{"metadata":{"labels":{"` + pss.EnforceLabel + `":"baseline"}}}`)
	eventually(t, "the sweep", func() string {
		w.warnings.Take()
		_, err := w.client.CoreV1().Namespaces().Patch(t.Context(), name, types.MergePatchType, patch, metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
		if got := w.warnings.Take(); err != nil || !same(got, want) {
			return fmt.Sprintf("warnings %q, want %q (%v)", got, want, err)
		}
		return ""
	})
}
