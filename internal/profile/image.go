package profile

import "github.com/gabion-security/gabion/pss"

// image is an image that a pod names.
type image struct {
	container *container // nil for one of a volume
	volume    int
	name      string
}

// images yields the images in the order of the pod: of its containers, and of
// its volumes, which may be images too.
func (s *subject) images(yield func(image) bool) {
	for c := range s.containers {
		if !yield(image{container: &c, name: c.extra.Image}) {
			return
		}
	}
	for i, v := range s.Pod.Volumes {
		if v.Sources&pss.VolumeImage != 0 && !yield(image{volume: i, name: s.Extra.Volumes[i].Image}) {
			return
		}
	}
}

// found returns a finding about an image that the pod names.
func (i image) found(allowed, fix string) Finding {
	if i.container != nil {
		return i.container.found("image", pss.StringValue(i.name), allowed, fix)
	}
	return found(i.reference(), pss.StringValue(i.name), allowed, fix)
}

// missing returns a finding about an image that the pod does not name.
func (i image) missing(allowed, fix string) Finding {
	if i.container != nil {
		return i.container.missing("image", allowed, fix)
	}
	return missing(i.reference(), allowed, fix)
}

func (i image) reference() string { return index("volumes", i.volume) + ".image.reference" }

// imageFields are the fields that name images.
func imageFields() []string {
	return append(containerFields("image"), "spec.volumes[*].image.reference")
}
