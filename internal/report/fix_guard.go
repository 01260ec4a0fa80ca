package report

import (
	"strconv"
	"strings"

	"github.com/gabion-security/gabion/internal/patch"
)

// guarded is the JSON patch from one object to another, with a test before each of
// its steps that what is replaced there is what was seen, so that nothing else is
// lost, and one for each container that it goes into: others may stand before it by
// then. A test for null holds where nothing is for kubectl, kustomize and the API
// server.
func guarded(before, after any) (all []patch.Operation) {
	tested := map[string]bool{}
	for _, o := range patch.JSON(before, after) {
		steps := strings.Split(o.Path, "/")[1:]
		for i := range steps {
			if !containerLists[steps[i]] || i+2 >= len(steps) {
				continue
			}
			at := "/" + strings.Join(steps[:i+2], "/")
			if name, ok := pointed(before, append(steps[:i+2:i+2], "name")).(string); ok && !tested[at] {
				tested[at] = true
				all = append(all, patch.Operation{Op: "test", Path: at + "/name", Value: name})
			}
		}
		was := pointed(before, steps)
		if was == nil && o.Op == "replace" {
			o.Op = "add" // a null that is written is nothing to an API server
		}
		all = append(all, patch.Operation{Op: "test", Path: o.Path, Value: was}, o)
	}
	return all
}

// pointed is what the steps of a JSON pointer lead to, nil if to nothing.
func pointed(v any, steps []string) any {
	for _, step := range steps {
		switch at := v.(type) {
		case map[string]any:
			v = at[strings.NewReplacer("~1", "/", "~0", "~").Replace(step)]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}
