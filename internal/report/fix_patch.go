package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/internal/patch"
)

// quiet is what patches say of what is no object: nothing.
type quiet struct{}

func (quiet) NotChecked(NotChecked) error { return nil }
func (quiet) Error(Error) error           { return nil }

// fixPatch writes commands of kubectl, one for an object: with a strategic merge
// patch for kinds of Kubernetes itself, which alone have them, with a JSON patch
// for others.
type fixPatch struct {
	quiet

	w io.Writer
}

func (f *fixPatch) Result(r *FixResult) error {
	if len(r.Changes) == 0 {
		return nil
	}
	line, err := patchCommand(r)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f.w, line+"\n")
	return err
}

func (f *fixPatch) Close(FixSummary) error { return nil }

// unchangeable are the kinds whose pods cannot be changed once they are there.
var unchangeable = map[string]string{
	"Pod": "a pod cannot be changed once it is there: delete it and make it anew from the manifest",
	"Job": "the template of a Job cannot be changed once it is there: delete it and make it anew from the manifest",
}

// patchCommand is the command that patches an object, or a comment that says why
// there is none.
func patchCommand(r *FixResult) (string, error) {
	o := r.Object
	if why := unchangeable[o.Kind]; why != "" && builtin(o.APIVersion) {
		return "# " + Escape(o.KindName()) + ": " + why, nil
	}
	for _, name := range []string{o.Namespace, o.Name, o.Kind, o.APIVersion} {
		if !shellSafe(name) {
			return "# left out, because of its name: " + Escape(o.KindName()), nil
		}
	}
	kind, body := "strategic", patch.Strategic(r.Before, r.After)
	if !builtin(o.APIVersion) || !mergeable(r.Before) {
		kind, body = "json", any(guarded(r.Before, r.After))
	}
	text, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("kubectl -n %s patch %s --type=%s -p '%s'", o.Namespace, o.KindName(), kind, strings.ReplaceAll(string(text), "'", `'\''`)), nil
}

// shellSafe reports whether a name is such as the API server gives out, and no part
// of a shell's line.
func shellSafe(name string) bool {
	return name != "" && name[0] != '-' && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:/-") == ""
}

// builtin reports whether a kind is of Kubernetes itself.
func builtin(apiVersion string) bool {
	group, _, grouped := strings.Cut(apiVersion, "/")
	return !grouped || slices.Contains([]string{"apps", "batch", "extensions"}, group)
}

// mergeable reports whether containers, wherever they are, can be told apart by
// their names.
func mergeable(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if list, ok := value.([]any); ok && (key == "containers" || key == "initContainers" || key == "ephemeralContainers") {
				names := map[any]bool{nil: true, "": true}
				for _, item := range list {
					c, _ := item.(map[string]any)
					name, _ := c["name"].(string)
					if names[name] {
						return false
					}
					names[name] = true
				}
				continue
			}
			if !mergeable(value) {
				return false
			}
		}
	case []any:
		for _, item := range v {
			if !mergeable(item) {
				return false
			}
		}
	}
	return true
}

// guarded is the JSON patch from one object to another, with a test for each
// container that it goes into: in a cluster others may stand before it.
func guarded(before, after any) (all []patch.Operation) {
	tested := map[string]bool{}
	for _, o := range patch.JSON(before, after) {
		steps := strings.Split(o.Path, "/")
		for i := range steps[:len(steps)-1] {
			if !strings.HasSuffix(steps[i], "ontainers") || i+2 >= len(steps) {
				continue
			}
			at := strings.Join(steps[:i+2], "/")
			if name, ok := pointed(before, steps[1:i+2]).(map[string]any)["name"].(string); ok && !tested[at] {
				tested[at] = true
				all = append(all, patch.Operation{Op: "test", Path: at + "/name", Value: name})
			}
		}
		all = append(all, o)
	}
	return all
}

// pointed is what the steps of a JSON pointer lead to, a map if to nothing.
func pointed(v any, steps []string) any {
	for _, step := range steps {
		switch at := v.(type) {
		case map[string]any:
			v = at[strings.NewReplacer("~1", "/", "~0", "~").Replace(step)]
		case []any:
			i := 0
			if _, err := fmt.Sscanf(step, "%d", &i); err != nil || i >= len(at) {
				return map[string]any{}
			}
			v = at[i]
		}
	}
	if m, ok := v.(map[string]any); ok {
		return m
	}
	return map[string]any{}
}

// fixJSONPatch writes a document of JSON for each object: which it is, and its
// patch as RFC 6902 has it.
type fixJSONPatch struct {
	quiet

	w io.Writer
}

func (f *fixJSONPatch) Result(r *FixResult) error {
	if len(r.Changes) == 0 {
		return nil
	}
	text, err := encodeJSON(struct {
		Object Object            `json:"object"`
		Source Source            `json:"source"`
		Patch  []patch.Operation `json:"patch"`
	}{r.Object, r.Source, guarded(r.Before, r.After)}, "")
	if err != nil {
		return err
	}
	_, err = f.w.Write(append(text, '\n'))
	return err
}

func (f *fixJSONPatch) Close(FixSummary) error { return nil }

// fixKustomize writes a kustomization that patches the files.
type fixKustomize struct {
	quiet

	w       io.Writer
	files   []string
	results []*FixResult
}

func (f *fixKustomize) Result(r *FixResult) error {
	if !slices.Contains(f.files, r.Source.File) {
		f.files = append(f.files, r.Source.File)
	}
	if len(r.Changes) > 0 {
		f.results = append(f.results, r)
	}
	return nil
}

// Close writes the document. JSON is YAML, so it is what quotes words.
func (f *fixKustomize) Close(FixSummary) error {
	var b strings.Builder
	b.WriteString("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:")
	for _, file := range f.files {
		b.WriteString("\n- " + word(file))
	}
	b.WriteString(map[bool]string{true: "\npatches:", false: "\npatches: []"}[len(f.results) > 0])
	for _, r := range f.results {
		group, version, grouped := strings.Cut(r.Object.APIVersion, "/")
		if !grouped {
			group, version = "", group
		}
		b.WriteString("\n- target:")
		for _, field := range [][2]string{{"group", group}, {"version", version}, {"kind", r.Object.Kind}, {"name", r.Object.Name}} {
			if field[1] != "" {
				b.WriteString("\n    " + field[0] + ": " + word(field[1]))
			}
		}
		if namespace, ok := pointed(r.Before, []string{"metadata"}).(map[string]any)["namespace"].(string); ok && namespace != "" {
			b.WriteString("\n    namespace: " + word(namespace))
		}
		b.WriteString("\n  patch: |-")
		for _, o := range guarded(r.Before, r.After) {
			text, err := json.Marshal(o)
			if err != nil {
				return err
			}
			b.WriteString("\n    - " + string(text))
		}
	}
	b.WriteByte('\n')
	_, err := io.WriteString(f.w, b.String())
	return err
}

// word is a scalar of YAML: as it is if that is sure to mean itself.
func word(s string) string {
	if shellSafe(s) && strings.Trim(s, "0123456789.-") != "" && strings.IndexByte(s, ':') < 0 && len(s) > len("false") {
		return s
	}
	text, err := encodeJSON(s, "")
	if err != nil {
		return `""` // never: it is a string
	}
	return string(text)
}
