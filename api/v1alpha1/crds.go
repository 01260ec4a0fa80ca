package v1alpha1

import (
	"embed"
	"io/fs"
	"slices"
)

//go:embed crds/*.yaml
var crds embed.FS

// CustomResourceDefinitions returns the CustomResourceDefinitions of all kinds as
// one file of YAML, with --- before each, by name.
func CustomResourceDefinitions() ([]byte, error) {
	names, err := fs.Glob(crds, "crds/*.yaml")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var all []byte
	for _, name := range names {
		text, err := crds.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, text...) // each begins with ---
	}
	return all, nil
}
