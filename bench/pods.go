package main

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// passingPod returns a pod that meets restricted, as a chart would write it.
func passingPod() *corev1.Pod {
	return &corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{
			Name: "web-5d4f8c7b9d-x2x7k", Namespace: "default",
			Labels: map[string]string{"app.kubernetes.io/name": "web", "pod-template-hash": "5d4f8c7b9d"},
		},
		Spec: corev1.PodSpec{
			ServiceAccountName: "web",
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot:   new(true),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{container("web")},
			Volumes: []corev1.Volume{
				{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
					LocalObjectReference: corev1.LocalObjectReference{Name: "web"},
				}}},
				{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
			},
		},
	}
}

func container(name string) corev1.Container {
	return corev1.Container{
		Name: name, Image: "registry.example.com/shop/" + name + ":1.4.2",
		Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false),
			ReadOnlyRootFilesystem:   new(true),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
		LivenessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{
			HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromString("http")},
		}},
		Resources: corev1.ResourceRequirements{
			Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("256Mi")},
		},
		VolumeMounts: []corev1.VolumeMount{{Name: "config", MountPath: "/etc/web"}, {Name: "tmp", MountPath: "/tmp"}},
	}
}

// failingPod returns a pod with two containers that fails half of restricted.
func failingPod() *corev1.Pod {
	pod := passingPod()
	pod.Spec.SecurityContext = nil
	pod.Spec.HostNetwork = true
	pod.Spec.Containers = append(pod.Spec.Containers, container("proxy"))
	for i := range pod.Spec.Containers {
		pod.Spec.Containers[i].Ports = nil
		pod.Spec.Containers[i].SecurityContext = &corev1.SecurityContext{
			Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"NET_ADMIN"}},
		}
	}
	pod.Spec.Volumes[1].VolumeSource = corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/tmp"}}
	return pod
}

// podOfSize returns a pod that meets restricted and whose JSON has about so
// many bytes: what makes pods long is environment and more containers.
func podOfSize(size int) (*corev1.Pod, error) {
	pod := passingPod()
	for n := 0; ; n++ {
		text, err := json.Marshal(pod)
		if err != nil {
			return nil, err
		}
		if len(text) >= size {
			return pod, nil
		}
		if n%24 == 23 {
			pod.Spec.Containers = append(pod.Spec.Containers, container(fmt.Sprintf("sidecar-%d", n)))
			continue
		}
		c := &pod.Spec.Containers[len(pod.Spec.Containers)-1]
		c.Env = append(c.Env, corev1.EnvVar{
			Name:  fmt.Sprintf("SHOP_SETTING_%02d", n),
			Value: fmt.Sprintf("https://settings.example.com/%d", n),
		})
	}
}
