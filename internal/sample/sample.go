package sample

import (
	"fmt"
	"strings"
)

// Manifest is one file.
type Manifest struct {
	Name string
	Text string
	// Pods is how many pod templates it holds.
	Pods int
}

// Manifests returns 240 files: 24 programs, each in nine kinds of objects, and
// in one file with what belongs to it.
func Manifests() []Manifest {
	var all []Manifest
	for i, a := range apps() {
		for j, k := range kinds() {
			s := style{wide: (i+j)%2 == 1, comments: (i+j)%3 == 0}
			all = append(all, Manifest{Name: a.name + "-" + strings.ToLower(k.name) + ".yaml", Text: k.text(a, s), Pods: 1})
		}
		all = append(all, together(a))
	}
	return all
}

// style is how somebody lays YAML out: whether items of lists are indented, and
// whether there are comments.
type style struct{ wide, comments bool }

// kind is a kind of object: what it begins with, until its pod's spec, and how
// deep that is.
type kind struct {
	name, head string
	depth      int
}

func kinds() []kind {
	const (
		meta     = "\nmetadata:\n  name: NAME\n  labels: {app: NAME}\n"
		template = "  template:\n    metadata:\n      labels:\n        app: NAME\n    spec:\n"
		selected = "spec:\n  selector:\n    matchLabels: {app: NAME}\n" + template
	)
	return []kind{
		{"Pod", "apiVersion: v1\nkind: Pod" + meta + "spec:\n", 1},
		{"Deployment", "# Rolled out by hand until there is a pipeline.\napiVersion: apps/v1\nkind: Deployment" + meta + selected, 3},
		{"StatefulSet", "apiVersion: apps/v1\nkind: StatefulSet" + meta + selected, 3},
		{"DaemonSet", "apiVersion: apps/v1\nkind: DaemonSet" + meta + selected, 3},
		{"ReplicaSet", "---\napiVersion: apps/v1\nkind: ReplicaSet" + meta + selected, 3},
		{"Job", "kind: Job\napiVersion: batch/v1" + meta + "spec:\n  backoffLimit: 2\n" + template, 3},
		{"CronJob", "apiVersion: batch/v1\nkind: CronJob" + meta + "spec:\n  schedule: '@daily'\n  jobTemplate:\n    spec:\n      template:\n        spec:\n", 5},
		{"ReplicationController", "apiVersion: v1\nkind: ReplicationController" + meta + "spec:\n" + template, 3},
		{"Rollout", "apiVersion: argoproj.io/v1alpha1\nkind: Rollout" + meta + selected, 3},
	}
}

// text is the manifest of an app as an object of the kind.
func (k kind) text(a app, s style) string {
	return strings.ReplaceAll(k.head, "NAME", a.name) + indent(k.depth, a.spec(k, s))
}

// together is a file with an account, a service, the Deployment and a Job, as
// operators are handed out.
func together(a app) Manifest {
	all := kinds()
	text := fmt.Sprintf("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: %s}\n---\n", a.name) +
		all[1].text(a, style{}) +
		fmt.Sprintf("---\napiVersion: v1\nkind: Service\nmetadata:\n  name: %s\nspec:\n  selector: {app: %s}\n  ports: [{port: 80}]\n---\n", a.name, a.name) +
		all[5].text(a, style{wide: true})
	return Manifest{Name: a.name + "-all.yaml", Text: text, Pods: 2}
}

// spec are the lines of the app's pod.
func (a app) spec(k kind, s style) []string {
	var lines []string
	if s.comments {
		lines = append(lines, "# What "+a.name+" needs, and no more.")
	}
	lines = append(lines, "serviceAccountName: "+a.name)
	if k.name == "Job" || k.name == "CronJob" {
		lines = append(lines, "restartPolicy: OnFailure")
	}
	for _, line := range a.pod {
		if !strings.HasPrefix(line, "restartPolicy") {
			lines = append(lines, line)
		}
	}
	list := func(key string, all [][]string) {
		if len(all) == 0 {
			return
		}
		lines = append(lines, key+":")
		pad := ""
		if s.wide {
			pad = "  "
		}
		for _, fields := range all {
			for i, field := range fields {
				mark := "  "
				if i == 0 {
					mark = "- "
				}
				if s.comments && i == 1 {
					field += " # pinned"
				}
				lines = append(lines, pad+mark+field)
			}
		}
	}
	list("initContainers", a.init)
	list("containers", a.containers)
	if len(a.volumes) > 0 {
		lines = append(append(lines, "volumes:"), a.volumes...)
	}
	return lines
}

func indent(depth int, lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(strings.Repeat("  ", depth) + line + "\n")
	}
	return b.String()
}
