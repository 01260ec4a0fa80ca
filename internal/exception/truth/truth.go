// Package truth is a table of pods and exceptions with what has to come of them,
// for tests of everything that judges by exceptions: they must all agree.
//
// It is made from one pod that an exception lets pass. Rows turn one or two things
// of it into others, of which it is known whether the exception still covers the
// pod: it does if it does for each alone.
package truth

import (
	"fmt"
	"maps"
	"time"

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

	namespace, pod, exception object
}

type object = map[string]any

// Now is the moment at which the table is true.
func Now() time.Time { return time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC) }

// Namespace returns the row's namespace as YAML.
func (r *Row) Namespace() []byte { return text(r.namespace) }

// NamespaceLabels returns the labels of the row's namespace.
func (r *Row) NamespaceLabels() map[string]string {
	labels := map[string]string{}
	for key, value := range r.namespace["metadata"].(object)["labels"].(object) {
		labels[key] = value.(string)
	}
	return labels
}

// Pod returns the row's pod as YAML.
func (r *Row) Pod() []byte { return text(r.pod) }

// Exception returns the row's exception as YAML.
func (r *Row) Exception() []byte { return text(r.exception) }

func text(o object) []byte {
	b, err := yaml.Marshal(o)
	if err != nil {
		panic(err) // it is made of texts, numbers, lists and maps
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
	return Row{
		ID: id, Allowed: true,
		namespace: object{
			"apiVersion": "v1", "kind": "Namespace",
			"metadata": object{"name": id, "labels": object{pss.EnforceLabel: "baseline", "team": "a"}},
		},
		pod: object{
			"apiVersion": "v1", "kind": "Pod",
			"metadata": object{"name": id, "namespace": id, "labels": object{"row": id, "app": "web"}},
			"spec": object{
				"serviceAccountName": "web",
				"containers": []any{object{
					"name": "proxy", "image": "istio/proxyv2:1.24",
					"securityContext": object{"capabilities": object{"add": []any{"NET_ADMIN"}}},
				}},
			},
		},
		exception: object{
			"apiVersion": v1alpha1.GroupVersion().String(), "kind": v1alpha1.KindPodSecurityException, "metadata": object{"name": id},
			"spec": object{
				"reason":     "row " + id,
				"namespaces": object{"names": []any{id}},
				"pods":       object{"selector": object{"matchLabels": object{"row": id}}},
				"controls":   []any{object{"id": "capabilities_baseline"}},
			},
		},
	}
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

// spec is the exception's.
func (r *Row) spec() object { return r.exception["spec"].(object) }

// pods is what the exception says of pods.
func (r *Row) pods() object { return r.spec()["pods"].(object) }

// podSpec is the pod's.
func (r *Row) podSpec() object { return r.pod["spec"].(object) }

// container is the container that needs the exception.
func (r *Row) container() object { return r.podSpec()["containers"].([]any)[0].(object) }

// set makes a turn that sets fields of the exception's spec.
func set(of, name string, covers bool, fields object) turn {
	return turn{of, name, covers, func(r *Row) { maps.Copy(r.spec(), fields) }}
}

// names is a list of texts.
func names(all ...any) []any { return all }

func turns() []turn {
	var all []turn
	for _, of := range [][]turn{namespaces(), pods(), containers(), controls(), times(), others(), levels()} {
		all = append(all, of...)
	}
	return all
}

func namespaces() []turn {
	const of = "namespaces"
	own := func(name string, covers bool, what func(id string) object) turn {
		return turn{of, name, covers, func(r *Row) { r.spec()["namespaces"] = what(r.ID) }}
	}
	selector := func(key, value string) object { return object{"matchLabels": object{key: value}} }
	return []turn{
		own("another name", false, func(id string) object { return object{"names": names(id + "-x")} }),
		own("one of two names", true, func(id string) object { return object{"names": names("other", id)} }),
		own("all", true, func(string) object { return object{"all": true} }),
		own("all but this one", false, func(id string) object { return object{"all": true, "except": names(id)} }),
		own("a label", true, func(string) object { return object{"selector": selector("team", "a")} }),
		own("another label", false, func(string) object { return object{"selector": selector("team", "b")} }),
		own("a label that is not there", false, func(string) object { return object{"selector": selector("zone", "a")} }),
		own("its name and another label", false, func(id string) object {
			return object{"names": names(id), "selector": selector("team", "b")}
		}),
		own("an expression", true, func(string) object {
			return object{"selector": object{"matchExpressions": []any{object{"key": "team", "operator": "In", "values": names("b", "a")}}}}
		}),
	}
}

func pods() []turn {
	account := func(name string, covers bool, accounts ...any) turn {
		return turn{"service account", name, covers, func(r *Row) { r.pods()["serviceAccounts"] = accounts }}
	}
	return []turn{
		{"labels", "another one too", true, func(r *Row) { r.pods()["selector"].(object)["matchLabels"].(object)["app"] = "web" }},
		{"labels", "one that the pod has not", false, func(r *Row) { r.pods()["selector"].(object)["matchLabels"].(object)["app"] = "db" }},
		account("its own", true, "web"),
		account("another", false, "db"),
		account("default, which it does not run as", false, "default"),
		{"service account", "default, as it names none", true, func(r *Row) {
			delete(r.podSpec(), "serviceAccountName")
			r.pods()["serviceAccounts"] = names("default")
		}},
	}
}

func containers() []turn {
	const of = "containers"
	own := func(name string, covers bool, what object) turn {
		return set(of, name, covers, object{"containers": what})
	}
	image := func(pattern string, covers bool) turn {
		return own("image "+pattern, covers, object{"images": names(pattern)})
	}
	return []turn{
		own("its name", true, object{"names": names("proxy")}),
		own("another name", false, object{"names": names("app")}),
		own("its kind", true, object{"kinds": names("container")}),
		own("another kind", false, object{"kinds": names("initContainer", "ephemeralContainer")}),
		own("its name and another kind", false, object{"names": names("proxy"), "kinds": names("initContainer")}),
		image("docker.io/istio/proxyv2", true),
		image("docker.io/istio/*", true),
		image("docker.io/istio-evil/*", false),
		image("docker.io/istio/proxyv2:1.24", true),
		image("docker.io/istio/proxyv2:1.25", false),
		image("docker.io/library/proxyv2", false),
	}
}

func controls() []turn {
	const of = "controls"
	own := func(name string, covers bool, list ...any) turn {
		return set(of, name, covers, object{"controls": list})
	}
	return []turn{
		own("another", false, object{"id": "privileged"}),
		own("two", true, object{"id": "privileged"}, object{"id": "capabilities_baseline"}),
		own("its value", true, object{"id": "capabilities_baseline", "values": names("NET_ADMIN")}),
		own("another value", false, object{"id": "capabilities_baseline", "values": names("NET_RAW")}),
		own("one of two values", true, object{"id": "capabilities_baseline", "values": names("NET_ADMIN", "NET_RAW")}),
	}
}

func times() []turn {
	at := func(name string, covers bool, after time.Duration) turn {
		return set("end", name, covers, object{"expiresAt": Now().Add(after).Format(time.RFC3339)})
	}
	mode := func(covers bool, list ...any) turn {
		return set("modes", fmt.Sprintf("%v", list), covers, object{"modes": list})
	}
	const years = 100 * 365 * 24 * time.Hour
	return []turn{
		at("far ahead", true, years), at("long ago", false, -years),
		mode(true, "enforce"), mode(true, "enforce", "warn"), mode(false, "warn", "audit"),
	}
}

func others() []turn {
	const of = "what else is wrong"
	neighbour := func(name string, what object) turn {
		return turn{of, name, false, func(r *Row) {
			spec := r.podSpec()
			spec["containers"] = append(spec["containers"].([]any), object{"name": "neighbour", "image": "docker.io/library/busybox", "securityContext": what})
		}}
	}
	return []turn{
		{of, "the node's network", false, func(r *Row) { r.podSpec()["hostNetwork"] = true }},
		{of, "a path of the node", false, func(r *Row) {
			r.podSpec()["volumes"] = []any{object{"name": "v", "hostPath": object{"path": "/etc"}}}
		}},
		{of, "its SELinux type", false, func(r *Row) {
			r.container()["securityContext"].(object)["seLinuxOptions"] = object{"type": "spc_t"}
		}},
		neighbour("a neighbour with an SELinux user", object{"seLinuxOptions": object{"user": "root"}}),
	}
}

func levels() []turn {
	const of = "level"
	restricted := func(name string, covers bool, drop ...any) turn {
		return turn{of, name, covers, func(r *Row) {
			r.namespace["metadata"].(object)["labels"].(object)[pss.EnforceLabel] = "restricted"
			r.podSpec()["securityContext"] = object{"runAsNonRoot": true, "seccompProfile": object{"type": "RuntimeDefault"}}
			context := r.container()["securityContext"].(object)
			context["allowPrivilegeEscalation"] = false
			if drop != nil {
				context["capabilities"].(object)["drop"] = drop
			}
		}}
	}
	return []turn{
		restricted("restricted, whose control takes the other's place", true, "ALL"),
		restricted("restricted, and nothing is dropped", false),
		restricted("restricted, and not all is dropped", false, "KILL"),
	}
}
