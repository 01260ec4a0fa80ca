package psp

import (
	"iter"

	corev1 "k8s.io/api/core/v1"
)

// container is a container of any sort, as far as policies look at it.
type container struct {
	path    string
	name    string
	context **corev1.SecurityContext
	mounts  []corev1.VolumeMount
	ports   []corev1.ContainerPort
}

// containers yields all containers of a pod in the order of Kubernetes: those
// for initialisation first.
func containers(spec *corev1.PodSpec) iter.Seq[*container] {
	return func(yield func(*container) bool) {
		for i := range spec.InitContainers {
			c := &spec.InitContainers[i]
			if !yield(&container{at("spec.initContainers", i), c.Name, &c.SecurityContext, c.VolumeMounts, c.Ports}) {
				return
			}
		}
		for i := range spec.Containers {
			c := &spec.Containers[i]
			if !yield(&container{at("spec.containers", i), c.Name, &c.SecurityContext, c.VolumeMounts, c.Ports}) {
				return
			}
		}
		for i := range spec.EphemeralContainers {
			c := &spec.EphemeralContainers[i]
			if !yield(&container{at("spec.ephemeralContainers", i), c.Name, &c.SecurityContext, c.VolumeMounts, c.Ports}) {
				return
			}
		}
	}
}

// own is the container's own security context; it is not to be changed.
func (c *container) own() *corev1.SecurityContext {
	if *c.context == nil {
		return &corev1.SecurityContext{}
	}
	return *c.context
}

// podContext is the pod's security context; it is not to be changed.
func podContext(pod *corev1.Pod) *corev1.PodSecurityContext {
	if pod.Spec.SecurityContext == nil {
		return &corev1.PodSecurityContext{}
	}
	return pod.Spec.SecurityContext
}

// What a container does not say, the pod may.

func (c *container) runAsUser(pod *corev1.Pod) *int64 {
	if v := c.own().RunAsUser; v != nil {
		return v
	}
	return podContext(pod).RunAsUser
}

func (c *container) runAsGroup(pod *corev1.Pod) *int64 {
	if v := c.own().RunAsGroup; v != nil {
		return v
	}
	return podContext(pod).RunAsGroup
}

func (c *container) runAsNonRoot(pod *corev1.Pod) *bool {
	if v := c.own().RunAsNonRoot; v != nil {
		return v
	}
	return podContext(pod).RunAsNonRoot
}

func (c *container) seLinux(pod *corev1.Pod) *corev1.SELinuxOptions {
	if v := c.own().SELinuxOptions; v != nil {
		return v
	}
	return podContext(pod).SELinuxOptions
}
