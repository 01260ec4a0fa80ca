package generate

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

const (
	appArmorPrefix  = corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix
	seccompPod      = "seccomp.security.alpha.kubernetes.io/pod"
	seccompPrefix   = "container.seccomp.security.alpha.kubernetes.io/"
	profileDefault  = "runtime/default"
	profileLocal    = "localhost/profile"
	profileNowadays = "docker/default"
)

// nearly are keys that look like those that controls read, and are not, beside
// ordinary ones.
var nearly = []string{
	"container.apparmor.security.beta.kubernetes.io", "Container.apparmor.security.beta.kubernetes.io/a0",
	" container.apparmor.security.beta.kubernetes.io/a0", "apparmor.security.beta.kubernetes.io/pod",
	"container.apparmor.security.kubernetes.io/a0", "seccomp.security.alpha.kubernetes.io/pods", "seccomp.security.alpha.kubernetes.io/",
	"seccomp.security.alpha.kubernetes.io/container/a0", "container.seccomp.security.alpha.kubernetes.io", "x", "", "k8s.io/y",
	"kubectl.kubernetes.io/last-applied-configuration",
}

// annotations makes the annotations of a pod with the spec.
func (g *Generator) annotations(spec *corev1.PodSpec) map[string]string {
	if !g.appArmorProne && g.chance(55) {
		return nil
	}
	to := map[string]string{}
	for range g.IntN(3) {
		to[pick(g, nearly...)] = g.oneOf("unconfined", profileDefault, "x")
	}
	names := g.containerNames(spec)
	for range g.IntN(3) {
		to[appArmorPrefix+pick(g, names...)] = g.appArmor()
	}
	if g.chance(20) {
		to[seccompPod] = g.seccomp()
	}
	for range g.IntN(2) {
		to[seccompPrefix+pick(g, names...)] = g.seccomp()
	}
	return to
}

// containerNames returns the names of the pod's containers and some others.
func (g *Generator) containerNames(spec *corev1.PodSpec) []string {
	names := []string{"", "nobody", g.text()}
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			names = append(names, list[i].Name, list[i].Name)
		}
	}
	for i := range spec.EphemeralContainers {
		names = append(names, spec.EphemeralContainers[i].Name)
	}
	return names
}

func (g *Generator) appArmor() string {
	if g.violatesBaseline() {
		return g.oneOf("unconfined", "Runtime/default", "runtime/default ", "localhost", "docker/default", "Localhost/x", "unconfined")
	}
	if g.chance(2) { // as long as a path may be, and longer
		return "localhost/" + strings.Repeat("x", 4094+g.IntN(4))
	}
	return pick(g, profileDefault, profileLocal, "", "localhost/", "localhost/ padded", "localhost/a\"b", "localhost/\u00a0", profileDefault)
}

func (g *Generator) seccomp() string {
	if g.violatesBaseline() {
		return g.oneOf("unconfined", "", "Runtime/default", "docker/default ", "localhost", "runtime/default/x")
	}
	return pick(g, profileDefault, profileNowadays, profileLocal, "localhost/", "localhost/\n")
}
