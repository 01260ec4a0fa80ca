package kustomize

import (
	"fmt"
	"path/filepath"
	"slices"

	"sigs.k8s.io/kustomize/api/types"
)

// blame finds the kustomization that refers to what cannot be built, where
// kustomize only says that the outermost one cannot. It returns nil if none does.
func (c *confined) blame() *Fault {
	dir, err := c.resolve(c.dir)
	if err != nil {
		return nil //nolint:nilerr // kustomize has said it
	}
	return c.blameBelow(dir, nil)
}

// blameBelow does so from a directory on, whose path is without links. above are
// those that led to it.
func (c *confined) blameBelow(dir string, above []string) *Fault {
	own, ok := File(dir)
	if !ok {
		return nil
	}
	text, err := c.ReadFile(own)
	var k types.Kustomization
	if err != nil || k.Unmarshal(text) != nil {
		return nil //nolint:nilerr // kustomize has said it
	}
	k.FixKustomization()
	above = append(slices.Clone(above), dir)
	for _, path := range slices.Concat(k.Resources, k.Components) {
		if isURL(path) || repository().MatchString(path) {
			continue
		}
		target := path
		if !filepath.IsAbs(path) {
			target = filepath.Join(dir, path)
		}
		if fault := c.refers(target, dir, above); fault != nil {
			if fault.Path == "" {
				fault.Path = c.shown(own)
			}
			return fault
		}
	}
	return nil
}

// refers says what is wrong with one thing that a kustomization in a directory
// refers to, without a Path if it is that kustomization that is to blame.
func (c *confined) refers(target, dir string, above []string) *Fault {
	wrong := func(what string) *Fault {
		return &Fault{Err: fmt.Errorf("it refers to %s, %s", c.shown(target), what)}
	}
	built, err := c.resolve(target)
	switch {
	case err != nil:
		return wrong("which does not exist")
	case !c.IsDir(built) && !within(built, dir):
		return wrong("a file that is not below its own directory, which kustomize does not take: refer to a directory with a kustomization.yaml")
	case !c.IsDir(built):
		return nil
	case slices.Contains(above, built):
		return wrong("which leads back to it")
	}
	if _, ok := File(built); !ok {
		return wrong("a directory without a kustomization.yaml")
	}
	return c.blameBelow(built, above)
}
