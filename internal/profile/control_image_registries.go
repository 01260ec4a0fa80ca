package profile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/match"
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
					repository := match.ParseImage(i.name).Repository
					if !slices.ContainsFunc(names, func(n string) bool { return n == all || match.Below(repository, n) }) {
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
		bad := !match.IsHost(host) || strings.ContainsAny(path, ":@*") || strings.HasSuffix(name, "/") || strings.Contains(name, "//") ||
			name != strings.ToLower(name)
		if bad && name != all {
			return fmt.Errorf("spec.%s[%d]: %q is no registry: write one such as registry.example.com or docker.io/library, in lower case, "+
				"without scheme, tag and final slash", field, i, name)
		}
	}
	return nil
}
