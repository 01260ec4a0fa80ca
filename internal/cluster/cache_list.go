package cluster

import "maps"

// NamespaceLabels returns the labels of all namespaces by name, which are only read.
// An error means that they are not known completely.
func (c *Cache) NamespaceLabels() (map[string]map[string]string, error) {
	var copied map[string]map[string]string
	err := c.namespaces.read(func(all namespaces) { copied = maps.Clone(all) })
	return copied, err
}
