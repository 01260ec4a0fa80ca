package parity_test

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/e2e/samples"
)

// namespace returns a namespace; labels are pairs of what follows the prefix of
// the Pod Security labels and a value.
func namespace(name string, labels ...string) *corev1.Namespace {
	ns := &corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"team": "a"}},
	}
	for i := 0; i < len(labels); i += 2 {
		ns.Labels[pluginPrefix+labels[i]] = labels[i+1]
	}
	return ns
}

// pod returns a pod that keeps to restricted, with the changes.
func pod(name string, changes ...func(*corev1.Pod)) *corev1.Pod {
	p := samples.Compliant(name)
	for _, change := range changes {
		change(p)
	}
	return p
}

// hostPID makes a pod violate baseline.
func hostPID(p *corev1.Pod) { p.Spec.HostPID = true }

// privileged makes a pod violate baseline.
func privileged(p *corev1.Pod) {
	p.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{Privileged: new(true)}
}

// asRoot makes a pod violate restricted, but not baseline.
func asRoot(p *corev1.Pod) { p.Spec.SecurityContext.RunAsUser = new(int64(0)) }

// ofClass makes a pod be of a runtime class.
func ofClass(class string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.RuntimeClassName = new(class) }
}

// typed gives a pod an SELinux type. The API takes any text for it.
func typed(selinux string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.SecurityContext.SELinuxOptions = &corev1.SELinuxOptions{Type: selinux} }
}

// sized gives a container requests, so that it may be resized.
func sized(p *corev1.Pod) {
	p.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}
}

// The resources that embed a pod.
var workloads = []string{
	"replicationcontrollers", "podtemplates", "replicasets", "deployments", "statefulsets", "daemonsets", "jobs", "cronjobs",
}

// workload returns an object that embeds a pod.
func workload(kind, name string, p *corev1.Pod) metav1.Object {
	meta := metav1.ObjectMeta{Name: name}
	match := map[string]string{"app": "test"}
	selector := &metav1.LabelSelector{MatchLabels: match}
	t := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: match, Annotations: p.Annotations}, Spec: p.Spec}
	switch kind {
	case "replicationcontrollers":
		return &corev1.ReplicationController{
			TypeMeta: kindOf("v1", "ReplicationController"), ObjectMeta: meta,
			Spec: corev1.ReplicationControllerSpec{Selector: match, Template: &t},
		}
	case "podtemplates":
		return &corev1.PodTemplate{TypeMeta: kindOf("v1", "PodTemplate"), ObjectMeta: meta, Template: t}
	case "replicasets":
		return &appsv1.ReplicaSet{
			TypeMeta: kindOf("apps/v1", "ReplicaSet"), ObjectMeta: meta, Spec: appsv1.ReplicaSetSpec{Selector: selector, Template: t},
		}
	case "deployments":
		return &appsv1.Deployment{
			TypeMeta: kindOf("apps/v1", "Deployment"), ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Selector: selector, Template: t},
		}
	case "statefulsets":
		return &appsv1.StatefulSet{
			TypeMeta: kindOf("apps/v1", "StatefulSet"), ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Selector: selector, Template: t},
		}
	case "daemonsets":
		return &appsv1.DaemonSet{
			TypeMeta: kindOf("apps/v1", "DaemonSet"), ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{Selector: selector, Template: t},
		}
	}
	t.Spec.RestartPolicy = corev1.RestartPolicyNever
	job := batchv1.JobSpec{Template: t}
	if kind == "jobs" {
		return &batchv1.Job{TypeMeta: kindOf("batch/v1", "Job"), ObjectMeta: meta, Spec: job}
	}
	return &batchv1.CronJob{
		TypeMeta: kindOf("batch/v1", "CronJob"), ObjectMeta: meta,
		Spec: batchv1.CronJobSpec{Schedule: "1 * * * *", JobTemplate: batchv1.JobTemplateSpec{Spec: job}},
	}
}

func kindOf(apiVersion, kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: apiVersion, Kind: kind}
}

// Texts that Gabion does not print as they are.
var (
	quoted  = odd{raw: `a"b\c`, shown: `a\"b\\c`}
	long    = odd{raw: strings.Repeat("x", 300), shown: strings.Repeat("x", 255) + "…"}
	control = odd{raw: "a\nb\x1b[31m", shown: `a\nb\x1b[31m`, dropped: true}
)
