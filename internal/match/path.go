package match

import (
	"slices"
	"strings"
)

// Below reports whether a path is the prefix or below it, part by part.
func Below(path, prefix string) bool {
	path, prefix = strings.TrimSuffix(path, "/"), strings.TrimSuffix(prefix, "/")
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

// Climbs reports whether a path leads upwards.
func Climbs(path string) bool { return slices.Contains(strings.Split(path, "/"), "..") }
