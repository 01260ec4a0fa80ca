package profile

import (
	"fmt"
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/match"
	"github.com/gabion-security/gabion/pss"
)

// Paths of the node. Volumes must show only those that are allowed.
func allowedHostPaths() Control {
	return Control{
		ID: "allowedHostPaths", Name: "Allowed host paths",
		Fields: append([]string{"spec.volumes[*].hostPath.path"}, containerFields("volumeMounts[*].readOnly")...),
		Why:    "By the node's files a pod learns its credentials, and by writing them takes it over.",
		Fix:    "Use another kind of volume, or a path that the profile allows, and mount it readOnly where it asks for that.",
		PSP:    []string{"allowedHostPaths"},
		reason: "paths of the node", must: "must not mount paths of the node but as the profile allows",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if s.AllowedHostPaths == nil {
				return nil, nil
			}
			paths := s.AllowedHostPaths.Allowed
			var texts []string
			for i, p := range paths {
				if !strings.HasPrefix(p.PathPrefix, "/") || match.Climbs(p.PathPrefix) {
					return nil, fmt.Errorf("spec.allowedHostPaths.allowed[%d].pathPrefix: %q is no path: write one from the root that does not climb", i, p.PathPrefix)
				}
				text := p.PathPrefix
				if p.ReadOnly {
					text += " (read-only)"
				}
				texts = append(texts, text)
			}
			allowed := words(texts)
			return func(p *subject, yield func(Finding)) {
				var mounts map[string][]mount // made once a volume needs them
				for i, v := range p.Pod.Volumes {
					if v.Sources&pss.VolumeHostPath == 0 {
						continue
					}
					switch path := p.Extra.Volumes[i].HostPath; pathUse(paths, path) {
					case pathRefused:
						yield(found(index("volumes", i)+".hostPath.path", pss.StringValue(path), allowed, "use another kind of volume, or a path that is allowed"))
					case pathReadOnly:
						if mounts == nil {
							mounts = writableMounts(p)
						}
						for _, m := range mounts[v.Name] {
							yield(m.found(index("volumeMounts", m.index)+".readOnly", pss.BoolValue(false), allowed, "set readOnly: true"))
						}
						delete(mounts, v.Name) // once: before validation, volumes may share a name
					case pathAllowed:
					}
				}
			}, nil
		},
	}
}

type pathVerdict uint8

const (
	pathRefused pathVerdict = iota
	pathReadOnly
	pathAllowed
)

// pathUse says how a path may be used. What allows most counts.
func pathUse(paths []v1alpha1.HostPath, path string) pathVerdict {
	verdict := pathRefused
	if match.Climbs(path) {
		return verdict
	}
	for _, p := range paths {
		if match.Below(path, p.PathPrefix) {
			if !p.ReadOnly {
				return pathAllowed
			}
			verdict = pathReadOnly
		}
	}
	return verdict
}

// mount is where a container mounts a volume.
type mount struct {
	container

	index int
}

// writableMounts returns the mounts that are not read-only, by the names of their
// volumes.
func writableMounts(p *subject) map[string][]mount {
	mounts := map[string][]mount{}
	for c := range p.containers {
		for i, m := range c.extra.VolumeMounts {
			if !m.ReadOnly {
				mounts[m.Name] = append(mounts[m.Name], mount{c, i})
			}
		}
	}
	return mounts
}
