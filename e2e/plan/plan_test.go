package plan_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"

	"github.com/gabion-security/gabion/e2e/binaries"
)

func intOrString(n int32) intstr.IntOrString { return intstr.FromInt32(n) }

// planned is what is read of a plan.
type planned struct {
	Namespaces []struct {
		Name, Stage, Strictest string
		Labels                 map[string]string
		Change                 bool
		AtRisk                 []struct{ Object struct{ Kind, Name string } }
		Steps                  []struct {
			Enforce  string
			Blockers []struct {
				Object     struct{ Kind, Name string }
				Violations []struct{ Control, Origin string }
			}
		}
	}
}

// program is gabion with the cluster that it is asked about.
type program struct{ path string }

// build builds gabion once, into what is removed with the control plane.
var build = sync.OnceValues(func() (string, error) { return binaries.Gabion(context.Background(), plane.Dir()) })

func newProgram(t *testing.T) program {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return program{path}
}

// run runs a plan of the cluster as it is now and returns what it prints.
func (p program) run(t *testing.T, args ...string) string {
	t.Helper()
	return p.command(t, append([]string{"plan"}, args...)...)
}

// command runs a command that is to succeed, and returns what it prints.
func (p program) command(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), p.path, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+plane.Kubeconfig(), "HOME="+t.TempDir())
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("gabion %s: %v: %s\n%s", strings.Join(args, " "), err, errs.String(), out.String())
	}
	return out.String()
}

func (p program) plan(t *testing.T, args ...string) planned {
	t.Helper()
	var got planned
	if err := json.Unmarshal([]byte(p.run(t, append(args, "-o", "json")...)), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// version is the minor that the plan pins to.
func version() string { return plane.Version()[:strings.LastIndexByte(plane.Version(), '.')] }

func TestAPlanOf300NamespacesAnd10000PodsIsWhatTheAPIServerSaysOfThem(t *testing.T) {
	spaces := world()
	begin := time.Now()
	fill(t, spaces)
	t.Logf("%d namespaces were filled in %s", len(spaces), time.Since(begin).Round(100*time.Millisecond))
	client, gabion := fastClient(t), newProgram(t)
	got := gabion.plan(t)

	truth := askAll(t, client, spaces)
	plans := map[string]int{}
	for i := range got.Namespaces {
		plans[got.Namespaces[i].Name] = i
	}
	for i, s := range spaces {
		at, ok := plans[s.name]
		if !ok {
			t.Fatalf("namespace %s is not in the plan", s.name)
		}
		n := got.Namespaces[at]
		if n.Strictest != truth[i].strictest {
			t.Errorf("%s (pods %s, templates %s): the plan says that everything passes %s, the API server %s", s.name, s.pods, s.templates, n.Strictest, truth[i].strictest)
		}
		if risk := len(n.AtRisk) > 0; truth[i].known && risk != truth[i].atRisk {
			t.Errorf("%s (%v): the plan says at risk: %t, the API server %t", s.name, s.labels, risk, truth[i].atRisk)
		}
		if optedOut := s.labels["gabion.io/manage"] == "false"; optedOut != (n.Stage == "opted-out") || optedOut && len(n.Labels) > 0 {
			t.Errorf("%s: stage %s, labels %v", s.name, n.Stage, n.Labels)
		}
	}
	t.Run("a snapshot gives the same plan", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "cluster.json.gz")
		cmd := exec.CommandContext(t.Context(), gabion.path, "snapshot", "-o", path, "--kubeconfig", plane.Kubeconfig())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if diff := cmp.Diff(gabion.run(t, "-o", "json"), gabion.run(t, "-o", "json", "--from", path)); diff != "" {
			t.Errorf("(-live +snapshot):\n%s", diff)
		}
	})
	t.Run("the commands do what they say, in the real kubectl", func(t *testing.T) { runCommands(t, gabion, spaces[:10]) })
	file, plan := keepPlan(t, gabion)
	t.Run("gabion label rehearses all of it, and the API server agrees", func(t *testing.T) {
		label(t, gabion, plan, "--plan", file, "--dry-run=server")
	})
	t.Run("gabion label does all of it, and refuses no pod that was allowed", func(t *testing.T) { apply(t, client, gabion, plan, file, spaces) })
	t.Run("then there is nothing to label", func(t *testing.T) {
		file, again := keepPlan(t, gabion)
		for _, n := range again.Namespaces {
			if n.Change || n.Stage == "label" {
				t.Errorf("%s: stage %s, %s is to be labelled again", n.Name, n.Stage, n.Labels)
			}
		}
		label(t, gabion, again, "--plan", file, "--yes")
	})
}

// answer is what the API server says of a namespace.
type answer struct {
	strictest string
	// known says whether atRisk is known.
	known, atRisk bool
}

// askAll asks the API server about labelling each namespace, and about a pod of
// each template.
func askAll(t *testing.T, client kubernetes.Interface, spaces []space) []answer {
	t.Helper()
	for _, level := range levels[1:] {
		probe := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "probe-" + level, Labels: map[string]string{
			"pod-security.kubernetes.io/enforce": level, "pod-security.kubernetes.io/enforce-version": version(), "gabion.io/manage": "false",
		}}}
		if _, err := client.CoreV1().Namespaces().Create(t.Context(), probe, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	answers := make([]answer, len(spaces))
	each(t, len(spaces), func(ctx context.Context, i int) (err error) {
		answers[i], err = ask(ctx, client, &spaces[i])
		return err
	})
	return answers
}

func ask(ctx context.Context, client kubernetes.Interface, s *space) (answer, error) {
	a := answer{strictest: "privileged"}
	violate := map[string]bool{}
	for _, level := range levels[1:] {
		warnings, err := patch(ctx, client, s.name, map[string]string{
			"pod-security.kubernetes.io/enforce": level, "pod-security.kubernetes.io/enforce-version": version(),
		}, true)
		if err != nil {
			return a, err
		}
		refused, err := refused(ctx, client, "probe-"+level, s.template)
		if err != nil {
			return a, err
		}
		violate[level] = violating(warnings)
		if violate[level] || refused {
			break
		}
		a.strictest = level
	}
	enforced := s.labels["pod-security.kubernetes.io/enforce"]
	if s.labels["pod-security.kubernetes.io/enforce-version"] == "v1.30" {
		return a, nil // the API server does not say what it thinks of pods by the version that stands
	}
	refused, err := refused(ctx, client, s.name, s.template)
	if enforced == "restricted" { // what violates baseline violates restricted, and was not asked about
		violate[enforced] = violate[enforced] || violate["baseline"]
	}
	a.known, a.atRisk = true, refused || violate[enforced]
	return a, err
}

// violating reports whether warnings say that pods violate a level.
func violating(warnings []string) bool {
	return strings.Contains(strings.Join(warnings, "\n"), "existing pods in namespace")
}

// refused rehearses making a pod.
func refused(ctx context.Context, client kubernetes.Interface, namespace string, s corev1.PodSpec) (bool, error) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "rehearsal"}, Spec: s}
	_, err := client.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if apierrors.IsForbidden(err) && strings.Contains(err.Error(), "violates PodSecurity") {
		return true, nil
	}
	return false, err
}

// runCommands runs the commands of the plan for a few namespaces.
func runCommands(t *testing.T, gabion program, spaces []space) {
	args := []string{"-o", "kubectl"}
	for _, s := range spaces {
		args = append(args, s.name)
	}
	script := gabion.run(t, args...)
	out := shell(t, script)
	if n := strings.Count(out, " labeled\n"); n != strings.Count(script, "\nkubectl label ") || n < 6 {
		t.Errorf("%d namespaces were labelled by\n%s\nwhich said\n%s", n, script, out)
	}
	for _, n := range gabion.plan(t).Namespaces {
		for _, s := range spaces {
			if n.Name == s.name && n.Change {
				t.Errorf("%s: the commands were run, and there is still %v to set", n.Name, n.Labels)
			}
		}
	}
}

// shell runs commands as somebody would who pastes them, and returns what they
// print.
func shell(t *testing.T, commands string) string {
	t.Helper()
	kubectl := plane.Kubectl(t.Context())
	sh := exec.CommandContext(t.Context(), "sh", "-eu", "-c", "kubectl() { "+kubectl.Path+" \"$@\"; }\n"+commands)
	sh.Env = kubectl.Env
	out, err := sh.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// keepPlan makes a plan of the whole cluster, as a file and as what is in it.
func keepPlan(t *testing.T, gabion program) (file string, plan planned) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "plan.json")
	text := gabion.run(t, "-o", "json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		t.Fatal(err)
	}
	return file, plan
}

// label hands a plan to gabion label, whose outcomes have to be what the plan
// says: every namespace for which it proposes labels gets them, and no other.
func label(t *testing.T, gabion program, plan planned, args ...string) {
	t.Helper()
	text := gabion.command(t, append([]string{"label", "--force-conflicts", "-o", "json"}, args...)...)
	var labelled struct {
		Namespaces []struct {
			Namespace, Outcome, Reason string
			Blockers, Loosened         []any
			Warnings                   []string
		}
	}
	if err := json.Unmarshal([]byte(text), &labelled); err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]string{}
	risky := map[string]bool{}
	for _, n := range plan.Namespaces {
		risky[n.Name] = len(n.AtRisk) > 0
		switch {
		case len(n.Labels) == 0:
		case n.Change:
			outcomes[n.Name] = "labeled"
		default:
			outcomes[n.Name] = "unchanged"
		}
	}
	if len(outcomes) < namespaces/2 {
		t.Fatalf("labels are proposed for %d namespaces only", len(outcomes))
	}
	got := map[string]string{}
	for _, n := range labelled.Namespaces {
		got[n.Namespace] = n.Outcome
		if n.Reason != "" || len(n.Blockers)+len(n.Loosened) > 0 || violating(n.Warnings) && !risky[n.Namespace] {
			t.Errorf("%s is %s: %s%v, %v, %q", n.Namespace, n.Outcome, n.Reason, n.Blockers, n.Loosened, n.Warnings)
		}
	}
	if diff := cmp.Diff(outcomes, got); diff != "" {
		t.Errorf("outcomes (-planned +labelled):\n%s", diff)
	}
}

// apply labels by a plan and looks for pods that the labels refuse.
func apply(t *testing.T, client kubernetes.Interface, gabion program, plan planned, file string, spaces []space) {
	was := refusals(t, client, spaces)
	label(t, gabion, plan, "--plan", file, "--yes", "--undo-file", file+".undo")
	for _, n := range plan.Namespaces {
		if !n.Change {
			continue
		}
		now, err := client.CoreV1().Namespaces().Get(t.Context(), n.Name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for key, value := range n.Labels {
			if now.Labels[key] != value {
				t.Errorf("%s: %s is %q, planned was %q", n.Name, key, now.Labels[key], value)
			}
		}
	}
	if err := plane.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, refused := range refusals(t, client, spaces) {
		if refused && !was[name] {
			t.Errorf("%s refuses the pods of its own template now", name)
		}
	}
}

// refusals says which namespaces refuse the pods of their own template.
func refusals(t *testing.T, client kubernetes.Interface, spaces []space) map[string]bool {
	t.Helper()
	answers := make([]bool, len(spaces))
	each(t, len(spaces), func(ctx context.Context, i int) (err error) {
		answers[i], err = refused(ctx, client, spaces[i].name, spaces[i].template)
		return err
	})
	all := map[string]bool{}
	for i, s := range spaces {
		all[s.name] = answers[i]
	}
	return all
}

func TestTheKustomizationOfAPlanSetsItsLabelsInTheRealKubectl(t *testing.T) {
	client, gabion := fastClient(t), newProgram(t)
	names := []string{"gitops-a", "gitops-b"}
	dir := t.TempDir()
	files := map[string]string{"kustomization.yaml": "resources: [namespaces.yaml]\ncomponents: [pod-security]\n", "namespaces.yaml": ""}
	for _, name := range names {
		manifest := "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " + name + ", labels: {team: a}}\n"
		files["namespaces.yaml"] += manifest
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"team": "a"}}}
		if _, err := client.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	// A component also names namespaces that this folder does not have.
	files["pod-security/kustomization.yaml"] = gabion.run(t, append(names, "kube-public", "--system", "-o", "kustomize")...)
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := plane.Kubectl(t.Context(), "apply", "-k", dir, "--server-side", "--force-conflicts").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s\n%s", err, out, files["pod-security/kustomization.yaml"])
	}
	for _, name := range names {
		got, err := client.CoreV1().Namespaces().Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{
			"team": "a", "kubernetes.io/metadata.name": name,
			"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/enforce-version": version(),
			"pod-security.kubernetes.io/warn": "restricted", "pod-security.kubernetes.io/warn-version": "latest",
			"pod-security.kubernetes.io/audit": "restricted", "pod-security.kubernetes.io/audit-version": "latest",
		}
		if diff := cmp.Diff(want, got.Labels); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTheAuditLogOfTheAPIServerShowsPodsThatAreGone(t *testing.T) {
	client, gabion := fastClient(t), newProgram(t)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "gone", Labels: map[string]string{"pod-security.kubernetes.io/audit": "restricted"}}}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := plane.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, level := range levels {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "once-" + level}, Spec: spec(level, i)}
		if _, err := client.CoreV1().Pods("gone").Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := client.CoreV1().Pods("gone").Delete(t.Context(), pod.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))}); err != nil {
			t.Fatal(err)
		}
	}
	log := filepath.Join(plane.Dir(), "audit.log")
	got := gabion.plan(t, "gone", "--audit-log", log)
	var blockers []string
	for _, step := range got.Namespaces[0].Steps {
		for _, b := range step.Blockers {
			blockers = append(blockers, fmt.Sprintf("%s %s/%s %s", step.Enforce, b.Object.Kind, b.Object.Name, b.Violations[0].Origin))
		}
	}
	want := []string{
		"baseline:" + version() + " Pod/once-privileged audit-log",
		"restricted:" + version() + " Pod/once-baseline audit-log",
		"restricted:" + version() + " Pod/once-privileged audit-log",
	}
	if diff := cmp.Diff(want, blockers); diff != "" || got.Namespaces[0].Strictest != "privileged" {
		t.Errorf("%s; (-want +got):\n%s", got.Namespaces[0].Strictest, diff)
	}
	if without := gabion.plan(t, "gone"); without.Namespaces[0].Strictest != "restricted" {
		t.Errorf("without the log: %+v", without.Namespaces[0])
	}
}
