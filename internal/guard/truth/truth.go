// Package truth is a table of pods and guards with what has to come of them, for
// tests of everything that judges by guards: they must all agree.
//
// It is every combination of what a guard means, what it asks, what a pod does and
// what is excepted. What has to come of one follows from what is in it, without
// anything that judges.
package truth

import (
	"fmt"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Row is a pod and the guard of its namespace, and what has to come of it.
type Row struct {
	// Name says what is combined.
	Name string
	// ID names the namespace, the pod, the guard and the exception of the row.
	ID string
	// Allowed says whether the pod passes.
	Allowed bool
	// Early is what becomes of a Job that makes such pods: "deny", "warn" or "" for
	// nothing.
	Early string

	labels    map[string]string
	spec      corev1.PodSpec
	guard     v1alpha1.PodSecurityGuard
	exception *v1alpha1.PodSecurityException
}

// profile is the name of the profile that guards of the table name, which is not met
// by a writable root filesystem.
const profile = "truth-sealed"

// Profile returns the one profile that there is, as YAML.
func Profile() []byte {
	return text(v1alpha1.PodSecurityProfile{
		TypeMeta: typeMeta(v1alpha1.KindPodSecurityProfile), ObjectMeta: metav1.ObjectMeta{Name: profile},
		Spec: v1alpha1.PodSecurityProfileSpec{
			Base: v1alpha1.Base{Level: "privileged"}, ContainerControls: v1alpha1.ContainerControls{ReadOnlyRootFilesystem: v1alpha1.IsRequired},
		},
	})
}

// Namespace returns the row's namespace as YAML.
func (r *Row) Namespace() []byte {
	return text(corev1.Namespace{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}, ObjectMeta: metav1.ObjectMeta{Name: r.ID, Labels: r.labels},
	})
}

// NamespaceLabels returns the labels of the row's namespace.
func (r *Row) NamespaceLabels() map[string]string { return r.labels }

// Pod returns the row's pod as YAML.
func (r *Row) Pod() []byte {
	return text(corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: metav1.ObjectMeta{Name: r.ID, Namespace: r.ID}, Spec: r.spec,
	})
}

// Job returns a Job that makes such pods, as YAML.
func (r *Row) Job() []byte {
	spec := *r.spec.DeepCopy()
	spec.RestartPolicy = corev1.RestartPolicyNever
	return text(batchv1.Job{
		TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"}, ObjectMeta: metav1.ObjectMeta{Name: r.ID + "-job", Namespace: r.ID},
		Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: spec}},
	})
}

// Documents returns the row's guard, and its exception if there is one, as YAML.
func (r *Row) Documents() [][]byte {
	all := [][]byte{text(r.guard)}
	if r.exception != nil {
		all = append(all, text(r.exception))
	}
	return all
}

// text returns an object as YAML, or what nobody takes for that.
func text(o any) []byte {
	b, err := yaml.Marshal(o)
	if err != nil {
		return []byte("not written: " + err.Error())
	}
	return b
}

func typeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion().String(), Kind: kind}
}

// The things that may be wrong with a pod of the table.
const (
	hostPID  = "hostNamespaces"         // what baseline asks for
	loose    = "restricted"             // what only restricted asks for
	writable = "readOnlyRootFilesystem" // what only the profile asks for
	missing  = "missing"                // what a profile that is not there asks for
)

// asks are what a level asks for.
func asks(level string) []string {
	return map[string][]string{"baseline": {hostPID}, "restricted": {hostPID, loose}}[level]
}

// Rows returns the table. No guard means the namespace of another row.
func Rows() []Row {
	var rows []Row
	levels := []string{"privileged", "baseline", "restricted"}
	actions := []v1alpha1.WorkloadAction{v1alpha1.WorkloadsDeny, "", v1alpha1.WorkloadsOff}
	for _, m := range meanings() {
		for _, a := range asking() {
			for _, p := range pods() {
				for _, x := range []string{"", hostPID, writable} {
					n := len(rows)
					level, action := levels[n%len(levels)], actions[n/len(levels)%len(actions)]
					rows = append(rows, row(n, m, a, p, x, level, action))
				}
			}
		}
	}
	return rows
}

// row combines a row, and works out what has to come of it.
func row(n int, m meaning, a ask, p pod, excepted, level string, action v1alpha1.WorkloadAction) Row {
	id := fmt.Sprintf("guard-row-%03d", n)
	r := Row{ID: id, Name: fmt.Sprintf("guard of %s that asks for %s; labels %s; a pod that %s; excepted %q; workloads %q", m.name, a.name, level, p.name, excepted, action)}
	r.labels = map[string]string{pss.EnforceLabel: level, "row": id}
	r.spec = p.make()
	r.guard = v1alpha1.PodSecurityGuard{TypeMeta: typeMeta(v1alpha1.KindPodSecurityGuard), ObjectMeta: metav1.ObjectMeta{Name: id}}
	r.guard.Spec.Namespaces, r.guard.Spec.Workloads = m.of(id), action
	a.make(&r.guard.Spec)
	asked := asks(level)
	if m.means {
		asked = slices.Concat(asked, a.asks)
	}
	if excepted != "" {
		r.exception = &v1alpha1.PodSecurityException{
			TypeMeta: typeMeta(v1alpha1.KindPodSecurityException), ObjectMeta: metav1.ObjectMeta{Name: id},
			Spec: v1alpha1.PodSecurityExceptionSpec{
				Reason: "row " + id, Namespaces: v1alpha1.Namespaces{Names: []string{id}}, Controls: []v1alpha1.ExceptedControl{{ID: excepted}},
			},
		}
	}
	r.Allowed = !slices.ContainsFunc(asked, func(control string) bool {
		return control == missing || control != excepted && slices.Contains(p.wrong, control)
	})
	if m.means && !r.Allowed {
		r.Early = map[v1alpha1.WorkloadAction]string{v1alpha1.WorkloadsDeny: "deny", "": "warn"}[action]
	}
	return r
}

// meaning is a way to say which namespaces a guard means, and whether that is the
// row's.
type meaning struct {
	name  string
	means bool
	of    func(id string) v1alpha1.Namespaces
}

func meanings() []meaning {
	label := func(value string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{"row": value}}
	}
	return []meaning{
		{"its name", true, func(id string) v1alpha1.Namespaces { return v1alpha1.Namespaces{Names: []string{"other", id}} }},
		{"another name", false, func(id string) v1alpha1.Namespaces { return v1alpha1.Namespaces{Names: []string{id + "-x"}} }},
		{"its label", true, func(id string) v1alpha1.Namespaces { return v1alpha1.Namespaces{Selector: label(id)} }},
		{"another label", false, func(id string) v1alpha1.Namespaces { return v1alpha1.Namespaces{Selector: label(id + "-x")} }},
		{"its name and another label", false, func(id string) v1alpha1.Namespaces {
			return v1alpha1.Namespaces{Names: []string{id}, Selector: label("none")}
		}},
		{"its label but not its name", false, func(id string) v1alpha1.Namespaces {
			return v1alpha1.Namespaces{Selector: label(id), Except: []string{id}}
		}},
	}
}

// ask is something that a guard asks of pods.
type ask struct {
	name string
	asks []string
	make func(*v1alpha1.PodSecurityGuardSpec)
}

func asking() []ask {
	floor := func(enforce string, pods bool) func(*v1alpha1.PodSecurityGuardSpec) {
		return func(s *v1alpha1.PodSecurityGuardSpec) {
			s.Floor, s.ApplyToPods = &v1alpha1.Floor{Enforce: enforce}, pods
		}
	}
	return []ask{
		{"the floor baseline", asks("baseline"), floor("baseline:latest", true)},
		{"the floor restricted", asks("restricted"), floor("restricted", true)},
		{"a floor of labels alone", nil, floor("restricted:latest", false)},
		{"a profile", []string{writable}, func(s *v1alpha1.PodSecurityGuardSpec) { s.Profile = profile }},
		{"a floor and a profile", []string{hostPID, writable}, func(s *v1alpha1.PodSecurityGuardSpec) {
			floor("baseline", true)(s)
			s.Profile = profile
		}},
		{"a profile that is not there", []string{missing}, func(s *v1alpha1.PodSecurityGuardSpec) { s.Profile = "truth-none" }},
	}
}

// pod is a pod with what is wrong with it.
type pod struct {
	name  string
	wrong []string
	make  func() corev1.PodSpec
}

func pods() []pod {
	sealed := func() corev1.PodSpec {
		no, yes := false, true
		return corev1.PodSpec{
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: &yes, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{Name: "c", Image: "example.com/app:1", SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
				Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			}}},
		}
	}
	changed := func(change func(*corev1.PodSpec)) func() corev1.PodSpec {
		return func() corev1.PodSpec {
			spec := sealed()
			change(&spec)
			return spec
		}
	}
	return []pod{
		{"does nothing wrong", nil, sealed},
		{"shares the node's processes", []string{hostPID}, changed(func(s *corev1.PodSpec) { s.HostPID = true })},
		{"may be root", []string{loose}, changed(func(s *corev1.PodSpec) { s.SecurityContext.RunAsNonRoot = nil })},
		{"writes its root", []string{writable}, changed(func(s *corev1.PodSpec) { s.Containers[0].SecurityContext.ReadOnlyRootFilesystem = nil })},
	}
}
