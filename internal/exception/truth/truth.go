// Package truth is a table of pods and exceptions with what has to come of them,
// for tests of everything that judges by exceptions: they must all agree.
//
// It is made from one pod that an exception lets pass. Rows turn one or two things
// of it into others, of which it is known whether the exception still covers the
// pod: it does if it does for each alone.
package truth

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Row is a pod, the exception that may let it pass, and whether it does.
type Row struct {
	// Name says what was turned.
	Name string
	// ID names the namespace, the pod and the exception of the row.
	ID string
	// Allowed says whether the namespace's level, with the exception, lets the pod
	// pass. Without the exception it never does.
	Allowed bool

	namespace corev1.Namespace
	pod       corev1.Pod
	exception v1alpha1.PodSecurityException
}

// Now is the moment at which the table is true.
func Now() time.Time { return time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC) }

// Namespace returns the row's namespace as YAML.
func (r *Row) Namespace() []byte { return text(r.namespace) }

// NamespaceLabels returns the labels of the row's namespace.
func (r *Row) NamespaceLabels() map[string]string { return r.namespace.Labels }

// Pod returns the row's pod as YAML.
func (r *Row) Pod() []byte { return text(r.pod) }

// Exception returns the row's exception as YAML.
func (r *Row) Exception() []byte { return text(r.exception) }

// text returns an object as YAML, or what nobody takes for that.
func text(o any) []byte {
	b, err := yaml.Marshal(o)
	if err != nil {
		return []byte("not written: " + err.Error())
	}
	return b
}

// Rows returns the table. No exception means the pod of another row.
func Rows() []Row {
	all := turns()
	rows := []Row{row(0)}
	rows[0].Name = "nothing is turned"
	for i, a := range all {
		r := row(len(rows))
		r.turn(a)
		rows = append(rows, r)
		for _, b := range all[i+1:] {
			if a.of == b.of {
				continue
			}
			r := row(len(rows))
			r.turn(a)
			r.turn(b)
			rows = append(rows, r)
		}
	}
	return rows
}

// row is the pod that the exception lets pass.
func row(n int) Row {
	id := fmt.Sprintf("row-%03d", n)
	r := Row{ID: id, Allowed: true}
	r.namespace = corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: id, Labels: map[string]string{pss.EnforceLabel: "baseline", "team": "a"}},
	}
	r.pod = corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: id, Namespace: id, Labels: map[string]string{"row": id, "app": "web"}},
		Spec: corev1.PodSpec{ServiceAccountName: "web", Containers: []corev1.Container{{
			Name: "proxy", Image: "istio/proxyv2:1.24",
			SecurityContext: &corev1.SecurityContext{Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"NET_ADMIN"}}},
		}}},
	}
	r.exception = v1alpha1.PodSecurityException{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion().String(), Kind: v1alpha1.KindPodSecurityException},
		ObjectMeta: metav1.ObjectMeta{Name: id},
		Spec: v1alpha1.PodSecurityExceptionSpec{
			Reason: "row " + id, Namespaces: v1alpha1.Namespaces{Names: []string{id}},
			Pods:     &v1alpha1.ExceptedPods{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"row": id}}},
			Controls: []v1alpha1.ExceptedControl{{ID: "capabilities_baseline"}},
		},
	}
	return r
}

// turn is a change of the row after which it is known whether the exception still
// covers all that is wrong with the pod. Those of one thing exclude each other.
type turn struct {
	of, name string
	covers   bool
	make     func(r *Row)
}

func (r *Row) turn(t turn) {
	t.make(r)
	if r.Name != "" {
		r.Name += "; "
	}
	r.Name += t.of + ": " + t.name
	r.Allowed = r.Allowed && t.covers
}

// security is the security context of the container that needs the exception.
func (r *Row) security() *corev1.SecurityContext { return r.pod.Spec.Containers[0].SecurityContext }

func turns() []turn {
	var all []turn
	for _, of := range [][]turn{namespaces(), pods(), containers(), controls(), times(), others(), levels()} {
		all = append(all, of...)
	}
	return all
}

func namespaces() []turn {
	own := func(name string, covers bool, what func(id string) v1alpha1.Namespaces) turn {
		return turn{"namespaces", name, covers, func(r *Row) { r.exception.Spec.Namespaces = what(r.ID) }}
	}
	named := func(name string, covers bool, names func(id string) []string) turn {
		return own(name, covers, func(id string) v1alpha1.Namespaces { return v1alpha1.Namespaces{Names: names(id)} })
	}
	labelled := func(name string, covers bool, s metav1.LabelSelector) turn {
		return own(name, covers, func(string) v1alpha1.Namespaces { return v1alpha1.Namespaces{Selector: &s} })
	}
	label := func(key, value string) metav1.LabelSelector {
		return metav1.LabelSelector{MatchLabels: map[string]string{key: value}}
	}
	return []turn{
		named("another name", false, func(id string) []string { return []string{id + "-x"} }),
		named("one of two names", true, func(id string) []string { return []string{"other", id} }),
		own("all", true, func(string) v1alpha1.Namespaces { return v1alpha1.Namespaces{All: true} }),
		own("all but this one", false, func(id string) v1alpha1.Namespaces {
			return v1alpha1.Namespaces{All: true, Except: []string{id}}
		}),
		labelled("a label", true, label("team", "a")),
		labelled("another label", false, label("team", "b")),
		labelled("a label that is not there", false, label("zone", "a")),
		own("its name and another label", false, func(id string) v1alpha1.Namespaces {
			other := label("team", "b")
			return v1alpha1.Namespaces{Names: []string{id}, Selector: &other}
		}),
		labelled("an expression", true, metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
			{Key: "team", Operator: metav1.LabelSelectorOpIn, Values: []string{"b", "a"}},
		}}),
	}
}

func pods() []turn {
	account := func(name string, covers bool, accounts ...string) turn {
		return turn{"service account", name, covers, func(r *Row) { r.exception.Spec.Pods.ServiceAccounts = accounts }}
	}
	label := func(name string, covers bool, value string) turn {
		return turn{"labels", name, covers, func(r *Row) { r.exception.Spec.Pods.Selector.MatchLabels["app"] = value }}
	}
	return []turn{
		label("another one too", true, "web"),
		label("one that the pod has not", false, "db"),
		account("its own", true, "web"),
		account("another", false, "db"),
		account("default, which it does not run as", false, "default"),
		{"service account", "default, as it names none", true, func(r *Row) {
			r.pod.Spec.ServiceAccountName = ""
			r.exception.Spec.Pods.ServiceAccounts = []string{"default"}
		}},
	}
}

func containers() []turn {
	own := func(name string, covers bool, what v1alpha1.ExceptedContainers) turn {
		return turn{"containers", name, covers, func(r *Row) { r.exception.Spec.Containers = &what }}
	}
	image := func(pattern string, covers bool) turn {
		return own("image "+pattern, covers, v1alpha1.ExceptedContainers{Images: []string{pattern}})
	}
	return []turn{
		own("its name", true, v1alpha1.ExceptedContainers{Names: []string{"proxy"}}),
		own("another name", false, v1alpha1.ExceptedContainers{Names: []string{"app"}}),
		own("its kind", true, v1alpha1.ExceptedContainers{Kinds: []v1alpha1.ContainerKind{"container"}}),
		own("another kind", false, v1alpha1.ExceptedContainers{Kinds: []v1alpha1.ContainerKind{"initContainer", "ephemeralContainer"}}),
		own("its name and another kind", false, v1alpha1.ExceptedContainers{
			Names: []string{"proxy"}, Kinds: []v1alpha1.ContainerKind{"initContainer"},
		}),
		image("docker.io/istio/proxyv2", true),
		image("docker.io/istio/*", true),
		image("docker.io/istio-evil/*", false),
		image("docker.io/istio/proxyv2:1.24", true),
		image("docker.io/istio/proxyv2:1.25", false),
		image("docker.io/library/proxyv2", false),
	}
}

func controls() []turn {
	own := func(name string, covers bool, list ...v1alpha1.ExceptedControl) turn {
		return turn{"controls", name, covers, func(r *Row) { r.exception.Spec.Controls = list }}
	}
	capabilities := func(values ...string) v1alpha1.ExceptedControl {
		return v1alpha1.ExceptedControl{ID: "capabilities_baseline", Values: values}
	}
	privileged := v1alpha1.ExceptedControl{ID: "privileged"}
	return []turn{
		own("another", false, privileged),
		own("two", true, privileged, capabilities()),
		own("its value", true, capabilities("NET_ADMIN")),
		own("another value", false, capabilities("NET_RAW")),
		own("one of two values", true, capabilities("NET_ADMIN", "NET_RAW")),
	}
}

func times() []turn {
	at := func(name string, covers bool, after time.Duration) turn {
		return turn{"end", name, covers, func(r *Row) { r.exception.Spec.ExpiresAt = &metav1.Time{Time: Now().Add(after)} }}
	}
	mode := func(covers bool, list ...v1alpha1.Mode) turn {
		return turn{"modes", fmt.Sprintf("%v", list), covers, func(r *Row) { r.exception.Spec.Modes = list }}
	}
	const years = 100 * 365 * 24 * time.Hour
	return []turn{
		at("far ahead", true, years), at("long ago", false, -years),
		mode(true, v1alpha1.Enforce), mode(true, v1alpha1.Enforce, v1alpha1.Warn), mode(false, v1alpha1.Warn, v1alpha1.Audit),
	}
}

func others() []turn {
	also := func(name string, make func(r *Row)) turn { return turn{"what else is wrong", name, false, make} }
	return []turn{
		also("the node's network", func(r *Row) { r.pod.Spec.HostNetwork = true }),
		also("a path of the node", func(r *Row) {
			r.pod.Spec.Volumes = []corev1.Volume{{
				Name: "v", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/etc"}},
			}}
		}),
		also("its SELinux type", func(r *Row) { r.security().SELinuxOptions = &corev1.SELinuxOptions{Type: "spc_t"} }),
		also("a neighbour with an SELinux user", func(r *Row) {
			r.pod.Spec.Containers = append(r.pod.Spec.Containers, corev1.Container{
				Name: "neighbour", Image: "docker.io/library/busybox",
				SecurityContext: &corev1.SecurityContext{SELinuxOptions: &corev1.SELinuxOptions{User: "root"}},
			})
		}),
	}
}

func levels() []turn {
	restricted := func(name string, covers bool, drop ...corev1.Capability) turn {
		return turn{"level", name, covers, func(r *Row) {
			no, yes := false, true
			r.namespace.Labels[pss.EnforceLabel] = "restricted"
			r.pod.Spec.SecurityContext = &corev1.PodSecurityContext{
				RunAsNonRoot: &yes, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			}
			r.security().AllowPrivilegeEscalation = &no
			r.security().Capabilities.Drop = drop
		}}
	}
	return []turn{
		restricted("restricted, whose control takes the other's place", true, "ALL"),
		restricted("restricted, and nothing is dropped", false),
		restricted("restricted, and not all is dropped", false, "KILL"),
	}
}
