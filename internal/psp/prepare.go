package psp

import (
	"cmp"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

const (
	mirrorAnnotation = "kubernetes.io/config.mirror"
	defaultAccount   = "default"
	tokenVolume      = "kube-api-access-"
	accountMount     = "/var/run/secrets/kubernetes.io/serviceaccount"
	tokenSeconds     = 60*60 + 7
)

// prepare returns what the API server of Kubernetes 1.24 had made of a pod by the
// time that PodSecurityPolicy saw it, as far as policies look at it: its own
// defaulting, and the service account with its token.
func prepare(pod *corev1.Pod, account *corev1.ServiceAccount) *corev1.Pod {
	pod = pod.DeepCopy()
	spec := &pod.Spec
	spec.ServiceAccountName = cmp.Or(spec.ServiceAccountName, spec.DeprecatedServiceAccount)
	for i := range spec.Volumes {
		v := &spec.Volumes[i]
		if volumeKind(&v.VolumeSource) == "" {
			// It has no source that 1.24 knew.
			v.VolumeSource = corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
		}
		if v.Projected != nil {
			defaultFieldRefs(v.Projected)
		}
	}
	if spec.HostNetwork {
		for _, list := range [][]corev1.Container{spec.Containers, spec.InitContainers} {
			defaultHostPorts(list)
		}
	}
	if _, mirror := pod.Annotations[mirrorAnnotation]; !mirror {
		giveAccount(spec, account)
	}
	return pod
}

func defaultFieldRefs(v *corev1.ProjectedVolumeSource) {
	for i := range v.Sources {
		if v.Sources[i].DownwardAPI == nil {
			continue
		}
		for j := range v.Sources[i].DownwardAPI.Items {
			if ref := v.Sources[i].DownwardAPI.Items[j].FieldRef; ref != nil {
				ref.APIVersion = cmp.Or(ref.APIVersion, "v1")
			}
		}
	}
}

// defaultHostPorts gives containers on the node's network the node's ports.
func defaultHostPorts(list []corev1.Container) {
	for i := range list {
		for j := range list[i].Ports {
			port := &list[i].Ports[j]
			port.HostPort = cmp.Or(port.HostPort, port.ContainerPort)
		}
	}
}

// giveAccount does what the ServiceAccount plugin did. The account is nil if
// nothing is known of it.
func giveAccount(spec *corev1.PodSpec, account *corev1.ServiceAccount) {
	spec.ServiceAccountName = cmp.Or(spec.ServiceAccountName, defaultAccount)
	mount := true
	switch {
	case spec.AutomountServiceAccountToken != nil:
		mount = *spec.AutomountServiceAccountToken
	case account != nil && account.AutomountServiceAccountToken != nil:
		mount = *account.AutomountServiceAccountToken
	}
	if !mount {
		return
	}
	name, present := tokenVolume+"xxxxx", false
	for i := range spec.Volumes {
		if strings.HasPrefix(spec.Volumes[i].Name, tokenVolume) {
			name, present = spec.Volumes[i].Name, true
			break
		}
	}
	needed := false
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			if !mounts(&list[i], accountMount) {
				list[i].VolumeMounts = append(list[i].VolumeMounts, corev1.VolumeMount{Name: name, ReadOnly: true, MountPath: accountMount})
				needed = true
			}
		}
	}
	if needed && !present {
		spec.Volumes = append(spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{Projected: tokenSource()}})
	}
}

func mounts(c *corev1.Container, path string) bool {
	for i := range c.VolumeMounts {
		if c.VolumeMounts[i].MountPath == path {
			return true
		}
	}
	return false
}

// tokenSource is the volume that a service account's token came in.
func tokenSource() *corev1.ProjectedVolumeSource {
	root := &corev1.ConfigMapProjection{Items: []corev1.KeyToPath{{Key: "ca.crt", Path: "ca.crt"}}}
	root.Name = "kube-root-ca.crt"
	return &corev1.ProjectedVolumeSource{
		DefaultMode: new(corev1.ProjectedVolumeSourceDefaultMode),
		Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: new(int64(tokenSeconds))}},
			{ConfigMap: root},
			{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{
				{Path: "namespace", FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.namespace"}},
			}}},
		},
	}
}
