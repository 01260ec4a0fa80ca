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
		for j, b := range all[i+1:] {
			if a.excludes(&b) || j%2 == 1 { // every other pair, for there are many
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
	also     string // another thing that it is of
}

func (t *turn) excludes(other *turn) bool {
	return t.of == other.of || t.of == other.also || t.also == other.of || t.also != "" && t.also == other.also
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
func (r *Row) security() *corev1.SecurityContext {
	if len(r.pod.Spec.InitContainers) > 0 {
		return r.pod.Spec.InitContainers[0].SecurityContext
	}
	return r.pod.Spec.Containers[0].SecurityContext
}

// harmless is a container that no level has anything against.
func harmless() corev1.Container {
	no := false
	return corev1.Container{Name: "app", Image: "example.com/app:1", SecurityContext: &corev1.SecurityContext{
		AllowPrivilegeEscalation: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}}
}

func turns() []turn {
	var all []turn
	for _, of := range [][]turn{
		namespaces(), pods(), runtimeClasses(), containers(), initContainers(), volumes(), controls(), times(), others(), levels(),
	} {
		all = append(all, of...)
	}
	return all
}

func namespaces() []turn {
	own := func(name string, covers bool, what func(id string) v1alpha1.Namespaces) turn {
		return turn{of: "namespaces", name: name, covers: covers, make: func(r *Row) { r.exception.Spec.Namespaces = what(r.ID) }}
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
		return turn{of: "service account", name: name, covers: covers, make: func(r *Row) { r.exception.Spec.Pods.ServiceAccounts = accounts }}
	}
	label := func(name string, covers bool, value string) turn {
		return turn{of: "labels", name: name, covers: covers, make: func(r *Row) { r.exception.Spec.Pods.Selector.MatchLabels["app"] = value }}
	}
	return []turn{
		label("another one too", true, "web"),
		label("one that the pod has not", false, "db"),
		account("its own", true, "web"),
		account("another", false, "db"),
		account("default, which it does not run as", false, "default"),
		{of: "service account", name: "default, as it names none", covers: true, make: func(r *Row) {
			r.pod.Spec.ServiceAccountName = ""
			r.exception.Spec.Pods.ServiceAccounts = []string{"default"}
		}},
	}
}

func containers() []turn {
	own := func(name string, covers bool, what v1alpha1.ExceptedContainers) turn {
		return turn{of: "containers", name: name, covers: covers, make: func(r *Row) { r.exception.Spec.Containers = &what }}
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

// RuntimeClass is the runtime class that some pods of the table name.
const RuntimeClass = "truth"

func runtimeClasses() []turn {
	own := func(name string, covers bool, class string, excepted ...string) turn {
		return turn{of: "runtime class", name: name, covers: covers, make: func(r *Row) {
			if class != "" {
				r.pod.Spec.RuntimeClassName = &class
			}
			r.exception.Spec.Pods.RuntimeClasses = excepted
		}}
	}
	return []turn{
		own("its own", true, RuntimeClass, "other", RuntimeClass), own("another", false, RuntimeClass, "other"),
		own("one, and the pod names none", false, "", RuntimeClass), own("one that nobody asks for", true, RuntimeClass),
	}
}

// initContainers have the container that needs the exception be an init container.
func initContainers() []turn {
	own := func(name string, covers bool, kinds ...v1alpha1.ContainerKind) turn {
		return turn{of: "containers", name: "an init container, and " + name, covers: covers, make: func(r *Row) {
			r.pod.Spec.InitContainers, r.pod.Spec.Containers = r.pod.Spec.Containers, []corev1.Container{harmless()}
			if len(kinds) > 0 {
				r.exception.Spec.Containers = &v1alpha1.ExceptedContainers{Kinds: kinds}
			}
		}}
	}
	return []turn{own("any kind", true), own("its kind", true, "initContainer"), own("another kind", false, "container", "ephemeralContainer")}
}

// volumes have a path of the node need the exception, instead of a container.
func volumes() []turn {
	own := func(name string, covers bool, paths []string, values ...string) turn {
		return turn{of: "containers", also: "controls", name: "a path of the node, and " + name, covers: covers, make: func(r *Row) {
			r.security().Capabilities.Add = nil
			for i, path := range paths {
				r.pod.Spec.Volumes = append(r.pod.Spec.Volumes, hostPath(fmt.Sprint("path-", i), path))
			}
			r.exception.Spec.Controls = []v1alpha1.ExceptedControl{{ID: "hostPathVolumes", Values: values}}
		}}
	}
	logs := []string{"/var/log/pods"}
	return []turn{
		own("any path", true, logs), own("its path", true, logs, "/var/log/pods"), own("another path", false, logs, "/var/lib"),
		own("one of two paths", false, []string{"/var/log/pods", "/etc"}, "/var/log/pods"),
		own("both of two paths", true, []string{"/var/log/pods", "/etc"}, "/var/log/pods", "/etc"),
	}
}

func hostPath(name, path string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: path}}}
}

// EphemeralRows are pods of which an ephemeral container needs the exception. They
// stand apart: nobody creates such a pod, and a plan does not mind one, for it is
// not made again.
func EphemeralRows() []Row {
	type narrowed struct {
		name   string
		covers bool
		by     *v1alpha1.ExceptedContainers
		values []string
	}
	var rows []Row
	for i, n := range []narrowed{
		{"nothing narrows it", true, nil, nil},
		{"its kind", true, &v1alpha1.ExceptedContainers{Kinds: []v1alpha1.ContainerKind{"ephemeralContainer"}}, nil},
		{"another kind", false, &v1alpha1.ExceptedContainers{Kinds: []v1alpha1.ContainerKind{"container", "initContainer"}}, nil},
		{"its name", true, &v1alpha1.ExceptedContainers{Names: []string{"proxy"}}, nil},
		{"another name", false, &v1alpha1.ExceptedContainers{Names: []string{"app"}}, nil},
		{"its image", true, &v1alpha1.ExceptedContainers{Images: []string{"docker.io/istio/*"}}, nil},
		{"another value", false, nil, []string{"NET_RAW"}},
	} {
		r := row(i)
		r.ID = fmt.Sprintf("ephemeral-%d", i)
		r.Name, r.Allowed = "an ephemeral container: "+n.name, n.covers
		r.namespace.Name, r.pod.Name, r.pod.Namespace, r.exception.Name = r.ID, r.ID, r.ID, r.ID
		r.exception.Spec.Namespaces.Names = []string{r.ID}
		r.pod.Labels["row"], r.exception.Spec.Pods.Selector.MatchLabels["row"] = r.ID, r.ID
		offender := r.pod.Spec.Containers[0]
		r.pod.Spec.Containers = []corev1.Container{harmless()}
		r.pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
			Name: offender.Name, Image: offender.Image, SecurityContext: offender.SecurityContext,
		}}}
		r.exception.Spec.Containers = n.by
		r.exception.Spec.Controls[0].Values = n.values
		rows = append(rows, r)
	}
	return rows
}

func controls() []turn {
	own := func(name string, covers bool, list ...v1alpha1.ExceptedControl) turn {
		return turn{of: "controls", name: name, covers: covers, make: func(r *Row) { r.exception.Spec.Controls = list }}
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
		return turn{of: "end", name: name, covers: covers, make: func(r *Row) { r.exception.Spec.ExpiresAt = &metav1.Time{Time: Now().Add(after)} }}
	}
	mode := func(covers bool, list ...v1alpha1.Mode) turn {
		return turn{of: "modes", name: fmt.Sprintf("%v", list), covers: covers, make: func(r *Row) { r.exception.Spec.Modes = list }}
	}
	const years = 100 * 365 * 24 * time.Hour
	return []turn{
		at("far ahead", true, years), at("long ago", false, -years),
		mode(true, v1alpha1.Enforce), mode(true, v1alpha1.Enforce, v1alpha1.Warn), mode(false, v1alpha1.Warn, v1alpha1.Audit),
	}
}

func others() []turn {
	also := func(name string, make func(r *Row)) turn {
		return turn{of: "what else is wrong", name: name, make: make}
	}
	return []turn{
		also("the node's network", func(r *Row) { r.pod.Spec.HostNetwork = true }),
		also("a path of the node", func(r *Row) {
			r.pod.Spec.Volumes = append(r.pod.Spec.Volumes, hostPath("v", "/etc"))
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
		return turn{of: "level", name: name, covers: covers, make: func(r *Row) {
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
