package admission

import (
	"strings"

	"github.com/gabion-security/gabion/workload"
)

// UsesLog keeps what exceptions were used for. It is called from many goroutines at
// once and while a request waits.
type UsesLog interface {
	LogUses(exceptions []string, of Workload)
}

// Workload is what exceptions were used for. Of a pod that has a controller, and of
// an object that has one, it is that.
type Workload struct {
	Namespace string
	// Kind is the kind with its group, in small letters: pod, deployment.apps.
	Kind, Name string
}

// log tells of the exceptions that were used for a request, unless nothing comes of
// it.
func (r *review) log() {
	if len(r.uses) == 0 || r.usesLog == nil || r.req.DryRun {
		return
	}
	names := make([]string, len(r.uses))
	for i, u := range r.uses {
		names[i] = u.Exception
	}
	r.usesLog.LogUses(names, r.usedBy())
}

// usedBy returns what the request is about.
func (r *review) usedBy() Workload {
	w := Workload{Namespace: r.req.Namespace, Kind: kindWith(r.req.Kind, r.req.KindGroup), Name: r.req.Name}
	item := r.req.object().item(r.whole)
	if item.Object.Name != "" {
		w.Name = item.Object.Name
	}
	if c := item.Controller; c.Name != "" {
		group, _, ok := strings.Cut(c.APIVersion, "/")
		if !ok {
			group = ""
		}
		w.Kind, w.Name = kindWith(c.Kind, group), c.Name
		if c.Kind == "ReplicaSet" && group == "apps" && len(item.Templates) == 1 {
			w.ofDeployment(&item.Templates[0])
		}
	}
	w.Kind, w.Name = printable(w.Kind), printable(w.Name)
	return w
}

// ofDeployment takes for a ReplicaSet, of which each rollout makes another one, the
// Deployment, if by its name and the pod's labels it is that of one.
func (w *Workload) ofDeployment(t *workload.Template) {
	if t.Extra == nil {
		return
	}
	name, ok := strings.CutSuffix(w.Name, "-"+t.Extra.Labels["pod-template-hash"])
	if ok && name != "" && t.Extra.Labels["pod-template-hash"] != "" {
		w.Kind, w.Name = "deployment.apps", name
	}
}

func kindWith(kind, group string) string {
	if group != "" {
		kind += "." + group
	}
	return strings.ToLower(kind)
}
