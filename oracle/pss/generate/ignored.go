package generate

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ignored sets fields of a pod that Pod Security has no opinion on, though some
// look as if it should.
func (g *Generator) ignored(spec *corev1.PodSpec) {
	if g.chance(60) {
		return
	}
	spec.RestartPolicy = pick(g, "", corev1.RestartPolicyAlways, corev1.RestartPolicyNever)
	spec.ShareProcessNamespace = optional(g, true, false)
	spec.AutomountServiceAccountToken = optional(g, true, false)
	spec.ServiceAccountName = g.oneOf("default", "admin")
	spec.NodeName = g.oneOf("", "node")
	spec.NodeSelector = map[string]string{"kubernetes.io/os": g.oneOf("windows", "linux")}
	spec.RuntimeClassName = optional(g, "gvisor", "")
	spec.HostAliases = pick(g, nil, []corev1.HostAlias{{IP: "127.0.0.1", Hostnames: []string{"a"}}})
	spec.Hostname = g.oneOf("", "h")
	spec.PriorityClassName = pick(g, "", "system-node-critical")
	spec.Tolerations = pick(g, nil, []corev1.Toleration{{Operator: corev1.TolerationOpExists}})
	spec.ImagePullSecrets = pick(g, nil, []corev1.LocalObjectReference{{Name: "s"}})
	spec.TerminationGracePeriodSeconds = optional(g, int64(0), 30, -1)
	if g.chance(10) {
		spec.Resources = pointer(g.resources())
	}
	if g.chance(20) {
		spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
				LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"securityContext": "x"}}, TopologyKey: "k",
			}},
		}}
	}
	if g.chance(20) {
		spec.DNSConfig = &corev1.PodDNSConfig{Nameservers: []string{"1.1.1.1"}, Options: []corev1.PodDNSConfigOption{{Name: "ndots"}}}
		spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "x"}}
	}
}

// ignoredOfContainer sets fields of a container that Pod Security has no opinion
// on.
func (g *Generator) ignoredOfContainer(c *corev1.Container) {
	c.Image = g.oneOf("example.com/app:v1", "busybox", "app@sha256:"+zeros)
	if g.chance(60) {
		return
	}
	c.Command = pick(g, nil, []string{"sh", "-c", g.text()})
	c.Args = pick(g, nil, []string{}, []string{g.text()})
	c.WorkingDir = g.oneOf("", "/")
	c.Env = pick(g, nil, []corev1.EnvVar{{Name: "privileged", Value: "true"}, {Name: "B", ValueFrom: &corev1.EnvVarSource{
		FieldRef: &corev1.ObjectFieldSelector{FieldPath: "spec.nodeName"},
	}}})
	c.EnvFrom = pick(g, nil, []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{}}})
	c.Resources = g.resources()
	c.VolumeMounts = pick(g, nil, []corev1.VolumeMount{{Name: g.name(), MountPath: "/proc", ReadOnly: g.chance(50), SubPath: "../.."}})
	if len(c.VolumeMounts) > 0 {
		c.VolumeMounts[0].MountPropagation = optional(g, corev1.MountPropagationBidirectional, corev1.MountPropagationNone)
	}
	c.VolumeDevices = pick(g, nil, []corev1.VolumeDevice{{Name: "sda", DevicePath: "/dev/sda"}})
	c.ImagePullPolicy = pick(g, "", corev1.PullAlways, corev1.PullIfNotPresent)
	c.TerminationMessagePath = g.oneOf("", "/dev/termination-log")
	c.RestartPolicy = optional(g, corev1.ContainerRestartPolicyAlways)
	c.Stdin, c.TTY = g.chance(20), g.chance(20)
}

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"

func (g *Generator) resources() corev1.ResourceRequirements {
	var r corev1.ResourceRequirements
	if g.chance(50) {
		r.Limits = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("500m"), corev1.ResourceMemory: resource.MustParse("1Gi")}
	}
	if g.chance(50) {
		r.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(pick(g, "1", "0.1", "1e3"))}
	}
	return r
}
