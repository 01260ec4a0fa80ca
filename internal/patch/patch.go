package patch

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Operation is one step of a JSON patch (RFC 6902).
type Operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// MarshalJSON leaves out the value of a removal, which has none.
func (o Operation) MarshalJSON() ([]byte, error) {
	if o.Op == "remove" {
		return json.Marshal(struct {
			Op   string `json:"op"`
			Path string `json:"path"`
		}{o.Op, o.Path})
	}
	type plain Operation
	return json.Marshal(plain(o))
}

// Pointer appends a key to a JSON pointer.
func Pointer(path, key string) string {
	return path + "/" + strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}

// JSON returns the steps from one document to another, none if they are equal.
// Lists of objects of one length are compared item by item, every other list that
// differs is replaced as a whole.
func JSON(before, after any) []Operation { return difference(nil, "", before, after) }

func difference(patch []Operation, path string, a, b any) []Operation {
	if reflect.DeepEqual(a, b) {
		return patch
	}
	aMap, aOK := a.(map[string]any)
	bMap, bOK := b.(map[string]any)
	if aOK && bOK {
		for _, key := range keys(aMap, bMap) {
			member := Pointer(path, key)
			old, had := aMap[key]
			value, has := bMap[key]
			switch {
			case had && has:
				patch = difference(patch, member, old, value)
			case has:
				patch = append(patch, Operation{"add", member, value})
			default:
				patch = append(patch, Operation{Op: "remove", Path: member})
			}
		}
		return patch
	}
	aList, aOK := a.([]any)
	bList, bOK := b.([]any)
	if aOK && bOK && len(aList) == len(bList) && areObjects(bList) {
		for i := range bList {
			patch = difference(patch, fmt.Sprintf("%s/%d", path, i), aList[i], bList[i])
		}
		return patch
	}
	return append(patch, Operation{"replace", path, b})
}

// keys are those of both maps, sorted.
func keys(a, b map[string]any) []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(all)
	return slices.Compact(all)
}

// Strategic returns the strategic merge patch that makes one document of another,
// nil if they are equal. Items of lists of objects of one length are merged by
// their names, as those of containers are; every other list is replaced as a whole.
func Strategic(before, after any) any {
	if reflect.DeepEqual(before, after) {
		return nil
	}
	switch to := after.(type) {
	case map[string]any:
		from, _ := before.(map[string]any)
		patch := map[string]any{}
		for _, key := range keys(from, to) {
			old, had := from[key]
			value, has := to[key]
			if !has {
				patch[key] = nil // takes it away
			} else if !had {
				patch[key] = value
			} else if !reflect.DeepEqual(old, value) {
				patch[key] = Strategic(old, value)
			}
		}
		return patch
	case []any:
		from, _ := before.([]any)
		if len(from) != len(to) || len(to) == 0 || !areObjects(to) {
			return after
		}
		var patch []any
		for i := range to {
			change, _ := Strategic(from[i], to[i]).(map[string]any)
			if change == nil {
				continue
			}
			change["name"] = to[i].(map[string]any)["name"] //nolint:forcetypeassert // they are objects
			patch = append(patch, change)
		}
		return patch
	}
	return after
}

// areObjects reports whether all items of a list are objects: lists of words are
// replaced as a whole.
func areObjects(list []any) bool {
	for _, item := range list {
		if _, ok := item.(map[string]any); !ok {
			return false
		}
	}
	return len(list) > 0
}
