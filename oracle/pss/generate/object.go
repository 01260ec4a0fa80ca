package generate

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Kinds are the built-in kinds with a pod template, and Pod.
func Kinds() []string {
	return []string{
		"Pod", "PodTemplate", "ReplicationController", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob",
	}
}

// Object makes an object of the kind, and nil for a kind that [Kinds] lacks.
func (g *Generator) Object(kind string) runtime.Object {
	if kind == "Pod" {
		return g.Pod()
	}
	core := metav1.TypeMeta{APIVersion: "v1", Kind: kind}
	apps := metav1.TypeMeta{APIVersion: "apps/v1", Kind: kind}
	batch := metav1.TypeMeta{APIVersion: "batch/v1", Kind: kind}
	meta := metav1.ObjectMeta{Name: "w", Namespace: "default", Annotations: map[string]string{appArmorPrefix + "a0": "unconfined"}}
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "a"}}
	t := g.Template()
	switch kind {
	case "PodTemplate":
		return &corev1.PodTemplate{TypeMeta: core, ObjectMeta: meta, Template: t}
	case "ReplicationController":
		return &corev1.ReplicationController{TypeMeta: core, ObjectMeta: meta, Spec: corev1.ReplicationControllerSpec{Template: &t}}
	case "ReplicaSet":
		return &appsv1.ReplicaSet{TypeMeta: apps, ObjectMeta: meta, Spec: appsv1.ReplicaSetSpec{Template: t, Selector: selector}}
	case "Deployment":
		return &appsv1.Deployment{TypeMeta: apps, ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Template: t, Selector: selector}}
	case "StatefulSet":
		return &appsv1.StatefulSet{TypeMeta: apps, ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Template: t, Selector: selector}}
	case "DaemonSet":
		return &appsv1.DaemonSet{TypeMeta: apps, ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{Template: t, Selector: selector}}
	case "Job":
		return &batchv1.Job{TypeMeta: batch, ObjectMeta: meta, Spec: batchv1.JobSpec{Template: t}}
	case "CronJob":
		return &batchv1.CronJob{TypeMeta: batch, ObjectMeta: meta, Spec: batchv1.CronJobSpec{
			Schedule: "* * * * *", JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: t}},
		}}
	}
	return nil
}

// TemplateOf returns the pod template of an object of one of [Kinds], a Pod's
// own metadata and spec, and nil for other objects.
func TemplateOf(object runtime.Object) *corev1.PodTemplateSpec {
	switch object := object.(type) {
	case *corev1.Pod:
		return &corev1.PodTemplateSpec{ObjectMeta: object.ObjectMeta, Spec: object.Spec}
	case *corev1.PodTemplate:
		return &object.Template
	case *corev1.ReplicationController:
		return object.Spec.Template
	case *appsv1.ReplicaSet:
		return &object.Spec.Template
	case *appsv1.Deployment:
		return &object.Spec.Template
	case *appsv1.StatefulSet:
		return &object.Spec.Template
	case *appsv1.DaemonSet:
		return &object.Spec.Template
	case *batchv1.Job:
		return &object.Spec.Template
	case *batchv1.CronJob:
		return &object.Spec.JobTemplate.Spec.Template
	}
	return nil
}
