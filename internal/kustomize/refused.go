package kustomize

import (
	"bytes"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

// repository is what kustomize may take for a repository to clone, and rather
// more than that.
var repository = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?i:(git::)?([a-z][a-z0-9+.-]*://|gh:|(www\.)?github\.com|[^/\s]*@))`)
})

// isURL reports whether kustomize would fetch a file.
func isURL(path string) bool {
	u, err := url.Parse(path)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") || repository().MatchString(path) && strings.Contains(path, "://")
}

// remoteError says that something is remote.
func remoteError(path string) error {
	path, _, _ = strings.Cut(path, "\n")
	return fmt.Errorf("it refers to %q, which is remote and not fetched: pass --allow-remote to do so", path)
}

// execError says that something would be run.
func execError(what string) error {
	return fmt.Errorf("it asks for %s, which is not run: pass --allow-exec to do so", what)
}

// kustomization looks at what a kustomization refers to, and asks that objects say
// where they come from if it is the one that is built. own says that it asks for
// that itself.
func (c *confined) kustomization(text []byte, dir string, built bool) (made []byte, own bool, err error) {
	var k types.Kustomization
	if err := k.Unmarshal(text); err != nil {
		return text, false, nil //nolint:nilerr // kustomize says it better
	}
	k.FixKustomization()
	own = slices.Contains(k.BuildMetadata, types.OriginAnnotations)
	if !c.exec && (len(k.HelmCharts) > 0) {
		return nil, own, execError("Helm (helmCharts)")
	}
	if !c.remote {
		if err := refersTo(&k); err != nil {
			return nil, own, err
		}
	}
	if err := c.programs(&k, dir); err != nil {
		return nil, own, err
	}
	if !built || own {
		return text, own, nil
	}
	return withOrigins(text), own, nil
}

// refersTo finds what is remote.
func refersTo(k *types.Kustomization) error {
	for _, path := range slices.Concat(k.Resources, k.Components, k.Generators, k.Transformers, k.Validators) {
		if isURL(path) || repository().MatchString(path) {
			return remoteError(path)
		}
	}
	files := slices.Concat(k.Crds, k.Configurations)
	for _, p := range slices.Concat(k.Patches, k.PatchesJson6902) { //nolint:staticcheck // deprecated, and read all the same
		files = append(files, p.Path)
	}
	for _, p := range k.PatchesStrategicMerge { //nolint:staticcheck // deprecated, and read all the same
		files = append(files, string(p))
	}
	for _, r := range k.Replacements {
		files = append(files, r.Path)
	}
	for _, path := range k.OpenAPI {
		files = append(files, path)
	}
	sources := func(s types.KvPairSources) {
		for _, file := range s.FileSources {
			if _, path, named := strings.Cut(file, "="); named && !isURL(file) {
				file = path
			}
			files = append(files, file)
		}
		files = append(append(files, s.EnvSources...), s.EnvSource)
	}
	for i := range k.ConfigMapGenerator {
		sources(k.ConfigMapGenerator[i].KvPairSources)
	}
	for i := range k.SecretGenerator {
		sources(k.SecretGenerator[i].KvPairSources)
	}
	for _, path := range files {
		if isURL(path) {
			return remoteError(path)
		}
	}
	return nil
}

// programs looks at what a kustomization takes for generators, transformers and
// validators. Those that are kustomizations themselves could be made of anything,
// by patches for one, so what they would load is not known.
func (c *confined) programs(k *types.Kustomization, dir string) error {
	for _, entry := range slices.Concat(k.Generators, k.Transformers, k.Validators) {
		if strings.Contains(entry, "\n") || strings.Contains(entry, ": ") {
			if err := c.plugins([]byte(entry)); err != nil {
				return err
			}
			continue
		}
		if !c.remote && !filepath.IsAbs(entry) && c.IsDir(filepath.Join(dir, entry)) {
			return fmt.Errorf("its generators and transformers in %s are a kustomization themselves, which may load anything: pass --allow-remote to build it", entry)
		}
	}
	return nil
}

// plugins looks at configurations of generators and transformers, which may stand
// in any file: what they refer to is not known here, so no text in one may be
// remote, and none may run Helm. Nodes are looked at, not what they decode to:
// kustomize takes keys that come twice, too.
func (c *confined) plugins(text []byte) error {
	for decoder := yamlv3.NewDecoder(bytes.NewReader(text)); ; {
		var doc yamlv3.Node
		if err := decoder.Decode(&doc); err != nil {
			return nil //nolint:nilerr // the end, or no YAML, of which kustomize makes nothing either
		}
		all := scalars(&doc, nil)
		if !slices.ContainsFunc(all, func(text string) bool { return strings.Trim(text, "/") == "builtin" }) {
			continue
		}
		for _, text := range all {
			_, path, _ := strings.Cut(text, "=")
			switch {
			case !c.exec && strings.HasPrefix(text, "HelmChartInflation"):
				return execError("Helm (" + text + ")")
			case !c.remote && (isURL(text) || isURL(path)):
				return remoteError(text)
			}
		}
	}
}

// scalars adds the texts in a node. What aliases stand for comes where it is
// written.
func scalars(n *yamlv3.Node, to []string) []string {
	if n.Kind == yamlv3.ScalarNode {
		return append(to, n.Value)
	}
	for _, child := range n.Content {
		to = scalars(child, to)
	}
	return to
}

// withOrigins asks for annotations that say where objects come from. They are
// taken away again.
func withOrigins(text []byte) []byte {
	var all map[string]any
	if err := yaml.Unmarshal(text, &all); err != nil || all == nil {
		return text
	}
	metadata, ok := all["buildMetadata"].([]any)
	if !ok && all["buildMetadata"] != nil {
		return text
	}
	all["buildMetadata"] = append(metadata, types.OriginAnnotations)
	made, err := yaml.Marshal(all)
	if err != nil || len(bytes.TrimSpace(text)) == 0 {
		return text
	}
	return made
}
