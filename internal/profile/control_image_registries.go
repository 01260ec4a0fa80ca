package profile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
)

// Registries. Images must come from where the profile allows.
func imageRegistries() Control {
	return Control{
		ID: "imageRegistries", Name: "Image registries",
		Fields: imageFields(),
		Why:    "What is in an image of somebody else's registry nobody has looked at, and may be another thing tomorrow.",
		Fix:    "Copy the image to an allowed registry and name it there.",
		reason: "image registries", must: "must use images of the registries that the profile allows",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if s.ImageRegistries == nil {
				return nil, nil
			}
			names := s.ImageRegistries.Allowed
			if err := registries(names); err != nil {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				for i := range p.images {
					if i.name == "" {
						yield(i.missing(words(names), "name an image of an allowed registry"))
						continue
					}
					repository := repositoryOf(i.name)
					if !slices.ContainsFunc(names, func(n string) bool { return n == all || below(repository, n) }) {
						yield(i.found(words(names), "use an image of an allowed registry"))
					}
				}
			}, nil
		},
	}
}

// registries checks a list of registries and paths in them.
func registries(names []string) error {
	const field = "imageRegistries.allowed"
	if err := listed(field, names); err != nil {
		return err
	}
	for i, name := range names {
		host, path, _ := strings.Cut(name, "/")
		bad := !isHost(host) || strings.ContainsAny(path, ":@*") || strings.HasSuffix(name, "/") || strings.Contains(name, "//") ||
			name != strings.ToLower(name)
		if bad && name != all {
			return fmt.Errorf("spec.%s[%d]: %q is no registry: write one such as registry.example.com or docker.io/library, in lower case, "+
				"without scheme, tag and final slash", field, i, name)
		}
	}
	return nil
}

// isHost reports whether the first part of an image's name is a registry.
func isHost(part string) bool { return part == "localhost" || strings.ContainsAny(part, ".:") }

// repositoryOf returns the full name of an image's repository, as container
// runtimes complete it, without tag and digest.
func repositoryOf(image string) string {
	name, _, _ := strings.Cut(image, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name = name[:i]
	}
	host, path, ok := strings.Cut(name, "/")
	if !ok || !isHost(host) && host == strings.ToLower(host) {
		host, path = "docker.io", name
	}
	host = strings.ToLower(host)
	if host == "index.docker.io" {
		host = "docker.io"
	}
	if host == "docker.io" && !strings.Contains(path, "/") {
		path = "library/" + path
	}
	return host + "/" + path
}

// below reports whether a path is the prefix or below it, element by element.
func below(path, prefix string) bool {
	path, prefix = strings.TrimSuffix(path, "/"), strings.TrimSuffix(prefix, "/")
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}
