package profile

import (
	"regexp"

	"github.com/gabion-security/gabion/api/v1alpha1"
)

// Digests. Images must be named by what is in them.
func imageDigests() Control {
	return Control{
		ID: "imageDigests", Name: "Image digests",
		Fields: imageFields(), Allowed: []string{"NAME@sha256:DIGEST"},
		Why:    "A tag may mean another image tomorrow than the one that was looked at today.",
		Fix:    "Name the image by its digest.",
		reason: "image digests", must: "must name images by digest",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if yes, err := asked("imageDigests", s.ImageDigests, v1alpha1.IsRequired); !yes {
				return nil, err
			}
			digest := regexp.MustCompile(`^[^@]+@(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$`)
			return func(p *subject, yield func(Finding)) {
				const allowed, fix = "NAME@sha256:DIGEST", "name the image by its digest"
				for i := range p.images {
					switch {
					case i.name == "":
						yield(i.missing(allowed, fix))
					case !digest.MatchString(i.name):
						yield(i.found(allowed, fix))
					}
				}
			}, nil
		},
	}
}
