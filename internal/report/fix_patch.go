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

// containerLists are the fields that hold containers.
var containerLists = map[string]bool{"containers": true, "initContainers": true, "ephemeralContainers": true}

// mergeable reports whether containers, wherever they are, can be told apart by
// their names.
func mergeable(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if list, ok := value.([]any); ok && containerLists[key] {
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
