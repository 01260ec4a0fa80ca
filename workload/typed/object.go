package typed

import (
	"errors"
	"fmt"

	"github.com/gabion-security/gabion/workload"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

var (
	// ErrKind says that an object is of none of the kinds that [Object] reads.
	ErrKind = errors.New("not a built-in kind with a pod template")
	// ErrNoTemplate says that an object, or its pod template, is nil.
	ErrNoTemplate = errors.New("no pod template")
)

// Object reads the pod template of an object of a built-in kind, which is given
// by pointer: Pod, PodTemplate, ReplicationController, ReplicaSet, Deployment,
// StatefulSet, DaemonSet, Job or CronJob. The error wraps [ErrKind] or
// [ErrNoTemplate]; an object that comes with one must not count as fine.
func Object(object any, o workload.Options) (workload.Template, error) {
	const ofSpec = "spec.template"
	var path string
	var t *corev1.PodTemplateSpec
	switch object := object.(type) {
	case *corev1.Pod:
		if object != nil {
			return Pod(object, o), nil
		}
	case *corev1.PodTemplate:
		if object != nil {
			path, t = "template", &object.Template
		}
	case *corev1.ReplicationController:
		if object != nil {
			path, t = ofSpec, object.Spec.Template
		}
	case *appsv1.ReplicaSet:
		if object != nil {
			path, t = ofSpec, &object.Spec.Template
		}
	case *appsv1.Deployment:
		if object != nil {
			path, t = ofSpec, &object.Spec.Template
		}
	case *appsv1.StatefulSet:
		if object != nil {
			path, t = ofSpec, &object.Spec.Template
		}
	case *appsv1.DaemonSet:
		if object != nil {
			path, t = ofSpec, &object.Spec.Template
		}
	case *batchv1.Job:
		if object != nil {
			path, t = ofSpec, &object.Spec.Template
		}
	case *batchv1.CronJob:
		if object != nil {
			path, t = "spec.jobTemplate.spec.template", &object.Spec.JobTemplate.Spec.Template
		}
	default:
		return workload.Template{}, fmt.Errorf("%T: %w", object, ErrKind)
	}
	if t == nil {
		return workload.Template{}, fmt.Errorf("%T: %w", object, ErrNoTemplate)
	}
	view := Template(&t.ObjectMeta, &t.Spec, o)
	view.Path = path
	return view, nil
}
