package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/internal/server/resource"
	"github.com/gabion-security/gabion/workload"
)

// patches patches the templates that have to say first what policies say for their
// pods, where the answer is yes.
func (a *applying) patches(ctx context.Context) error {
	reader, err := workload.NewReader(workload.Options{Stored: true, Extra: true})
	if err != nil {
		return err
	}
	p := patching{applying: a, reader: reader, rewriter: a.rewriter()}
	for i := range a.report.Namespaces {
		n := &a.report.Namespaces[i]
		if n.State != report.MigrationNamespacePatch {
			continue
		}
		for j := range n.Patches {
			if ctx.Err() != nil {
				return errInterrupted
			}
			if err := p.patch(ctx, &n.Patches[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

// patching patches templates.
type patching struct {
	*applying

	reader   *workload.Reader
	rewriter *rewriter
}

// patchedKind is what can be patched by a command, and what comes of it.
type patchedKind struct {
	path string // of the namespace that objects are in, and their resource
	// question ends the question, and done says the same afterwards.
	question, done string
}

// patchedKinds are all but Job, whose template never changes, by their version and
// name.
func patchedKinds() map[string]patchedKind {
	const rolls, rolled = "which rolls its pods out anew", "its pods are rolled out anew"
	const later, since = "which counts for the pods that it makes from then on", "it counts for the pods that it makes from now on"
	return map[string]patchedKind{
		"apps/v1 Deployment": {"/apis/apps/v1/namespaces/%s/deployments/", rolls, rolled}, "apps/v1 DaemonSet": {"/apis/apps/v1/namespaces/%s/daemonsets/", rolls, rolled},
		"apps/v1 StatefulSet": {"/apis/apps/v1/namespaces/%s/statefulsets/", rolls, rolled}, "apps/v1 ReplicaSet": {"/apis/apps/v1/namespaces/%s/replicasets/", later, since},
		"v1 ReplicationController": {"/api/v1/namespaces/%s/replicationcontrollers/", later, since}, "v1 PodTemplate": {"/api/v1/namespaces/%s/podtemplates/", later, since},
		"batch/v1 CronJob": {"/apis/batch/v1/namespaces/%s/cronjobs/", later, since},
	}
}

// patch patches one template.
func (p *patching) patch(ctx context.Context, change *report.MigrationPatch) error {
	o := change.Object
	object := o.KindName() + " in namespace " + o.Namespace
	kind, known := patchedKinds()[o.APIVersion+" "+o.Kind]
	switch {
	case o.Kind == "Job" && ownKind(o.APIVersion):
		p.left++
		p.note(object + " is left as it is: the template of a Job never changes; make it anew with what is printed above, or let it end and delete it")
		return nil
	case !known || change.Patch == nil:
		p.left++
		p.note(object + " is left as it is: nobody knows how objects of its kind are merged; write into its template what is printed above")
		return nil
	}
	lines := []string{object + ", as PodSecurityPolicy " + change.Policy + " has it:"}
	for _, c := range change.Settings {
		lines = append(lines, fmt.Sprintf("  %s: %s, to be %s", c.Path, cmp.Or(c.Template, "not set"), c.Pod))
	}
	at, too := fmt.Sprintf(kind.path, o.Namespace)+o.Name, ""
	if writer := p.writerOf(ctx, at); writer != "" {
		too = "; " + writer + " writes it: write it there, too, or it is undone"
	}
	if !p.agreed(ctx, "Patch "+object+", "+kind.question+too+"?", lines...) {
		return nil
	}
	var before map[string]any
	written, err := p.write(ctx, &writing{object: object, advice: "write it where the object comes from",
		send: func(ctx context.Context, c *resource.Client) (err error) {
			before, err = p.send(ctx, c, at, change)
			return err
		},
	})
	if !written || err != nil {
		return err
	}
	if p.patched == nil {
		p.patched = map[string][]string{}
	}
	if !slices.Contains(p.patched[change.Policy], o.Namespace) {
		p.patched[change.Policy] = append(p.patched[change.Policy], o.Namespace)
	}
	return p.say(object+": patched, "+kind.done+too, undoPatch(change, before))
}

// writerOf names what writes the object at a path from a source of its own, by the
// marks that it leaves, empty if there are none. What cannot be read is told of when
// it is patched.
func (p *patching) writerOf(ctx context.Context, path string) string {
	var o metav1.PartialObjectMetadata
	if err := p.client.Get(ctx, path, &o); err != nil {
		return ""
	}
	for _, mark := range []struct{ prefix, name string }{
		{"kustomize.toolkit.fluxcd.io/", "Flux"}, {"helm.toolkit.fluxcd.io/", "Flux"}, {"argocd.argoproj.io/", "Argo CD"}, {"meta.helm.sh/", "Helm"},
	} {
		for _, marks := range []map[string]string{o.Labels, o.Annotations} {
			for key := range marks {
				if strings.HasPrefix(key, mark.prefix) {
					return mark.name
				}
			}
		}
	}
	return o.Labels["app.kubernetes.io/managed-by"]
}

// send patches an object if the patch is still what it needs, and returns the
// object as it was.
func (p *patching) send(ctx context.Context, c *resource.Client, path string, change *report.MigrationPatch) (before map[string]any, err error) {
	err = retried(func() error {
		var text json.RawMessage
		if err := c.Get(ctx, path, &text); err != nil {
			return err
		}
		var meta metav1.PartialObjectMetadata
		before = nil
		if err := decodeJSON(text, &meta); err != nil {
			return err
		}
		if err := decodeJSON(text, &before); err != nil {
			return err
		}
		if err := controlled(&meta.ObjectMeta); err != nil {
			return err
		}
		if !p.stillNeeds(text, change) {
			return errMeanwhile
		}
		var patch map[string]any
		if err := decodeJSON(change.Patch, &patch); err != nil {
			return err
		}
		patch["metadata"] = asRead(&meta.ObjectMeta) // a patch of a template says nothing of the object's own
		return c.MergeStrategic(ctx, path, patch, nil)
	})
	return before, err
}

// stillNeeds reports whether an object as it is now needs exactly the patch that
// was shown.
func (p *patching) stillNeeds(text []byte, change *report.MigrationPatch) bool {
	item := p.reader.ReadObject(text)
	for i := range item.Templates {
		t := &item.Templates[i]
		if t.Path != change.Template {
			continue
		}
		view := inventory.NewView(t, true, false)
		for _, proven := range []bool{false, true} { // whichever it was shown for
			a := p.rewriter.admit(change.Object.Namespace, change.Object.Kind, view, proven)
			if a.rewrite != nil && a.rewrite.Patch != nil && bytes.Equal(at(t.Path, a.rewrite.Patch), change.Patch) {
				return true
			}
		}
	}
	return false
}

// undoPatch is the command that patches back what a patch has changed in an object.
func undoPatch(change *report.MigrationPatch, before map[string]any) string {
	var patch any
	if err := decodeJSON(change.Patch, &patch); err != nil {
		return "" // never: it was sent
	}
	text, err := json.Marshal(reverse(patch, before))
	if err != nil {
		return "" // never: it is JSON
	}
	o := change.Object
	return strings.TrimSpace(kubectl([]string{o.Namespace, o.Name}, "-n "+o.Namespace+" patch "+o.KindName()+" -p "+quoted(string(text))))
}

// reverse returns the strategic merge patch that gives what a patch sets the values
// from before, null for none. What may be empty stays if it was made: others may
// have written into it since.
func reverse(patch, before any) any {
	switch to := patch.(type) {
	case map[string]any:
		from, _ := before.(map[string]any)
		back := map[string]any{}
		for key, value := range to {
			if from[key] != nil || slices.Contains([]string{"metadata", "annotations", "securityContext", "capabilities"}, key) {
				back[key] = reverse(value, from[key])
			} else {
				back[key] = nil
			}
		}
		return back
	case []any:
		var back []any
		for _, item := range to {
			named, ok := item.(map[string]any)
			if !ok || named["name"] == nil {
				return before
			}
			back = append(back, reverse(named, byName(before, named["name"])))
		}
		if len(back) > 0 {
			return back
		}
	}
	return before
}

// byName is the item of a list with a name, nil for none.
func byName(list, name any) any {
	items, _ := list.([]any)
	for _, item := range items {
		if named, ok := item.(map[string]any); ok && named["name"] == name {
			return named
		}
	}
	return nil
}
