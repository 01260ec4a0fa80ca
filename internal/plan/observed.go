package plan

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// subject is who an event is about, as far as the event says: what made a pod,
// rather than the pod.
type subject struct {
	group, kind, name string
	// template says that the event was about the workload and not its pods.
	template bool
}

const othersName = "(others)"

// generated is how many characters API servers add to a generateName.
const generated = 5

// controllerOf returns the controller of Kubernetes that made a request, such as
// "job-controller", empty for anybody else.
func controllerOf(e *event) string {
	name, ok := strings.CutPrefix(e.User.Username, "system:serviceaccount:kube-system:")
	if !ok || !strings.HasSuffix(name, "-controller") {
		return ""
	}
	return name
}

// subjectOf finds who an event is about.
func subjectOf(e *event) subject {
	if e.ObjectRef.Resource != "pods" {
		return cronJob(subject{e.ObjectRef.APIGroup, kindOf(e.ObjectRef.Resource), e.ObjectRef.Name, true})
	}
	for _, o := range e.RequestObject.Metadata.OwnerReferences {
		if o.Controller {
			group, _, ok := strings.Cut(o.APIVersion, "/")
			if !ok {
				group = ""
			}
			return cronJob(subject{group: group, kind: o.Kind, name: o.Name})
		}
	}
	stem := ""
	if i := len(e.ObjectRef.Name) - generated - 1; i > 0 && e.ObjectRef.Name[i] == '-' {
		stem = e.ObjectRef.Name[:i]
	}
	switch controllerOf(e) {
	case "job-controller":
		return cronJob(subject{group: "batch", kind: "Job", name: stem})
	case "replicaset-controller":
		return subject{group: "apps", kind: "ReplicaSet", name: stem}
	case "daemon-set-controller":
		return subject{group: "apps", kind: "DaemonSet", name: stem}
	case "statefulset-controller":
		if i := strings.LastIndexByte(e.ObjectRef.Name, '-'); i > 0 {
			stem = e.ObjectRef.Name[:i]
		}
		return subject{group: "apps", kind: "StatefulSet", name: stem}
	case "replication-controller":
		return subject{kind: "ReplicationController", name: stem}
	}
	return subject{kind: "Pod", name: e.ObjectRef.Name}
}

// cronJob takes a Job that a CronJob makes, one a minute at most, for the
// CronJob.
func cronJob(s subject) subject {
	i := strings.LastIndexByte(s.name, '-')
	if s.kind != "Job" || i <= 0 || len(s.name)-i-1 < 8 || strings.Trim(s.name[i+1:], "0123456789") != "" {
		return s
	}
	s.kind, s.name = "CronJob", s.name[:i]
	return s
}

// kindOf returns the kind of a resource with a pod template.
func kindOf(resource string) string {
	for _, kind := range []string{
		"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicationController", "PodTemplate",
	} {
		if strings.ToLower(kind)+"s" == resource {
			return kind
		}
	}
	return resource
}

// observation is a violation that the audit log shows and the inventory does
// not.
type observation struct {
	blocker Blocker
	bears   pss.Level
	denied  bool
}

// observed returns what the log adds to what is known of a namespace. What is
// in the inventory was judged itself, as it is now.
func (j *judge) observed(n *Namespace, ns *inventory.Namespace, units []unit) []observation {
	if j.Observed == nil || j.Observed.spaces[ns.Name] == nil {
		return nil
	}
	objects := j.Observed.spaces[ns.Name].objects
	known := index(units, ns)
	var found []observation
	for _, who := range slices.SortedFunc(maps.Keys(objects), compareSubjects) {
		s := objects[who]
		o := observation{bears: bears(s), denied: s.denied && n.Current.Enforce.Level >= s.policy.Level}
		object, judged := known.find(j, who, o.bears)
		if judged {
			continue
		}
		object.Namespace = ns.Name
		o.blocker = Blocker{Object: object, Seen: s.seen, LastSeen: s.last.UTC(), Violations: sentenceViolations(s)}
		found = append(found, o)
	}
	return found
}

func compareSubjects(a, b subject) int {
	template := func(s subject) int {
		if s.template {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name), cmp.Compare(a.group, b.group), template(a)-template(b))
}

// known finds subjects among units.
type known struct {
	units map[subject]*unit
	kinds map[string][]*unit
	pods  map[string]bool
}

func index(units []unit, ns *inventory.Namespace) known {
	k := known{units: map[subject]*unit{}, kinds: map[string][]*unit{}, pods: map[string]bool{}}
	for i := range units {
		u := &units[i]
		group, _, ok := strings.Cut(u.object.APIVersion, "/")
		if !ok {
			group = ""
		}
		k.units[subject{group: group, kind: u.object.Kind, name: u.object.Name}] = u
		k.kinds[u.object.Kind] = append(k.kinds[u.object.Kind], u)
	}
	for i := range ns.Pods {
		k.pods[ns.Pods[i].Name] = true
	}
	return k
}

// find returns the object that a subject stands for, and whether the inventory
// has judged it: a template that is there, pods of a workload that has pods now,
// or that fails as much itself. Otherwise the pods were given something that
// nobody sees any more.
func (k *known) find(j *judge, who subject, level pss.Level) (object workload.Object, judged bool) {
	if who.kind == "Pod" && k.pods[who.name] {
		return object, true
	}
	u := k.units[subject{group: who.group, kind: who.kind, name: who.name}]
	if i := strings.LastIndexByte(who.name, '-'); u == nil && who.kind == "ReplicaSet" && i > 0 {
		u = k.units[subject{group: who.group, kind: "Deployment", name: who.name[:i]}]
	}
	if u != nil {
		return u.object, who.template || len(u.pods) > 0 || j.failsAsMuch(u, level)
	}
	if who.name == "" { // a generated name, which the log does not know
		for _, kind := range map[string][]string{"ReplicaSet": {"ReplicaSet", "Deployment"}, "Job": {"Job", "CronJob"}}[who.kind] {
			for _, u := range k.kinds[kind] {
				if j.failsAsMuch(u, level) {
					return object, true
				}
			}
		}
	}
	version := "v1"
	if who.group != "" {
		version = who.group + "/v1"
	}
	return workload.Object{APIVersion: version, Kind: who.kind, Name: who.name}, false
}

// failsAsMuch reports whether a unit bears no more than a level by itself.
func (j *judge) failsAsMuch(u *unit, level pss.Level) bool {
	for _, v := range u.views() {
		if got, err := j.strictest(v, j.Pin); err == nil && got <= level {
			return true
		}
	}
	return false
}
