package label_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/e2e/samples"
)

// labelReport is what the test reads of the JSON of `gabion label`.
type labelReport struct {
	Namespaces []struct {
		Namespace string
		Outcome   string
		Blockers  []struct {
			Object     struct{ Kind, Name string }
			Template   bool
			Pods       int
			Violations []struct{ Reason string }
		}
		Warnings []string
	}
}

// group is a line of the API server about pods that violate the same.
var group = regexp.MustCompile(`^(\S+?)(?: \(and (\d+) other pods?\))?: (.*)$`)

// warned counts the pods that the API server warns of by what they violate.
func warned(t *testing.T, warnings []string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, w := range warnings {
		if strings.HasPrefix(w, "existing pods in namespace") {
			continue
		}
		m := group.FindStringSubmatch(w)
		if m == nil {
			t.Fatalf("the API server warns of something else: %q", w)
		}
		others, _ := strconv.Atoi(m[2]) // none is 0
		counts[m[3]] += 1 + others
	}
	return counts
}

// details are what the API server says in parentheses of what is wrong.
var details = regexp.MustCompile(` \((?:[^()"]|"[^"]*"|\([^()]*\))*\)`)

// warnedOf rehearses making what makes pods in a namespace, and returns what the
// API server warns of, without its details.
func (w *maker) warnedOf(t *testing.T, probe string) string {
	t.Helper()
	result := w.client.Post().Namespace(probe).Resource(w.resource).Param("dryRun", "All").Body(w.object).Do(t.Context())
	must(t, result.Error())
	for _, warning := range result.Warnings() {
		if _, wrong, ok := strings.Cut(warning.Text, `would violate PodSecurity "`); ok {
			_, wrong, _ = strings.Cut(wrong, `": `)
			return details.ReplaceAllString(wrong, "")
		}
	}
	return ""
}

// maker is an object that makes pods.
type maker struct {
	kind, resource string
	client         rest.Interface
	object         runtime.Object
}

// randomMaker returns something that makes pods of a template.
func randomMaker(r *rand.Rand, name string, spec corev1.PodSpec) maker {
	meta := metav1.ObjectMeta{Name: name}
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"a": name}}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: selector.MatchLabels}, Spec: spec}
	once := *template.DeepCopy()
	once.Spec.RestartPolicy = corev1.RestartPolicyNever
	core, apps, batch := plane.Client().CoreV1().RESTClient(), plane.Client().AppsV1().RESTClient(), plane.Client().BatchV1().RESTClient()
	all := []maker{
		{"Deployment", "deployments", apps, &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Selector: selector, Template: template}}},
		{"ReplicaSet", "replicasets", apps, &appsv1.ReplicaSet{ObjectMeta: meta, Spec: appsv1.ReplicaSetSpec{Selector: selector, Template: template}}},
		{"StatefulSet", "statefulsets", apps, &appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Selector: selector, Template: template}}},
		{"DaemonSet", "daemonsets", apps, &appsv1.DaemonSet{ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{Selector: selector, Template: template}}},
		{"Job", "jobs", batch, &batchv1.Job{ObjectMeta: meta, Spec: batchv1.JobSpec{Template: once}}},
		{"CronJob", "cronjobs", batch, &batchv1.CronJob{ObjectMeta: meta, Spec: batchv1.CronJobSpec{
			Schedule: "0 0 * * *", JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: once}},
		}}},
		{"PodTemplate", "podtemplates", core, &corev1.PodTemplate{ObjectMeta: meta, Template: template}},
		{"ReplicationController", "replicationcontrollers", core, &corev1.ReplicationController{
			ObjectMeta: meta, Spec: corev1.ReplicationControllerSpec{Selector: selector.MatchLabels, Template: &template},
		}},
	}
	return all[r.IntN(len(all))]
}

// randomWorkload makes something that makes pods, and perhaps one that it made,
// and returns it.
func randomWorkload(t *testing.T, r *rand.Rand, namespace, name string) maker {
	t.Helper()
	pod := randomPod(r, name+"-pod")
	w := randomMaker(r, name, pod.Spec)
	var made metav1.PartialObjectMetadata
	text, err := w.client.Post().Namespace(namespace).Resource(w.resource).Body(w.object).SetHeader("Accept", "application/json").Do(t.Context()).Raw()
	must(t, err)
	must(t, json.Unmarshal(text, &made))
	if r.IntN(2) == 0 {
		pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(&made, made.GroupVersionKind())}
		_, err := plane.Client().CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{})
		must(t, err)
	}
	return w
}

// randomPod returns a pod that restricted forbids for some reason or other.
func randomPod(r *rand.Rand, name string) *corev1.Pod {
	yes, no := true, false
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}}
	p.Spec.HostPID, p.Spec.HostNetwork = r.IntN(5) == 0, r.IntN(5) == 0
	c := corev1.Container{Name: "c", Image: "i", SecurityContext: &corev1.SecurityContext{}}
	if r.IntN(2) == 0 {
		c.SecurityContext.AllowPrivilegeEscalation = &no
		c.SecurityContext.Capabilities = &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}
	}
	if r.IntN(2) == 0 {
		c.SecurityContext.RunAsNonRoot = &yes
		p.Spec.SecurityContext = &corev1.PodSecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}}
	}
	if r.IntN(4) == 0 {
		p.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}}}
	}
	p.Spec.Containers = []corev1.Container{c}
	return p
}

func TestWhatIsInTheWayIsWhatTheAPIServerWarnsOf(t *testing.T) {
	t.Parallel()
	seed := samples.Seed(t)
	r := rand.New(rand.NewPCG(seed, 0))
	var names []string
	makers := map[string]map[string]maker{}
	for i := range 30 {
		name := fmt.Sprintf("random-%02d", i)
		names = append(names, name)
		makeNamespace(t, name)
		for j := range r.IntN(5) {
			_, err := plane.Client().CoreV1().Pods(name).Create(t.Context(), randomPod(r, fmt.Sprintf("p%d", j)), metav1.CreateOptions{})
			must(t, err)
		}
		makers[name] = map[string]maker{}
		for j := range r.IntN(4) {
			w := randomWorkload(t, r, name, fmt.Sprintf("w%d", j))
			makers[name][w.kind+"/"+fmt.Sprintf("w%d", j)] = w
		}
	}
	pods, templates := 0, 0
	for _, level := range []string{"baseline:latest", "restricted:v1.20", "restricted:latest"} {
		probe := "probe-" + strings.NewReplacer(":", "-", ".", "-").Replace(level)
		name, version, _ := strings.Cut(level, ":")
		makeNamespace(t, probe, "warn="+name, "warn-version="+version)
		must(t, plane.Settle(t.Context()))
		out := newOperator(t).label(append([]string{"--enforce=" + level, "--force", "--dry-run=server", "-o", "json"}, names...)...).exits(0).stdout
		var got labelReport
		must(t, json.Unmarshal([]byte(out), &got))
		if len(got.Namespaces) != len(names) {
			t.Fatalf("%d namespaces are in the report", len(got.Namespaces))
		}
		for _, n := range got.Namespaces {
			judged, made := map[string]int{}, map[string]string{}
			for _, b := range n.Blockers {
				var reasons []string
				for _, v := range b.Violations {
					reasons = append(reasons, v.Reason)
				}
				wrong := strings.Join(reasons, ", ")
				if b.Pods > 0 {
					judged[wrong] += b.Pods
				}
				if b.Template {
					made[b.Object.Kind+"/"+b.Object.Name] = wrong
				}
			}
			pods, templates = pods+len(judged), templates+len(made)
			if diff := cmp.Diff(warned(t, n.Warnings), judged); diff != "" {
				t.Errorf("seed %d: pods of %s at %s (-API server +gabion):\n%s", seed, n.Namespace, level, diff)
			}
			want := map[string]string{}
			for name, w := range makers[n.Namespace] {
				if wrong := w.warnedOf(t, probe); wrong != "" {
					want[name] = wrong
				}
			}
			if diff := cmp.Diff(want, made); diff != "" {
				t.Errorf("seed %d: workloads of %s at %s (-API server +gabion):\n%s", seed, n.Namespace, level, diff)
			}
		}
	}
	if pods == 0 || templates == 0 {
		t.Errorf("seed %d: %d kinds of pods and %d templates were in the way", seed, pods, templates)
	}
}
