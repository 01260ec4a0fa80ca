package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/internal/patch"
)

// fixKustomize writes a kustomization that patches the files: with strategic merge
// patches, which name the object that they are for, where kustomize knows how the
// containers of a kind are merged, else with JSON patches.
type fixKustomize struct {
	quiet

	w       io.Writer
	results []*FixResult
	places  map[kustomizeID]Source
}

// kustomizeID is what tells objects apart for kustomize.
type kustomizeID struct{ apiVersion, kind, namespace, name string }

// Result notes an object. The error says that kustomize would not take it.
func (f *fixKustomize) Result(r *FixResult) error {
	id := kustomizeIDOf(r)
	if id.name == "" {
		return fmt.Errorf("%s: kustomize takes no object without a name: give it a metadata.name, or leave its file out", place(r.Source))
	}
	if other, ok := f.places[id]; ok {
		return fmt.Errorf("kustomize cannot tell %s at %s from that at %s: both are of namespace %s, where it puts what names none, too; leave one of the files out, or give the objects namespaces of their own",
			Escape(r.Object.KindName()), place(r.Source), place(other), Escape(id.namespace))
	}
	if f.places == nil {
		f.places = map[kustomizeID]Source{}
	}
	f.places[id] = r.Source
	if len(r.Changes) > 0 {
		f.results = append(f.results, r)
	}
	return nil
}

func kustomizeIDOf(r *FixResult) kustomizeID {
	name, _ := pointed(r.Before, []string{"metadata", "name"}).(string)
	return kustomizeID{r.Object.APIVersion, r.Object.Kind, cmp.Or(statedNamespace(r), "default"), name}
}

// statedNamespace is the namespace that a manifest states itself.
func statedNamespace(r *FixResult) string {
	namespace, _ := pointed(r.Before, []string{"metadata", "namespace"}).(string)
	return namespace
}

// kustomizeTarget selects objects, by regular expressions that have to match as a
// whole.
type kustomizeTarget struct {
	Group     string `json:"group"`
	Version   string `json:"version"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
}

// target selects one object. What is empty would select everything, so that there
// is an expression for what has no group.
func (id kustomizeID) target() kustomizeTarget {
	group, version, grouped := strings.Cut(id.apiVersion, "/")
	if !grouped {
		group, version = "", group
	}
	return kustomizeTarget{
		Group: cmp.Or(regexp.QuoteMeta(group), "^$"), Version: regexp.QuoteMeta(version), Kind: regexp.QuoteMeta(id.kind),
		Name: regexp.QuoteMeta(id.name), Namespace: regexp.QuoteMeta(id.namespace),
	}
}

// kustomizeMerges are the kinds whose containers kustomize merges by name.
var kustomizeMerges = map[string][]string{
	"v1":       {"Pod", "PodTemplate", "ReplicationController"},
	"apps/v1":  {"DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"},
	"batch/v1": {"CronJob", "Job"},
}

// Close writes the document.
func (f *fixKustomize) Close(s FixSummary) error {
	var b bytes.Buffer
	b.WriteString("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:")
	for _, file := range s.Files {
		b.WriteString("\n- " + word(file))
	}
	b.WriteString(map[bool]string{true: "\npatches:\n", false: "\npatches: []\n"}[len(f.results) > 0])
	for _, r := range f.results {
		if err := kustomizePatch(&b, r); err != nil {
			return err
		}
	}
	_, err := f.w.Write(b.Bytes())
	return err
}

// kustomizePatch writes the patch of one object.
func kustomizePatch(b *bytes.Buffer, r *FixResult) error {
	if slices.Contains(kustomizeMerges[r.Object.APIVersion], r.Object.Kind) && mergeable(r.Before) {
		b.WriteString("- patch: |-\n")
		return indented(b, "    ", kustomizeMerge(r))
	}
	b.WriteString("- target:\n")
	if err := indented(b, "    ", kustomizeIDOf(r).target()); err != nil {
		return err
	}
	b.WriteString("  patch: |-\n")
	return indented(b, "    ", guarded(r.Before, r.After))
}

// kustomizeMerge is the strategic merge patch of an object, with what names it.
func kustomizeMerge(r *FixResult) any {
	change, _ := inOrder(r.Before, patch.Strategic(r.Before, r.After)).(map[string]any)
	metadata, _ := change["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
	}
	id := kustomizeIDOf(r)
	metadata["name"] = id.name
	if namespace := statedNamespace(r); namespace != "" {
		metadata["namespace"] = namespace
	}
	change["apiVersion"], change["kind"], change["metadata"] = id.apiVersion, id.kind, metadata
	return change
}

// inOrder names in a patch the containers that stay as they are, too: kustomize
// puts those that a patch names first.
func inOrder(before, change any) any {
	to, ok := change.(map[string]any)
	if !ok {
		return change
	}
	from, _ := before.(map[string]any)
	for key, value := range to {
		changed, isList := value.([]any)
		if !isList || !containerLists[key] {
			to[key] = inOrder(from[key], value)
			continue
		}
		of := map[any]any{}
		for _, c := range changed {
			of[pointed(c, []string{"name"})] = c
		}
		var all []any
		list, _ := from[key].([]any)
		for _, c := range list {
			name := pointed(c, []string{"name"})
			if of[name] == nil {
				of[name] = map[string]any{"name": name}
			}
			all = append(all, of[name])
		}
		to[key] = all
	}
	return to
}

// indented writes a value as YAML, with an indentation.
func indented(b *bytes.Buffer, indent string, v any) error {
	text, err := encodeYAML(v)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(text) {
		b.WriteString(indent)
		b.Write(line)
	}
	return nil
}

// word is a scalar of YAML: as it is if that is sure to mean itself.
func word(s string) string {
	if isWords(s) {
		return s
	}
	return yamlQuote(s)
}
